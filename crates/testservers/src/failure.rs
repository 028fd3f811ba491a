//! Why a test has no server. The only answer is to fail the test with the reason.

use std::{io, path::PathBuf, process::Command};

/// Why a server cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("these tests need {program}, which was found neither in PATH nor where packages put it: {hint}")]
    Missing { program: &'static str, hint: &'static str },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("cannot run {program}: {source}")]
    Spawn { program: String, source: io::Error },
    #[error("{program} failed: {output}")]
    Failed { program: String, output: String },
    #[error("the server {what}; its log says:\n{log}")]
    Server { what: &'static str, log: String },
}

impl Failure {
    /// For `map_err` beside a file operation.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// Runs a command to its end and returns what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| Failure::Spawn { program: program.clone(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(Failure::Failed { program, output: String::from_utf8_lossy(&text).trim().to_owned() })
}

/// Does blocking work beside the test's runtime, and fails the test when it fails.
pub(crate) async fn or_fail<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => value,
        Ok(Err(failure)) => panic!("{failure}"),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
