//! Stored hashes of every kind that can be verified: our own, and those that accounts were imported with.
//!
//! | kind | written as |
//! |---|---|
//! | Argon2id, Argon2i, Argon2d | PHC strings, versions 16 and 19; Django's `argon2$…` |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$`; Django's `bcrypt$$2b$…` |
//! | scrypt | PHC strings and passlib's: `$scrypt$ln=14,r=8,p=1$salt$hash` |
//! | Firebase's scrypt | `$firescrypt$ln=14,r=8,p=1$salt$hash$separator$key`, as others write it too |
//! | PBKDF2 with SHA-1, SHA-256, SHA-512 | PHC strings, passlib's `$pbkdf2-sha256$29000$…`, Django's `pbkdf2_sha256$…` |
//!
//! What a hash asks for is bounded before it is stored, and again before it is computed: one that came from
//! elsewhere must not take gigabytes or minutes. The dearest that is taken costs a few seconds of one thread,
//! or 256 MiB. Whoever logs in with one of the others gets an Argon2id hash of the same password.
//!
//! Deliberately absent: hashes that are no protection (plain digests, salted or not, and `$2x$`), and those
//! that a password is digested for first.

mod pbkdf2;
mod scrypt;
mod text;

use std::str::FromStr;

use self::{
    pbkdf2::Pbkdf2,
    scrypt::{Firebase, Scrypt},
};
use super::{
    argon::Workspace,
    error::{Failed, InvalidHash},
    phc::Phc,
};

/// Longest text that is looked at.
pub const MAX_LEN: usize = 512;
/// Dearest bcrypt: 2^14 rounds, about a second.
const MAX_BCRYPT: u32 = 14;

/// A stored hash, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stored {
    /// Ours, or another variant of it.
    Argon2(Phc),
    /// bcrypt, as its text.
    Bcrypt(String),
    /// scrypt (RFC 7914).
    Scrypt(Scrypt),
    /// scrypt as Firebase uses it.
    Firebase(Box<Firebase>),
    /// PBKDF2 (RFC 8018).
    Pbkdf2(Pbkdf2),
}

impl FromStr for Stored {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        if text.len() > MAX_LEN {
            return Err(InvalidHash::Format);
        }
        // Django writes the kind before hashes that say it themselves.
        let text = match text.split_once('$') {
            Some(("argon2" | "bcrypt", rest)) => &text[text.len() - rest.len() - usize::from(!rest.starts_with('$'))..],
            _ => text,
        };
        let kind = text.trim_start_matches('$').split(['$', '_']).next().unwrap_or_default();
        match kind {
            "argon2id" | "argon2i" | "argon2d" => text.parse().map(Self::Argon2),
            "2a" | "2b" | "2y" => bcrypt(text),
            "scrypt" => text.parse().map(Self::Scrypt),
            "firescrypt" => text.parse().map(|hash| Self::Firebase(Box::new(hash))),
            _ if kind.starts_with("pbkdf2") => text.parse().map(Self::Pbkdf2),
            _ => Err(InvalidHash::Format),
        }
    }
}

fn bcrypt(text: &str) -> Result<Stored, InvalidHash> {
    let parts: ::bcrypt::HashParts = text.parse().map_err(|_| InvalidHash::Format)?;
    match parts.get_cost() {
        0..=3 => Err(InvalidHash::Format),
        4..=MAX_BCRYPT => Ok(Stored::Bcrypt(text.to_owned())),
        _ => Err(InvalidHash::Cost),
    }
}

impl Stored {
    /// Whether the password is the one. Compares in constant time.
    pub(super) fn verify(&self, password: &[u8], workspace: &mut Workspace) -> Result<bool, Failed> {
        match self {
            Self::Argon2(hash) => hash.verify(password, workspace),
            Self::Bcrypt(text) => ::bcrypt::verify(password, text).map_err(|e| Failed(e.to_string())),
            Self::Scrypt(hash) => hash.verify(password),
            Self::Firebase(hash) => hash.verify(password),
            Self::Pbkdf2(hash) => Ok(hash.verify(password)),
        }
    }
}

#[cfg(test)]
mod tests;
