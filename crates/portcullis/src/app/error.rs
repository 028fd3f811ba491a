//! Why the program cannot start. Each is one sentence that says what to do.

use std::{io, net::SocketAddr, path::PathBuf};

use identity::{
    OpenIdentityError,
    outbox::senders::{InvalidMailUrl, InvalidSmsUrl},
    passwords::HasherError,
    vault::VaultError,
};
use kernel::Problem;
use storage::{KvError, OpenError, StoreError, bus::BusError};

use super::running::ReloadError;
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
    /// Identity cannot be opened: another master key, for instance.
    #[error(transparent)]
    Identity(#[from] OpenIdentityError),
    /// The cryptographic library failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed after it was opened.
    #[error("the database failed while starting: {0}")]
    Store(#[from] StoreError),
    /// The key-value store cannot be used.
    #[error("kv.url cannot be used: {0}")]
    Kv(#[from] KvError),
    /// The bus cannot be used.
    #[error("bus.url cannot be used: {0}")]
    Bus(#[from] BusError),
    /// Passwords cannot be hashed.
    #[error("passwords cannot be hashed: {0}; lower passwords.argon2.memory or passwords.threads")]
    Hasher(#[from] HasherError),
    /// Mail cannot be sent as configured.
    #[error("{0}: {1}")]
    Mail(&'static str, InvalidMailUrl),
    /// The certificate of the mail server's authority cannot be read.
    #[error("mail.ca_file {} cannot be read: {}", .0.display(), .1)]
    MailAuthority(PathBuf, io::Error),
    /// Text messages cannot be sent as configured.
    #[error("sms: {0}")]
    Sms(InvalidSmsUrl),
    /// The first start failed.
    #[error("{0}")]
    Refused(Problem),
    /// The routes cannot be used.
    #[error(transparent)]
    Routes(#[from] ReloadError),
    /// The public address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] gateway::StartError),
    /// The operators' address cannot be listened on.
    #[error("cannot listen on {0}: {1}; choose another `server.ops_listen`")]
    OpsListen(SocketAddr, io::Error),
    /// The access log cannot be written.
    #[error("the access log {} cannot be written: {}; correct log.access_file", .0.display(), .1)]
    AccessLog(PathBuf, io::Error),
    /// The operating system gives no thread.
    #[error("a thread could not be started: {0}")]
    Thread(io::Error),
    /// The API's description cannot be written: a defect.
    #[error("the OpenAPI document cannot be written: {0}")]
    Description(serde_json::Error),
}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}
