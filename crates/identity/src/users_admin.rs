//! Administration of users: finding them, making them, changing them, taking their access away.
//!
//! Invariants:
//! - **Nobody manages a user who holds something they do not hold themselves.** An administrator cannot
//!   disable, rename, re-address or reset a super administrator, and so cannot become one.
//! - What is taken away (status, roles, sessions) is refused by the edge before the call is answered.
//! - The last active `super_admin` of a tenant stays one: decided under the tenant's
//!   [lock](crate::roles::lock), in the transaction of the change.
//! - What an administrator does to a password or an address is told to its owner by mail.
//! - Deleted users are kept, so that they can be restored; nothing but restoring is done to them.
//!
//! Deliberately absent: erasure, and
//! a password that must be changed at the next login.

mod devices;
mod dto;
pub mod filter;
mod impersonation;
mod invitations;
mod model;
mod passkeys;
mod routes;
mod service;
mod sessions;
mod standing;
mod store;
mod target;
mod verification;

#[cfg(test)]
mod tests;

pub use service::CREATED;
pub(crate) use standing::put;
pub use standing::{RESET as PASSWORD_RESET, UNLOCKED};
pub(crate) use store::{other_super_admins, roles_changed, update as rewrite};

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::Core;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    routes::routes()
        .merge(sessions::routes())
        .merge(devices::routes())
        .merge(impersonation::routes())
        .merge(passkeys::routes())
}

/// A page of users with their roles, for exports.
pub(crate) async fn page(
    tx: &mut storage::TenantTx,
    filter: &filter::Filter,
    window: crate::http::Window,
) -> Result<Vec<(crate::users::User, Vec<kernel::RoleName>)>, storage::StoreError> {
    Ok(store::page(tx, filter, window).await?.into_iter().map(|managed| (managed.user, managed.roles)).collect())
}

crate::rights! {
    /// May list and read users.
    ReadUsers = "users:read";
    /// May create users.
    CreateUsers = "users:create";
    /// May change users, unlock them and reset their passwords.
    UpdateUsers = "users:update";
    /// May disable and enable users.
    DisableUsers = "users:disable";
    /// May delete and restore users.
    DeleteUsers = "users:delete";
    /// May give roles to users and take them away.
    AssignRoles = "roles:assign";
    /// May act as other users, visibly.
    ImpersonateUsers = "users:impersonate";
    /// May list sessions and devices of users.
    ReadSessions = "sessions:read";
    /// May end sessions of users, and send their devices away.
    RevokeSessions = "sessions:revoke";
}

kernel::problems! {
    /// The user holds something that the caller does not.
    pub OUTRANKS = 403 "user.outranks" "This user holds more than you do" "Ask somebody who holds everything the user holds.";
    /// Whoever changes their own password shows the old one.
    pub SELF = 403 "user.self" "This is your own account" "Change your own password with your current one.";
    /// Another user has the e-mail address, user name or external id.
    pub EXISTS = 409 "user.exists" "Another user has this already" "Choose other values for the fields listed in `errors`.";
    /// Somebody must be left who holds everything.
    pub LAST_SUPER_ADMIN = 409 "user.last_super_admin" "This is the last active super administrator" "Make somebody else a super administrator first.";
    /// An invitation is for a person who has an address and no password yet.
    pub NOT_INVITABLE = 409 "user.not_invitable" "This user cannot be invited" "Invitations are for active people with an e-mail address and without a password. Others reset their password.";
    /// There is no address, it is verified, or the user is not active.
    pub NOT_VERIFIABLE = 409 "user.not_verifiable" "There is nothing to verify" "The mail is for active users with an e-mail address that is not verified yet.";
    /// Acting as somebody is for people, as people who can log in.
    pub NOT_IMPERSONABLE = 409 "user.not_impersonable" "Nobody can act as this user" "Act as active people, not as service accounts or disabled users.";
    /// Acting as somebody begins with one's own login.
    pub OWN_LOGIN = 403 "user.own_login_needed" "Your own login is needed" "Log in as yourself. API keys cannot act as people, and whoever acts as somebody cannot go on from there.";
    /// The user is deleted.
    pub DELETED = 409 "user.deleted" "This user is deleted" "Restore the user first.";
}
