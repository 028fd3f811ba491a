//! Secrets at rest: everything that is sealed or keyed-hashed goes through the master key.
//!
//! The master key itself encrypts nothing. Each purpose has its own key, derived by HKDF-SHA-256
//! (RFC 5869) with the purpose as its info, so that what was sealed for one purpose opens for no
//! other. Sealing is AES-256-GCM with a random 96-bit nonce and the caller's context as associated
//! data: a sealed value copied to another row does not open.
//!
//! Losing the master key loses every signing key and stored secret. There is no way around it.

mod check;

pub use check::VaultCheckError;

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    hmac,
};
use kernel::{Random, Secret, random};

/// Why sealed bytes do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Another master key, another purpose or context, or damaged bytes.
    #[error("a sealed secret does not open: the master key is not the one it was sealed with, or the data is damaged")]
    Open,
    /// The library failed.
    #[error("the cryptographic library failed to {0}")]
    Crypto(&'static str),
}

impl From<VaultError> for kernel::Problem {
    fn from(error: VaultError) -> Self {
        Self::new(kernel::problem::common::INTERNAL).cause(error)
    }
}

/// What a derived key is for. Adding one is safe; renaming one loses what it sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Private signing keys.
    SigningKeys,
    /// The hash of refresh tokens, session cookies and API keys, and the succession of refresh tokens.
    Tokens,
    /// Accounts and sources in the table of failed logins.
    LoginFailures,
    /// Signatures of audit checkpoints.
    AuditCheckpoints,
    /// What messages on their way say.
    Messages,
    /// Secrets of second factors.
    Factors,
    /// What was asked of authenticators.
    Ceremonies,
    /// The names that visitors know targets of upstreams by.
    StickyTargets,
    /// Files of imports, with the hashes and passwords in them.
    Imports,
    /// What a page shows once, on its way through the browser.
    ShownOnce,
    /// The value that proves the master key is the right one.
    Check,
}

impl Purpose {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::SigningKeys => b"portcullis/v1/signing-keys",
            Self::Tokens => b"portcullis/v1/tokens",
            Self::LoginFailures => b"portcullis/v1/login-failures",
            Self::AuditCheckpoints => b"portcullis/v1/audit-checkpoints",
            Self::Messages => b"portcullis/v1/messages",
            Self::Factors => b"portcullis/v1/factors",
            Self::Ceremonies => b"portcullis/v1/ceremonies",
            Self::StickyTargets => b"portcullis/v1/sticky-targets",
            Self::Imports => b"portcullis/v1/imports",
            Self::ShownOnce => b"portcullis/v1/shown-once",
            Self::Check => b"portcullis/v1/check",
        }
    }
}

/// Holds the master key.
pub struct Vault {
    master: Secret<Vec<u8>>,
    /// Used for every refresh and every uncached credential: derived once.
    tokens: hmac::Key,
    failures: hmac::Key,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault([secret])")
    }
}

struct Len32;
impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

fn derive(master: &[u8], purpose: Purpose) -> Result<Secret<Vec<u8>>, VaultError> {
    let failed = |_| VaultError::Crypto("derive a key");
    let mut key = vec![0; 32];
    Salt::new(HKDF_SHA256, b"portcullis")
        .extract(master)
        .expand(&[purpose.info()], Len32)
        .and_then(|okm| okm.fill(&mut key))
        .map_err(failed)?;
    Ok(Secret::new(key))
}

impl Vault {
    /// A vault under this master key.
    pub fn new(master: Secret<[u8; 32]>) -> Result<Self, VaultError> {
        let mac = |purpose| derive(master.expose(), purpose).map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        Ok(Self {
            tokens: mac(Purpose::Tokens)?,
            failures: mac(Purpose::LoginFailures)?,
            master: Secret::new(master.expose().to_vec()),
        })
    }

    /// A key of its own for the purpose (a seed for Ed25519, for instance).
    pub fn derived(&self, purpose: Purpose) -> Result<Secret<Vec<u8>>, VaultError> {
        derive(self.master.expose(), purpose)
    }

    /// Keyed hash of a bearer secret (refresh token, cookie, API key). The secrets are random and long,
    /// so a fast hash is right; the key makes a stolen table useless even for guessing.
    pub fn hash_token(&self, secret: &[u8]) -> [u8; 32] {
        tag(&self.tokens, &[b"hash", secret])
    }

    /// The secret that succeeds this refresh token: the same for every caller, known to nobody without
    /// the master key. It lets the grace window answer with the same successor without storing it.
    pub fn succeed_token(&self, secret: &[u8]) -> [u8; 32] {
        tag(&self.tokens, &[b"succ", secret])
    }

    /// Keyed hash of a short code, bound to the row it belongs to. The key is what keeps a million codes from
    /// being tried against a stolen table.
    pub fn hash_code(&self, row: &[u8], code: &[u8]) -> [u8; 32] {
        tag(&self.tokens, &[b"code", row, code])
    }

    /// Keyed hash of what a device of one user is recognised by. The user is part of it, so that nobody can tell
    /// from a stolen table who shares a browser.
    pub fn hash_device(&self, user: &[u8], kind: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        tag(&self.tokens, &[&[b"device", user, kind], parts].concat())
    }

    /// The tag of a puzzle that we hand out and take back, bound to its tenant: nobody else can make one.
    pub fn tag_puzzle(&self, tenant: &[u8], puzzle: &[u8]) -> [u8; 32] {
        tag(&self.tokens, &[b"puzz", tenant, puzzle])
    }

    /// Keyed hash for the table of failed logins.
    pub fn hash_failure(&self, kind: &[u8], value: &[u8]) -> [u8; 32] {
        tag(&self.failures, &[kind, value])
    }

    fn cipher(&self, purpose: Purpose) -> Result<LessSafeKey, VaultError> {
        let key = self.derived(purpose)?;
        UnboundKey::new(&AES_256_GCM, key.expose()).map(LessSafeKey::new).map_err(|_| VaultError::Crypto("make a key"))
    }

    /// Seals a secret. `context` (a row's key, say) must be given again to open it.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        secret: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let nonce = random::bytes::<NONCE_LEN>(random);
        let mut sealed = secret.to_vec();
        self.cipher(purpose)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(|_| VaultError::Crypto("seal a secret"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] sealed for the same purpose and context.
    pub fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::Open)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Open)?;
        let mut body = body.to_vec();
        let length = self
            .cipher(purpose)?
            .open_in_place(nonce, Aad::from(context), &mut body)
            .map_err(|_| VaultError::Open)?
            .len();
        body.truncate(length);
        Ok(Secret::new(body))
    }
}

/// HMAC-SHA-256 over the parts, each with its length, so that no two lists of parts collide.
fn tag(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use kernel::OsRandom;

    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(Secret::new([byte; 32])).expect("vault")
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_purpose_and_context_only() {
        let (vault, random) = (self::vault(1), OsRandom::new());
        let sealed = vault.seal(Purpose::SigningKeys, b"row", b"secret", &random).expect("seal");
        assert_eq!(vault.open(Purpose::SigningKeys, b"row", &sealed).expect("open").expose(), b"secret");
        assert!(vault.open(Purpose::SigningKeys, b"other row", &sealed).is_err());
        assert!(vault.open(Purpose::Check, b"row", &sealed).is_err());
        assert!(self::vault(2).open(Purpose::SigningKeys, b"row", &sealed).is_err());
        for i in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[i] ^= 1;
            assert!(vault.open(Purpose::SigningKeys, b"row", &damaged).is_err(), "byte {i}");
        }
        assert!(vault.open(Purpose::SigningKeys, b"row", &sealed[..5]).is_err());
        assert_ne!(sealed, vault.seal(Purpose::SigningKeys, b"row", b"secret", &random).expect("seal again"));
    }

    #[test]
    fn hashes_depend_on_the_key_and_the_use() {
        let vault = vault(1);
        assert_eq!(vault.hash_token(b"x"), vault.hash_token(b"x"));
        assert_ne!(vault.hash_token(b"x"), vault.succeed_token(b"x"));
        assert_ne!(vault.hash_token(b"x"), self::vault(2).hash_token(b"x"));
        assert_ne!(vault.hash_failure(b"ab", b"c"), vault.hash_failure(b"a", b"bc"));
    }
}
