//! scrypt (RFC 7914), plain and as Firebase uses it.

use std::str::FromStr;

use aws_lc_rs::{
    cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey},
    iv::FixedLength,
};
use scrypt::Params;
use subtle::ConstantTimeEq as _;

use super::{
    super::error::{Failed, InvalidHash},
    text,
};

/// Most memory, in bytes: `128 · N · r`.
const MAX_MEMORY: u64 = 256 << 20;
/// Most work: `N · r · p`, about a second.
const MAX_WORK: u64 = 1 << 21;

/// What scrypt costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cost {
    log_n: u8,
    r: u32,
    p: u32,
}

impl Cost {
    /// `ln=14,r=8,p=1`.
    fn parse(text: &str) -> Result<Self, InvalidHash> {
        let [log_n, r, p] = text::parameters(text, ["ln", "r", "p"]).ok_or(InvalidHash::Format)?;
        let log_n = u8::try_from(log_n).ok().filter(|n| (1..=31).contains(n)).ok_or(InvalidHash::Cost)?;
        let blocks = u64::from(r) << log_n;
        let bounded = r >= 1 && p >= 1 && blocks.saturating_mul(128) <= MAX_MEMORY;
        if bounded && blocks.saturating_mul(u64::from(p)) <= MAX_WORK {
            Ok(Self { log_n, r, p })
        } else {
            Err(InvalidHash::Cost)
        }
    }

    fn derive(self, password: &[u8], salt: &[u8], output: &mut [u8]) -> Result<(), Failed> {
        let params = Params::new(self.log_n, self.r, self.p).map_err(|e| Failed(e.to_string()))?;
        scrypt::scrypt(password, salt, &params, output).map_err(|e| Failed(e.to_string()))
    }
}

/// A scrypt hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scrypt {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl FromStr for Scrypt {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "scrypt", cost, salt, output] = parts[..] else { return Err(InvalidHash::Format) };
        let cost = Cost::parse(cost)?;
        let both = text::bytes(salt, 1, 64).zip(text::bytes(output, 16, 64));
        both.map(|(salt, output)| Self { cost, salt, output }).ok_or(InvalidHash::Format)
    }
}

impl Scrypt {
    pub(super) fn verify(&self, password: &[u8]) -> Result<bool, Failed> {
        let mut computed = vec![0; self.output.len()];
        self.cost.derive(password, &self.salt, &mut computed)?;
        Ok(computed.ct_eq(&self.output).into())
    }
}

/// Firebase's: scrypt over salt and separator makes an AES-256 key, and that encrypts the project's signer key.
/// Separator and signer key are the same for all accounts of a project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Firebase {
    cost: Cost,
    /// The account's salt, and the separator.
    salt: Vec<u8>,
    output: Vec<u8>,
    signer: Vec<u8>,
}

impl FromStr for Firebase {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "firescrypt", cost, salt, output, separator, signer] = parts[..] else {
            return Err(InvalidHash::Format);
        };
        let cost = Cost::parse(cost)?;
        let parse = || {
            let salt = [text::bytes(salt, 1, 64)?, text::bytes(separator, 0, 16)?].concat();
            let (output, signer) = (text::bytes(output, 16, 64)?, text::bytes(signer, 16, 64)?);
            (output.len() == signer.len()).then_some(Self { cost, salt, output, signer })
        };
        parse().ok_or(InvalidHash::Format)
    }
}

impl Firebase {
    pub(super) fn verify(&self, password: &[u8]) -> Result<bool, Failed> {
        let failed = |_| Failed("the cipher refused".to_owned());
        let mut key = [0; 32];
        self.cost.derive(password, &self.salt, &mut key)?;
        // In counter mode encrypting and decrypting are the same. The counter begins at zero: every key is used
        // for one text only.
        let key = UnboundCipherKey::new(&AES_256, &key).and_then(DecryptingKey::ctr).map_err(failed)?;
        let mut computed = self.signer.clone();
        let zero = DecryptionContext::Iv128(FixedLength::from([0; 16]));
        let computed = key.decrypt(&mut computed, zero).map_err(failed)?;
        Ok((*computed).ct_eq(self.output.as_slice()).into())
    }
}
