//! Bodies on their way through the gate: streamed, counted, bounded, never collected.
//!
//! [`RequestBody`] is what an upstream is given: the client's body under a limit and a time-out.
//! [`Body`] is what a client is given: a problem, or what an upstream sends. Whoever stops reading stops
//! the other side too, so a slow reader costs no memory.

mod client;
mod ending;
mod request;
mod response;

pub(crate) use client::ClientBody;
pub(crate) use ending::Ending;
pub use request::{BodyError, RequestBody};
pub(crate) use request::{Intake, Progress};
pub(crate) use response::Body;

/// What a body may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
