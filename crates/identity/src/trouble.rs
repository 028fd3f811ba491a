//! What is said of work that is done again and again: once that it fails, and once that it works again.

use std::fmt::Display;

/// Whether a task fails at present.
#[derive(Debug)]
pub(crate) struct Trouble {
    task: &'static str,
    failing: bool,
}

impl Trouble {
    /// Nothing has failed yet.
    pub(crate) const fn of(task: &'static str) -> Self {
        Self { task, failing: false }
    }

    /// Notes how the task went this time.
    pub(crate) fn note<T, E: Display>(&mut self, outcome: &Result<T, E>) {
        let task = self.task;
        match outcome {
            Ok(_) if self.failing => tracing::info!(task, "works again"),
            Err(error) if !self.failing => tracing::error!(task, %error, "fails, and is tried again"),
            Ok(_) | Err(_) => {}
        }
        self.failing = outcome.is_err();
    }
}
