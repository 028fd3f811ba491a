//! PBKDF2 (RFC 8018 §5.2) with HMAC.

use std::{num::NonZeroU32, str::FromStr};

use aws_lc_rs::pbkdf2::{self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};

use super::text;
use crate::passwords::InvalidHash;

/// Most rounds: about a second and a half of SHA-512.
const MAX_ROUNDS: u32 = 2_000_000;

/// A PBKDF2 hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pbkdf2 {
    digest: Digest,
    rounds: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    /// The name of the kind, in PHC strings, passlib and Django.
    fn named(kind: &str) -> Option<Self> {
        match kind {
            "pbkdf2" | "pbkdf2-sha1" | "pbkdf2_sha1" => Some(Self::Sha1),
            "pbkdf2-sha256" | "pbkdf2_sha256" => Some(Self::Sha256),
            "pbkdf2-sha512" | "pbkdf2_sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }
}

impl FromStr for Pbkdf2 {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let parse = || {
            let django = !text.starts_with('$');
            let mut parts = text.trim_start_matches('$').split('$');
            let digest = Digest::named(parts.next()?)?;
            // `29000`, or `i=29000` and perhaps the output's length.
            let rounds = parts.next()?;
            let (rounds, length) = match rounds.strip_prefix("i=").unwrap_or(rounds).split_once(",l=") {
                Some((rounds, length)) => (rounds, Some(text::number(length)?)),
                None => (rounds.strip_prefix("i=").unwrap_or(rounds), None),
            };
            let rounds = NonZeroU32::new(text::number(rounds)?)?;
            let salt = parts.next()?;
            // Django's salt is text.
            let salt = if django { salt.as_bytes().to_vec() } else { text::bytes(salt, 1, 64)? };
            let output = text::bytes(parts.next()?, 16, 64)?;
            let whole = parts.next().is_none() && (1..=64).contains(&salt.len());
            let as_long = length.is_none_or(|length| length as usize == output.len());
            (whole && as_long).then_some(Self { digest, rounds, salt, output })
        };
        let parsed: Self = parse().ok_or(InvalidHash::Format)?;
        if parsed.rounds.get() <= MAX_ROUNDS { Ok(parsed) } else { Err(InvalidHash::Cost) }
    }
}

impl Pbkdf2 {
    /// Whether the password is the one.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        pbkdf2::verify(self.digest.algorithm(), self.rounds, &self.salt, password, &self.output).is_ok()
    }
}
