//! Opening the database that the configuration names.

use std::path::Path;

use storage::{Store, StoreOptions};

use super::StartError;
use crate::{config::Config, secrets::create_private_dir};

/// What to do when there is no SQLite file yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Make it, and its folder.
    Create,
    /// Say so: a command that reads must not leave an empty database behind.
    Refuse,
}

/// How the database is held while it is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Whether a commit waits for the disk.
    pub durable: bool,
    /// Whether this process alone may serve from a SQLite file. Commands may work on it all the same.
    pub exclusive: bool,
}

impl Hold {
    /// For a command beside a server that may be running.
    pub const COMMAND: Self = Self { durable: true, exclusive: false };
}

/// Opens the database; does not migrate it.
pub async fn open_database(config: &Config, missing: Missing, hold: Hold) -> Result<Store, StartError> {
    let url = config.storage_url();
    if let Some(file) = url.expose().strip_prefix("sqlite://").map(Path::new) {
        match missing {
            Missing::Refuse if !file.exists() => return Err(StartError::NoDatabase(file.to_owned())),
            Missing::Refuse => {}
            Missing::Create => {
                if let Some(dir) = file.parent().filter(|d| !d.as_os_str().is_empty()) {
                    create_private_dir(dir).map_err(|e| StartError::DataDir(dir.to_owned(), e))?;
                }
            }
        }
    }
    let Hold { durable, exclusive } = hold;
    Ok(Store::open(&StoreOptions { durable, exclusive, ..StoreOptions::new(url.expose().as_str()) }).await?)
}
