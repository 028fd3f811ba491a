//! The people and service accounts of a tenant.
//!
//! What identifies a user is parsed once, into [`Email`], [`Username`], [`ExternalId`], and stored
//! normalised, so that equality in the database is equality of accounts. E-mail addresses are ASCII
//! (RFC 5321 without SMTPUTF8; international domains as punycode): letters that look or fold alike must
//! not make two accounts of one address, or one account of two.
//!
//! A password hash is never part of a [`User`]: it leaves the database only in an [`Account`], for login, and by
//! [`password_hashes`], for an export that asks for it.
//!
//! Deliberately absent: administration (searching, disabling: see the admin routes), roles, sessions, and
//! changing the e-mail address, which needs a mail to the new one (see
//! [`verification`](crate::verification)).

mod model;
mod profile;
mod routes;
mod store;
mod view;

pub use model::{
    Account, Attributes, Email, ExternalId, InvalidUser, Login, NewUser, Phone, User, UserKind, UserStatus, Username,
    text,
};
pub use profile::ProfileChange;
pub use routes::{change_profile, own, permissions, routes};

pub use store::{
    COLUMNS, Key, account_by_id, by_email, by_id, by_key, by_login, change_email, create, from_row, give_password,
    has_password, lock, note_login, password_hashes, rehash, set_password_hash, set_status, update_profile,
    verify_email,
};
pub use view::UserView;

crate::rights! {
    /// Reads one's own account.
    ReadProfile = "profile:read";
    /// Changes one's own account.
    WriteProfile = "profile:write" in_person;
}

kernel::problems! {
    /// The call is about the caller's own account, and a tenant's API key has none.
    pub NO_ACCOUNT = 403 "account.none" "The caller has no account" "This call is about a user's own account. Use a credential of a user, not an API key of the tenant.";
}

/// Longest display name, company name.
pub const MAX_TEXT: usize = 128;

#[cfg(test)]
mod tests;
