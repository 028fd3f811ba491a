//! What changes about a request on its way in, and about a response on its way out.
//!
//! Rules: what concerns one connection only is not passed on (RFC 9110 §7.6.1). What the gate says about
//! the caller it says itself: a client's copy is removed first, also when it is spelled with underscores,
//! which many servers take for hyphens. A client cannot have the gate's own words removed by naming them
//! in `Connection`, because they are written after that has been obeyed. Forwarded addresses are believed
//! from trusted proxies alone. The client's credential stays here unless the route passes it on.

mod credentials;
mod edit;
mod forwarded;
mod headers;
mod identity;
mod request;
mod response;

pub(crate) use credentials::has_cookies;
pub use edit::{EditsConfig, RequestEditsConfig, ResponseEditsConfig};
pub(crate) use edit::{FilledFields, FilledRequest, RequestEdits, ResponseEdits};
pub(crate) use forwarded::{Client, Peer};
pub(crate) use headers::{is_disguised, is_reserved_in_request, is_reserved_in_response, strip_trailers};
pub(crate) use identity::tell;
pub use identity::{Assertions, NoAssertions};
pub(crate) use request::{Onward, clean, is_upgrade, onward, target};
pub(crate) use response::{Origin, clean as clean_response, outward};

#[cfg(test)]
mod tests;
