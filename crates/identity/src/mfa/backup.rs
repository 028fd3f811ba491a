//! Backup codes: ten, for the day the other factors are lost. Pure.

use kernel::{Random, Secret, UserId, random};

use crate::vault::Vault;

/// How many there are.
const COUNT: usize = 10;
/// Characters of one, in two groups: 50 bits.
const LENGTH: usize = 10;
/// Thirty-two characters that people do not confuse when they copy them from paper.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Codes on their way out. Only hashes of them are kept.
#[derive(Clone, Debug)]
pub struct BackupCodes(Vec<Secret>);

impl BackupCodes {
    /// New ones.
    pub fn mint(random: &dyn Random) -> Self {
        let one = || {
            let bytes: [u8; LENGTH] = random::bytes(random);
            let mut code = String::with_capacity(LENGTH + 1);
            for (i, byte) in bytes.into_iter().enumerate() {
                if i == LENGTH / 2 {
                    code.push('-');
                }
                // 32 divides 256: every character is as likely as every other.
                code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
            Secret::new(code)
        };
        Self((0..COUNT).map(|_| one()).collect())
    }
    /// Their texts, to be shown once.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|code| code.expose().clone()).collect()
    }
    pub(super) fn hashes(&self, vault: &Vault, user: UserId) -> Vec<[u8; 32]> {
        self.0.iter().map(|code| hash(vault, user, code.expose())).collect()
    }
}

/// What a code is stored as. How it is written does not matter: groups, spaces, capitals.
pub(super) fn hash(vault: &Vault, user: UserId, typed: &str) -> [u8; 32] {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    vault.hash_code(user.uuid().as_bytes(), plain.as_bytes())
}

#[cfg(test)]
mod tests {
    use kernel::{OsRandom, Timestamp};

    use super::*;

    #[test]
    fn codes_differ_and_are_known_however_they_are_written() {
        let (random, vault) = (OsRandom::new(), Vault::new(Secret::new([1; 32])).expect("a vault"));
        let user = UserId::new(Timestamp::from_secs(1), &random);
        let codes = BackupCodes::mint(&random);
        let texts: std::collections::HashSet<_> = codes.texts().into_iter().collect();
        assert_eq!(texts.len(), COUNT);
        for (text, stored) in codes.texts().iter().zip(codes.hashes(&vault, user)) {
            assert_eq!(text.len(), LENGTH + 1);
            assert_eq!(hash(&vault, user, &text.to_uppercase().replace('-', " ")), stored);
            assert_ne!(hash(&vault, UserId::new(Timestamp::from_secs(2), &random), text), stored, "bound to its owner");
        }
    }
}
