//! What answers are told apart by, as digests.
//!
//! An *address* is what a client asked for: tenant, route, host and target. A *variant* is everything else
//! that an answer may differ by. Digests are of SHA-256, so nobody can make two requests meet.

use aws_lc_rs::digest::{Context, SHA256};
use http::{HeaderMap, HeaderName};

/// A digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key([u8; 32]);

/// Collects the parts of a key. Each part is preceded by its length: no two lists of parts read alike.
pub(super) struct Parts(Context);

impl Parts {
    /// The parts of one kind of key.
    pub(super) fn of(kind: &str) -> Self {
        let mut parts = Self(Context::new(&SHA256));
        parts.add(kind.as_bytes());
        parts
    }

    /// Adds a part.
    pub(super) fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Adds a part that may be missing.
    pub(super) fn maybe(&mut self, part: Option<&[u8]>) {
        self.add(&[u8::from(part.is_some())]);
        self.add(part.unwrap_or_default());
    }

    /// Adds what a request says in a field: its values as one list, without what surrounds its items
    /// (RFC 9111 §4.1). `false`: it is longer than may be told apart.
    pub(super) fn field(&mut self, headers: &HeaderMap, name: &HeaderName) -> bool {
        self.add(name.as_str().as_bytes());
        let mut length = 0;
        let mut items = 0_u64;
        for value in headers.get_all(name) {
            for item in value.as_bytes().split(|byte| *byte == b',') {
                length += item.len();
                items += 1;
                self.add(item.trim_ascii());
            }
        }
        self.add(&items.to_le_bytes());
        length <= MAX_FIELD
    }

    /// The key.
    pub(super) fn key(self) -> Key {
        let digest = self.0.finish();
        let mut key = [0; 32];
        key.copy_from_slice(digest.as_ref());
        Key(key)
    }
}

/// Longest value of a field that answers are told apart by, in bytes.
const MAX_FIELD: usize = 2 << 10;

impl Key {
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }
}
