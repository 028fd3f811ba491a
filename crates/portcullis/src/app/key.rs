//! The master key that the configuration names.

use kernel::Random;

use crate::{
    config::Config,
    secrets::{self, Custody, MasterKey, MasterKeyError},
};

/// Reads the master key.
pub(crate) fn read_master_key(config: &Config) -> Result<MasterKey, MasterKeyError> {
    let custody = if config.secrets.master_key_file.is_some() { Custody::Mounted } else { Custody::Ours };
    match &config.secrets.master_key {
        Some(text) => secrets::parse(text.expose(), "secrets.master_key"),
        None => secrets::read(&config.master_key_file(), custody),
    }
}

/// Reads the master key, or makes it at the first start. `first`: whether the database is new. An old
/// one without its key must not get another: nothing in it would open.
pub(crate) fn master_key(config: &Config, first: bool, random: &dyn Random) -> Result<MasterKey, MasterKeyError> {
    let file = config.master_key_file();
    if config.secrets.master_key.is_none() && !file.exists() {
        return if first { secrets::create(&file, random) } else { Err(MasterKeyError::Lost(file)) };
    }
    read_master_key(config)
}
