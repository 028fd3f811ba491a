//! What can go wrong on the far side of the gate, and whose fault it is.

use std::{fmt, io, time::Duration};

use kernel::{
    Problem,
    problem::common::{INTERNAL, UNAVAILABLE},
};

use crate::{body::BodyError, grpc::DEADLINE};

kernel::problems! {
    /// No target could be connected to.
    pub UNREACHABLE = 502 "upstream.unreachable" "The service behind the gate cannot be reached" "Try again later.";
    /// No response head in time.
    pub TIMED_OUT = 504 "upstream.timeout" "The service behind the gate took too long" "Try again later.";
    /// The target closed the connection without an answer, or its answer is not HTTP.
    pub INVALID = 502 "upstream.invalid_response" "The service behind the gate gave no valid answer" "Try again later.";
    /// The upstream has no target.
    pub NONE = 503 "upstream.none" "No service is available behind the gate" "Try again later.";
    /// More requests are under way, and wait, than the service is given at the same time.
    pub SATURATED = 503 "upstream.saturated" "The service behind the gate has too much to do" "Try again after the time in Retry-After.";
    /// The service has failed too often and is left alone for a while.
    pub CIRCUIT_OPEN = 503 "upstream.circuit_open" "The service behind the gate is failing and not asked for now" "Try again after the time in Retry-After.";
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody to ask.
    None,
    /// Every target that might be asked is left alone for now. When to try again.
    CircuitOpen(Duration),
    /// There was no place for the request, also after waiting so long.
    Saturated(Duration),
    /// The target, and what connecting to it said.
    Unreachable(std::sync::Arc<str>, io::Error),
    /// The target did not answer in time.
    Timeout(std::sync::Arc<str>),
    /// The target's answer was not one, and why.
    Invalid(std::sync::Arc<str>, String),
    /// The caller waits no longer.
    Deadline,
    /// The client's own body failed, so the request could not be finished.
    Client(BodyError),
    /// The in-process service panicked.
    Panicked,
    /// The in-process service is being shut down.
    Stopping,
}

impl Failure {
    /// The target's answer could not be used, for this reason and the reasons behind it.
    pub(super) fn invalid(target: &std::sync::Arc<str>, error: &dyn std::error::Error) -> Self {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            why.push_str(": ");
            why.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::Invalid(target.clone(), why)
    }

    /// The refusal to answer with. Targets are the operator's to know.
    pub(crate) fn problem(&self) -> Problem {
        let kind = match self {
            Self::None => NONE,
            Self::CircuitOpen(wait) => return Problem::new(CIRCUIT_OPEN).retry_after(*wait),
            Self::Saturated(wait) => return Problem::new(SATURATED).retry_after(*wait),
            Self::Unreachable(..) => UNREACHABLE,
            Self::Timeout(_) => TIMED_OUT,
            Self::Invalid(..) => INVALID,
            Self::Deadline => return DEADLINE.into(),
            Self::Client(error) => return error.problem(),
            Self::Panicked => INTERNAL,
            Self::Stopping => UNAVAILABLE,
        };
        Problem::new(kind).cause(self)
    }

    /// Whether nothing of the request has reached a target.
    pub(crate) const fn is_unsent(&self) -> bool {
        matches!(self, Self::None | Self::CircuitOpen(_) | Self::Saturated(_) | Self::Unreachable(..))
    }

    /// The target that failed.
    pub(crate) fn target(&self) -> Option<&std::sync::Arc<str>> {
        match self {
            Self::Unreachable(target, _) | Self::Timeout(target) | Self::Invalid(target, _) => Some(target),
            Self::None
            | Self::CircuitOpen(_)
            | Self::Saturated(_)
            | Self::Deadline
            | Self::Client(_)
            | Self::Panicked
            | Self::Stopping => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the upstream has no target"),
            Self::CircuitOpen(_) => f.write_str("every circuit is open"),
            Self::Saturated(_) => f.write_str("too many requests are under way"),
            Self::Unreachable(target, error) => write!(f, "connecting to {target}: {error}"),
            Self::Timeout(target) => write!(f, "{target} sent no response head in time"),
            Self::Invalid(target, why) => write!(f, "{target}: {why}"),
            Self::Deadline => f.write_str("the deadline of the call has passed"),
            Self::Client(error) => error.fmt(f),
            Self::Panicked => f.write_str("the in-process service panicked"),
            Self::Stopping => f.write_str("the in-process service is stopping"),
        }
    }
}
