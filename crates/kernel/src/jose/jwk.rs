//! Public keys in JSON (RFC 7517).

use serde::{Deserialize, Serialize};

use super::Alg;

/// One public key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Jwk {
    /// Key id.
    pub kid: String,
    /// The only algorithm the key is used with.
    pub alg: Alg,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The key itself.
    #[serde(flatten)]
    pub material: Material,
}

/// The public numbers, base64url without padding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kty")]
#[expect(clippy::upper_case_acronyms, reason = "the names of RFC 7518")]
pub enum Material {
    /// RFC 7518 §6.3.
    RSA {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// RFC 7518 §6.2.
    EC {
        /// `P-256`.
        crv: String,
        /// Coordinate.
        x: String,
        /// Coordinate.
        y: String,
    },
    /// RFC 8037.
    OKP {
        /// `Ed25519`.
        crv: String,
        /// The key.
        x: String,
    },
}

/// The document at `jwks.json`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, newest first.
    pub keys: Vec<Jwk>,
}
