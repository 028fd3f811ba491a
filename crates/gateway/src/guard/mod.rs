//! What a request must look like before anything else is asked of it.
//!
//! Two halves. [`head`] and [`scanner`] judge HTTP/1 heads as bytes, before the HTTP library sees them,
//! because it forgives what a gate must not. [`admit`] judges any parsed request, HTTP/2 too, and gives
//! back the one [`Admitted`] spelling of its path and host that everything later uses.
//!
//! Deliberately absent: everything that depends on the route (body limits are set by it, but counted
//! by the body itself), and any repair of what is ambiguous. What two servers could read differently
//! is refused.

mod admit;
mod head;
mod host;
mod path;
mod problems;
mod scanner;

pub use host::{Host, parse as parse_host};
pub use path::{InvalidPath, normalise};
pub use problems::PROBLEMS;
pub(crate) use problems::{BODY, PATH, TARGET_TOO_LONG, TIMEOUT};

pub(crate) use admit::{Admitted, admit};
pub(crate) use head::{BadHead, HeadLimits, MAX_HEADERS};
pub(crate) use scanner::{Outcome, Scanner};

#[cfg(test)]
mod tests;
