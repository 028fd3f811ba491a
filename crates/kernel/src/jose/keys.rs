//! Signing and verifying keys, parsed once.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};

use super::{Alg, Jwk, jwk::Material};
use crate::Secret;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not RS256, ES256 or EdDSA.
    #[error("`{0}` is not a supported algorithm: use RS256, ES256 or EdDSA")]
    Algorithm(String),
    /// The bytes are not such a key.
    #[error("not a valid {0} key")]
    Material(Alg),
    /// The library failed.
    #[error("the cryptographic library failed to {0}")]
    Crypto(&'static str),
}

/// A private key, ready to sign.
#[derive(Debug)]
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

#[expect(clippy::disallowed_methods, reason = "the library makes keys and signatures from its own randomness only")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

impl SigningKey {
    /// Makes a new private key and returns it as PKCS#8 (RFC 5208), to be sealed and stored.
    /// RSA takes a fraction of a second: call it off the request path.
    pub fn generate(alg: Alg) -> Result<Secret<Vec<u8>>, KeyError> {
        let failed = |_| KeyError::Crypto("make a key");
        let pkcs8 = match alg {
            Alg::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(failed)?.as_ref().to_vec()
            }
            Alg::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Alg::EdDSA => Ed25519KeyPair::generate_pkcs8(&random()).map_err(failed)?.as_ref().to_vec(),
        };
        Ok(Secret::new(pkcs8))
    }

    /// Parses a private key made by [`SigningKey::generate`].
    pub fn from_pkcs8(kid: impl Into<String>, alg: Alg, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let invalid = |_| KeyError::Material(alg);
        let pair = match alg {
            Alg::RS256 => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8).map_err(invalid)?)),
            Alg::ES256 => {
                Pair::Ec(Box::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(invalid)?))
            }
            Alg::EdDSA => Pair::Ed(Box::new(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(invalid)?)),
        };
        Ok(Self { kid: kid.into(), pair })
    }

    /// The key id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm.
    pub const fn alg(&self) -> Alg {
        match self.pair {
            Pair::Rsa(_) => Alg::RS256,
            Pair::Ec(_) => Alg::ES256,
            Pair::Ed(_) => Alg::EdDSA,
        }
    }

    /// Signs the bytes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Crypto("sign");
        let random = random();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut out).map_err(failed)?;
                Ok(out)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// The public half, to be published.
    pub fn jwk(&self) -> Result<Jwk, KeyError> {
        let material = match &self.pair {
            Pair::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                Material::RSA { n: B64.encode(public.n), e: B64.encode(public.e) }
            }
            Pair::Ec(pair) => {
                // Uncompressed point: 0x04, x, y.
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..65).map(|p| p.split_at(32)).ok_or(KeyError::Material(Alg::ES256))?;
                Material::EC { crv: "P-256".into(), x: B64.encode(x), y: B64.encode(y) }
            }
            Pair::Ed(pair) => Material::OKP { crv: "Ed25519".into(), x: B64.encode(pair.public_key().as_ref()) },
        };
        Ok(Jwk { kid: self.kid.clone(), alg: self.alg(), usage: "sig".into(), material })
    }
}

/// A public key, ready to verify.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    alg: Alg,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Parses a published key.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let invalid = || KeyError::Material(jwk.alg);
        let decode = |text: &String| B64.decode(text).map_err(|_| invalid());
        let parsed = match (&jwk.material, jwk.alg) {
            (Material::RSA { n, e }, Alg::RS256) => {
                let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&PublicKeyComponents { n: decode(n)?, e: decode(e)? })
                    .map_err(|_| invalid())?;
                ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref()).map_err(|_| invalid())?
            }
            (Material::EC { x, y, .. }, Alg::ES256) => {
                let mut point = vec![4];
                point.extend(decode(x)?);
                point.extend(decode(y)?);
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| invalid())?
            }
            (Material::OKP { x, .. }, Alg::EdDSA) => {
                ParsedPublicKey::new(&ED25519, decode(x)?).map_err(|_| invalid())?
            }
            _ => return Err(invalid()),
        };
        Ok(Self { alg: jwk.alg, key: parsed })
    }

    /// The only algorithm this key is used with.
    pub const fn alg(&self) -> Alg {
        self.alg
    }

    /// Whether the signature over the message is this key's.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}
