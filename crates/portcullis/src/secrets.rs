//! The master key's custody: made once, kept in a file that only its owner reads, or handed in by the
//! environment. What it seals is the business of storage and identity.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::{Random, Secret};

/// Bytes of a master key (AES-256).
pub const KEY_LEN: usize = 32;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The text is no key.
    #[error("{0} does not hold a master key: it must be {KEY_LEN} bytes in base64, as `portcullis init` writes them")]
    Malformed(String),
    /// Others may read the file.
    #[error("{} can be read by other users: run `chmod 600 {}`", .0.display(), .0.display())]
    Exposed(PathBuf),
    /// The file cannot be read.
    #[error("the master key {} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// The file cannot be written.
    #[error("the master key {} cannot be written: {}", .0.display(), .1)]
    Unwritable(PathBuf, io::Error),
}

/// A master key.
pub type MasterKey = Secret<[u8; KEY_LEN]>;

/// Reads a key from its text; `source` names where the text came from.
pub fn parse(text: &str, source: &str) -> Result<MasterKey, MasterKeyError> {
    let malformed = || MasterKeyError::Malformed(source.to_owned());
    let bytes = Secret::new(STANDARD.decode(text.trim()).map_err(|_| malformed())?);
    let key = <[u8; KEY_LEN]>::try_from(bytes.expose().as_slice()).map_err(|_| malformed())?;
    Ok(Secret::new(key))
}

/// Reads the key from its file. A file that others may read is refused, as `ssh` does.
pub fn read(file: &Path) -> Result<MasterKey, MasterKeyError> {
    let unreadable = |e| MasterKeyError::Unreadable(file.to_owned(), e);
    let mut opened = fs::File::open(file).map_err(unreadable)?;
    if opened.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
        return Err(MasterKeyError::Exposed(file.to_owned()));
    }
    let mut text = Secret::new(String::new());
    let mut buffer = String::new();
    (&mut opened).take(1_024).read_to_string(&mut buffer).map_err(unreadable)?;
    std::mem::swap(&mut text, &mut Secret::new(buffer));
    parse(text.expose(), &file.display().to_string())
}

/// Makes a key and its file, mode 0600. Never replaces a file: without its key a database is lost.
pub fn create(file: &Path, random: &dyn Random) -> Result<MasterKey, MasterKeyError> {
    let key = Secret::new(kernel::random::bytes::<KEY_LEN>(random));
    let text = Secret::new(STANDARD.encode(key.expose()));
    write_private(file, text.expose()).map_err(|e| MasterKeyError::Unwritable(file.to_owned(), e))?;
    Ok(key)
}

/// Writes a new file that only its owner reads, durably.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    if let Some(dir) = file.parent().filter(|d| !d.as_os_str().is_empty()) {
        create_private_dir(dir)?;
    }
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    opened.write_all(text.as_bytes())?;
    opened.write_all(b"\n")?;
    opened.sync_all()
}

/// Makes a directory, and those above it, that only its owner enters. One that exists is left as it is.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}
