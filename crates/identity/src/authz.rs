//! May this subject do that? Asked by applications that decide for themselves.
//!
//! The answer is the one the gate and identity's own routes would give: from the same memory, which is
//! told of every change before the change is answered. A user's status and roles are read from the
//! database when somebody else asks about them, since no token says them.
//!
//! Everybody may ask about themselves; asking about others needs `authz:check`. Who is unknown, or of
//! another tenant, may nothing: the answer is the same, so nothing is learned.
//!
//! Deliberately absent: policies over attributes, time and network, sharing of single resources, and
//! lists of what a subject may do (see `/api/v1/me`).

mod model;
mod routes;
mod service;

#[cfg(test)]
mod tests;

pub use model::Reason;
pub use routes::routes;

crate::rights! {
    /// May ask what others may do.
    CheckOthers = "authz:check";
}
