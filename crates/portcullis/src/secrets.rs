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
    /// Others may read or write the file.
    #[error("{} can be read or written by other users: run `chmod 600 {}`", .0.display(), .0.display())]
    Exposed(PathBuf),
    /// The file cannot be read.
    #[error("the master key {} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// The database has one and the file is gone.
    #[error(
        "the master key {} is missing, and the database was made with one: restore it from your backup, or set \
         secrets.master_key_file to where it is; without it nothing that is sealed can be read", .0.display()
    )]
    Lost(PathBuf),
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

/// Who put the key's file where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Custody {
    /// We did. Nobody else has business with it: a file that others may read is refused, as `ssh` does.
    Ours,
    /// A platform that hands out secrets, which makes them readable inside the container. What others may
    /// write is refused all the same.
    Mounted,
}

/// Reads the key from its file.
pub fn read(file: &Path, custody: Custody) -> Result<MasterKey, MasterKeyError> {
    let unreadable = |e| MasterKeyError::Unreadable(file.to_owned(), e);
    let mut opened = fs::File::open(file).map_err(unreadable)?;
    let forbidden = match custody {
        Custody::Ours => 0o077,
        Custody::Mounted => 0o022,
    };
    if opened.metadata().map_err(unreadable)?.permissions().mode() & forbidden != 0 {
        return Err(MasterKeyError::Exposed(file.to_owned()));
    }
    // Larger than any key: nothing is moved by growing, so one wipe wipes all.
    let mut buffer = String::with_capacity(1_024);
    let read = (&mut opened).take(1_024).read_to_string(&mut buffer);
    let text = Secret::new(buffer);
    read.map_err(unreadable)?;
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

#[cfg(test)]
mod tests {
    use kernel::OsRandom;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("data/master.key");
        let made = create(&file, &OsRandom::new()).expect("made");
        assert_eq!(read(&file, Custody::Ours).expect("read").expose(), made.expose());
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(dir.path().join("data")).expect("there").permissions().mode() & 0o777, 0o700);
        assert!(matches!(create(&file, &OsRandom::new()), Err(MasterKeyError::Unwritable(..))), "never replaced");
        assert_eq!(read(&file, Custody::Ours).expect("read").expose(), made.expose());
    }

    #[test]
    fn a_file_that_others_read_or_that_holds_no_key_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("master.key");
        create(&file, &OsRandom::new()).expect("made");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        assert!(matches!(read(&file, Custody::Ours), Err(MasterKeyError::Exposed(_))));
        read(&file, Custody::Mounted).expect("platforms mount secrets readable");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o620)).expect("set");
        assert!(matches!(read(&file, Custody::Mounted), Err(MasterKeyError::Exposed(_))));
        for text in ["", "AAAA", "not base64!", &"A".repeat(2_000)] {
            fs::write(&file, text).expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("set");
            assert!(matches!(read(&file, Custody::Ours), Err(MasterKeyError::Malformed(_))), "{text}");
        }
    }
}
