//! How a command fails: one sentence that says what to do, and an exit code.

use std::{fmt, io, process::ExitCode};

use super::output;
use crate::{app::StartError, config, operator::admins::AdminError};

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// The command was understood and failed: exit code 1.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }
    /// The command or the configuration is not acceptable: exit code 2.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }
    /// Tells the operator and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        output::error(&self.message);
        self.code.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<config::Report> for Failure {
    fn from(report: config::Report) -> Self {
        Self::usage(report)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(error)
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        Self::new(error)
    }
}

impl From<kernel::Problem> for Failure {
    fn from(problem: kernel::Problem) -> Self {
        AdminError::Refused(problem).into()
    }
}

/// Runs a command's asynchronous part to its end.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("cannot start: {}", reason(&e))))?
        .block_on(work)
}

/// The reason of an I/O error in words that a sentence can end with.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not".to_owned(),
        io::ErrorKind::AlreadyExists => "it exists already".to_owned(),
        _ => error.to_string(),
    }
}
