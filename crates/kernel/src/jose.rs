//! JSON Web Signature, Key and Token (RFC 7515, 7517, 7519), as far as access tokens need them.
//!
//! Keys are parsed once and held ready; signing and verifying go straight to aws-lc. The algorithm of
//! a token is decided by the *key* its `kid` names, never by the token's own header: a header that
//! disagrees is refused, which closes the algorithm-confusion family of attacks. There is no `none`.

mod jwk;
mod keys;
mod ring;
mod token;

pub use jwk::{Jwk, JwkSet};
pub use keys::{KeyError, SigningKey, VerifyingKey};
pub use ring::{KeyRing, RingKey};
pub use token::{Act, Claims, Header, MAX_TOKEN_LEN, TokenError, Unverified, sign};

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Signature algorithms (RFC 7518 §3.1, RFC 8037).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Alg {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bit. What every client library knows.
    #[default]
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Alg {
    /// As in the `alg` header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Alg {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "RS256" => Ok(Self::RS256),
            "ES256" => Ok(Self::ES256),
            "EdDSA" => Ok(Self::EdDSA),
            _ => Err(KeyError::Algorithm(text.chars().take(32).collect())),
        }
    }
}

#[cfg(test)]
mod tests;
