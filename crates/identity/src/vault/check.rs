//! Whether the master key is the one that the database was made with.
//!
//! The first start seals a fixed text into the table `meta`. Every later start opens it: with another
//! key it does not open, and nothing else is touched.

use kernel::Random;
use storage::{Store, StoreError, params};

use super::{Purpose, Vault, VaultError};

const NAME: &str = "vault.check";
const TEXT: &[u8] = b"portcullis";

/// Why the vault cannot be used with this database.
#[derive(Debug, thiserror::Error)]
pub enum VaultCheckError {
    /// It was made with another master key.
    #[error(
        "the master key is not the one this database was created with; give it the key that was in use then (see \
         secrets.master_key and secrets.master_key_file), or restore the key from your backup"
    )]
    WrongKey,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The library failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// Refuses a database that was made with another master key; marks a new one with this. Of several
    /// nodes that start at once with different keys, one wins and the others are refused.
    pub async fn check(&self, store: &Store, random: &dyn Random) -> Result<(), VaultCheckError> {
        let mark = self.seal(Purpose::Check, NAME.as_bytes(), TEXT, random)?;
        let kept = store
            .system()
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                    tx.execute(sql, params![NAME, mark]).await?;
                    let row = tx.query_opt("SELECT value FROM meta WHERE name = $1", params![NAME]).await?;
                    row.ok_or(StoreError::Misuse("a mark that was written is not there"))?.get::<Vec<u8>>(0)
                })
            })
            .await?;
        match self.open(Purpose::Check, NAME.as_bytes(), &kept) {
            Ok(text) if text.expose() == TEXT => Ok(()),
            Ok(_) | Err(VaultError::Open) => Err(VaultCheckError::WrongKey),
            Err(error) => Err(error.into()),
        }
    }
}
