//! The gate: every request goes through one pipeline.
//!
//! [`Gateway::start`] opens it with what the composition root hands over ([`GatewayParts`]): routes
//! ([`route::RouteTable`]), what identity publishes ([`kernel::edge::Edge`]), authentication
//! ([`authn::Authn`]) and limits ([`limit::Limits`]). Identity itself is an in-process upstream
//! ([`upstream::InProcess`]) behind ordinary routes. The private module `pipeline` is the whole life of a
//! request on one page.
//!
//! Deliberately absent: the database, identity's own logic, metrics and logs of requests (they are told
//! to [`kernel::exchange::Recorder`]), environment, and files but a list of targets that is watched.

mod acme;
pub mod authn;
pub mod authz;
pub mod body;
mod cache;
pub mod certificate;
mod compress;
pub mod config;
mod content;
mod cors;
mod discovery;
pub mod explain;
pub mod fallback;
mod forward;
mod forward_auth;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod grpc;
pub mod guard;
mod http1;
mod json;
pub mod limit;
mod list;
mod listener;
mod perimeter;
mod pipeline;
mod problem;
mod record;
mod respond;
pub mod route;
mod shape;
mod shed;
mod stream;
mod template;
pub mod tenant;
mod traffic;
pub mod transform;
pub mod upstream;
mod validate;
mod version;
mod websocket;

pub use cache::CacheNumbers;
pub use listener::{BindError, Gateway, GatewayParts, Running, StartError, TableView, TlsError, workers};
pub use shed::SheddingNumbers;

/// Every kind of refusal that the gate itself makes, for the generated catalogue.
pub fn problems() -> impl Iterator<Item = &'static kernel::ProblemKind> {
    [
        guard::PROBLEMS,
        perimeter::PROBLEMS,
        route::PROBLEMS,
        tenant::PROBLEMS,
        cors::PROBLEMS,
        authn::PROBLEMS,
        limit::PROBLEMS,
        version::PROBLEMS,
        forward_auth::PROBLEMS,
        grpc::PROBLEMS,
        upstream::PROBLEMS,
        cache::PROBLEMS,
        shed::PROBLEMS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
