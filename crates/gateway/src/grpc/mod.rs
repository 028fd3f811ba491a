//! Calls of gRPC: how they are refused, and until when they may run.
//!
//! A caller of gRPC reads the outcome in `grpc-status`, whatever the HTTP status. So a refusal of the gate's own is
//! answered the way a server of gRPC does that has nothing else to say: 200, and the outcome in the head
//! ("Trailers-Only", gRPC over HTTP/2). Logs and metrics keep the HTTP status that the refusal has.
//!
//! Deliberately absent: reading messages. What gRPC sends is passed on as it comes.

mod deadline;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kernel::Problem;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

pub(crate) use self::deadline::Deadline;

kernel::problems! {
    /// `grpc-timeout` is over.
    pub DEADLINE = 408 "request.deadline" "The deadline of the call has passed" "Call again with a longer deadline, if the call may be repeated.";
}

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The codes of gRPC that the gate uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Aborted = 10,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Code {
    /// What an HTTP status of ours means. Closer than gRPC's own table, which is for statuses of anybody.
    const fn of(status: u16) -> Self {
        match status {
            400 | 422 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            // There is no such method; what a service does not find it says itself.
            404 | 405 | 501 => Self::Unimplemented,
            408 | 504 => Self::DeadlineExceeded,
            409 => Self::Aborted,
            413 | 414 | 429 | 431 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            500 => Self::Internal,
            502 | 503 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

/// The media type of the request, if it is a call.
pub(crate) fn call(headers: &HeaderMap) -> Option<&HeaderValue> {
    let value = headers.get(header::CONTENT_TYPE)?;
    let rest = value.as_bytes().strip_prefix(b"application/grpc")?;
    matches!(rest.first(), None | Some(b'+' | b';' | b'-')).then_some(value)
}

/// Writes the outcome that an HTTP status and a problem mean.
pub(crate) fn write(headers: &mut HeaderMap, status: StatusCode, problem: &Problem) {
    let detail = problem.detail.as_deref().unwrap_or(problem.kind.title);
    outcome(headers, Code::of(status.as_u16()), &format!("{}: {detail}", problem.kind.code));
}

/// Writes an outcome.
pub(crate) fn outcome(headers: &mut HeaderMap, code: Code, message: &str) {
    /// "Percent-Encoded": everything but printable ASCII, and the percent sign.
    const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
    headers.insert(STATUS, HeaderValue::from(code as u16));
    if let Ok(message) = HeaderValue::try_from(utf8_percent_encode(message, ESCAPED).to_string()) {
        headers.insert(MESSAGE, message);
    }
}

#[cfg(test)]
mod tests;
