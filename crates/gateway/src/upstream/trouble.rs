//! Which ways to fail a rule is about, compiled.

use http::StatusCode;
use smallvec::SmallVec;

use super::failure::Failure;
use crate::config::Trouble;

/// A set of ways to fail.
#[derive(Debug)]
pub(crate) struct Troubles {
    connect: bool,
    reset: bool,
    timeout: bool,
    any_server_error: bool,
    statuses: SmallVec<[StatusCode; 4]>,
}

impl Troubles {
    pub(crate) fn new(on: &[Trouble]) -> Self {
        let status = |trouble: &Trouble| match trouble {
            Trouble::Status(status) => Some(*status),
            _ => None,
        };
        Self {
            connect: on.contains(&Trouble::Connect),
            reset: on.contains(&Trouble::Reset),
            timeout: on.contains(&Trouble::Timeout),
            any_server_error: on.contains(&Trouble::AnyServerError),
            statuses: on.iter().filter_map(status).collect(),
        }
    }

    /// Whether this is one of them.
    pub(crate) fn include(&self, ended: Result<StatusCode, &Failure>) -> bool {
        match ended {
            Ok(status) => self.any_server_error && status.is_server_error() || self.statuses.contains(&status),
            Err(Failure::Unreachable(..)) => self.connect,
            Err(Failure::Invalid(..)) => self.reset,
            Err(Failure::Timeout(_)) => self.timeout,
            // Nothing was asked of a target, or the target is not to blame.
            Err(
                Failure::None
                | Failure::CircuitOpen(_)
                | Failure::Saturated(_)
                | Failure::Deadline
                | Failure::Client(_)
                | Failure::Panicked
                | Failure::Stopping,
            ) => false,
        }
    }
}
