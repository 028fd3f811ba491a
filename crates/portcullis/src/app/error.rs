//! Why the program cannot start. Each is one sentence that says what to do.

use std::{io, path::PathBuf};

use storage::OpenError;

use crate::secrets::MasterKeyError;

/// Why the program, or a command that works on its data, cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened or migrated.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// There is no database, and the command does not make one.
    #[error("there is no database {} yet; `portcullis serve` or `portcullis migrate up` makes it, --config and --data-dir choose another", .0.display())]
    NoDatabase(PathBuf),
    /// The data directory cannot be made.
    #[error("cannot make the data directory {}: {}; choose another with --data-dir", .0.display(), .1)]
    DataDir(PathBuf, io::Error),
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
}
