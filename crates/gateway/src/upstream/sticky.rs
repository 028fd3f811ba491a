//! Keeps a visitor with one target by a cookie.
//!
//! The cookie's value is the target's id: an HMAC of the upstream's name and the target's URL under a key of
//! this installation. It is the same on every node and after a restart, and says nothing about the address,
//! not even to somebody who can guess it. A value that was made up names no target, or one that its visitor
//! might have been given anyway.

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue, header};

use crate::config::StickyConfig;

/// What names a target to visitors, and to nobody else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct TargetId([u8; Self::BYTES]);

impl TargetId {
    const BYTES: usize = 12;

    fn from_hex(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::BYTES];
        let (pairs, []) = text.as_chunks::<2>() else { return None };
        if pairs.len() != Self::BYTES {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let digit = |digit: u8| match digit {
                b'0'..=b'9' => Some(digit - b'0'),
                b'a'..=b'f' => Some(digit - b'a' + 10),
                _ => None,
            };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

/// The key that ids are made with: 32 bytes that only this installation knows.
#[derive(Clone)]
pub struct StickyKey(hmac::Key);

impl StickyKey {
    /// A key of these bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

impl std::fmt::Debug for StickyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StickyKey([secret])")
    }
}

/// The cookie of one upstream.
#[derive(Debug)]
pub(super) struct Sticky {
    config: StickyConfig,
    key: StickyKey,
    upstream: Box<str>,
}

impl Sticky {
    pub(super) fn new(config: &StickyConfig, key: &StickyKey, upstream: &str) -> Self {
        Self { config: config.clone(), key: key.clone(), upstream: upstream.into() }
    }

    /// The id of the target at this URL.
    pub(super) fn id(&self, url: &str) -> TargetId {
        let mut context = hmac::Context::with_key(&self.key.0);
        for part in ["sticky/v1", &self.upstream, url] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut bytes = [0; TargetId::BYTES];
        bytes.copy_from_slice(&context.sign().as_ref()[..TargetId::BYTES]);
        TargetId(bytes)
    }

    /// The target that the visitor's cookie names. A cookie that comes twice names the first.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<TargetId> {
        cookie(headers, &self.config.cookie).and_then(TargetId::from_hex)
    }

    /// The field that keeps a visitor with the target. `secure`: the visitor came over TLS.
    pub(super) fn write(&self, id: TargetId, secure: bool) -> Option<HeaderValue> {
        use std::fmt::Write as _;
        let StickyConfig { cookie, max_age, same_site, path, .. } = &self.config;
        let mut text = format!("{cookie}=");
        for byte in id.0 {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        let _ = write!(text, "; Path={path}; HttpOnly; SameSite={}", same_site.as_str());
        if self.config.secure.unwrap_or(secure) {
            text.push_str("; Secure");
        }
        if let Some(max_age) = max_age {
            let _ = write!(text, "; Max-Age={}", max_age.get().as_secs());
        }
        HeaderValue::try_from(text).ok()
    }
}

/// The value of the first cookie of this name. HTTP/2 may split `Cookie` into several fields (RFC 9113
/// §8.2.3).
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let fields = headers.get_all(header::COOKIE).iter();
    let mut pairs = fields.flat_map(|field| field.as_bytes().split(|b| *b == b';')).map(<[u8]>::trim_ascii);
    pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}
