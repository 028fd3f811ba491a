//! What a request must look like before anything else is asked of it.
//!
//! HTTP/1 heads are read and judged as bytes in [`crate::http1`], with the words of [`head`]. [`admit`]
//! judges any parsed request, HTTP/2 too, and gives back the one [`Admitted`] spelling of its path and
//! host that everything later uses.
//!
//! Deliberately absent: everything that depends on the route (body limits are set by it, but counted
//! by the body itself), and any repair of what is ambiguous. What two servers could read differently
//! is refused.

mod admit;
mod head;
mod host;
mod path;
mod problems;
mod route_heads;

pub use host::{Host, parse as parse_host};
pub use path::{InvalidPath, normalise};
pub use problems::PROBLEMS;
pub(crate) use problems::{BODY, PATH, TARGET_TOO_LONG, TIMEOUT};
pub(crate) use route_heads::RouteHeads;

pub(crate) use admit::{Admitted, admit};
pub(crate) use head::{BadHead, HeadLimits, MAX_HEADERS, is_plain_target};
pub(crate) use path::loses_segments;

#[cfg(test)]
mod tests;
