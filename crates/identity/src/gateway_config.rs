//! Routes and upstreams that are made while the gate runs.
//!
//! What the configuration file of a node holds is its base; what is made here comes on top, and both
//! together must be one valid configuration. Nothing of the file can be changed here, and no name is in
//! both.
//!
//! Invariants:
//! - Every change is a numbered revision, with its author, time, reason, and each document before and
//!   after. Numbers have no gaps, and no two changes have the same one: whoever comes second is judged
//!   again on top of the first.
//! - An invalid change is refused whole, with the findings that `portcullis config check` would give.
//! - Whoever is told that a change is made can send requests under it: this node has put it in force; the
//!   others follow the feed.
//! - A rollback is a revision too: nothing is ever taken out of the history.
//!
//! What routes keep of answers can be forgotten on every node ([`purge`]), through the same feed.
//!
//! They belong to the installation, not to a tenant: only the default tenant's administrators and the
//! operator change them. Deliberately absent: what a route means (see [`kernel::gate::GateConfig`]).

mod dto;
mod history;
mod model;
mod purge;
mod routes;
mod service;
mod store;

#[cfg(test)]
mod tests;

pub use crate::http::Condition;
pub use model::{Difference, Plan, Revision, Wanted};
pub use routes::routes;
pub use service::{Intent, change};
pub(crate) use store::{load, since};

crate::rights! {
    /// May read routes, upstreams and their history.
    ReadGate = "routes:read" system;
    /// May change routes and upstreams.
    WriteGate = "routes:write" system;
    /// May have kept answers forgotten.
    PurgeCache = "cache:purge" system;
}

kernel::problems! {
    /// The documents would not be a configuration that can be served.
    pub INVALID = 422 "gateway_config.invalid" "This configuration cannot be served" "Correct what is listed in `errors`; nothing was changed.";
    /// The name belongs to the configuration file.
    pub WRITTEN = 409 "gateway_config.in_file" "This is in the configuration file" "Change it in the file, or choose another name.";
    /// If-Match or If-None-Match does not hold.
    pub CHANGED = 412 "gateway_config.changed" "It has changed meanwhile" "Read it again and repeat the change on what you find.";
    /// Others were faster several times in a row.
    pub BUSY = 409 "gateway_config.busy" "Others are changing the configuration" "Try again.";
    /// There are as many documents as there may be.
    pub TOO_MANY = 409 "gateway_config.too_many" "Too many routes and upstreams" "Delete what is not used.";
}
