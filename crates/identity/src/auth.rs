//! Getting in and out: register, log in, refresh, log out, change the password.
//!
//! What a stranger can learn is decided here:
//!
//! - **Whether an account exists is not told** by any answer: the same status, body and hashing for known
//!   and unknown, at registration, login and lockout. Whoever registers an address and then cannot log in
//!   with the password they chose has learned it anyway, unless the tenant wants addresses verified before
//!   the first login: then both cases look the same, because a login before that is refused like one with a
//!   wrong password.
//! - Registration therefore answers with what was submitted and **without an id**: an id would have to be
//!   either the existing account's or a lie. The id comes with the first login. Somebody who registers an
//!   address that is taken is told the same as everybody; the account's owner is told by mail.
//! - Whatever was proven, [`enter`] is the one way in.
//! - **Guessing is bounded** by [`lockout`]: per account and source, counted before the password is looked
//!   at. Over all sources an account has its own rate; devices with a live session have theirs apart, so
//!   that nobody can use it up for them.
//!
//! Deliberately absent: limits by address (the gate has them), what follows from mails (see
//! [`verification`](crate::verification)), what second factors are (see [`mfa`](crate::mfa)), which passwords may be
//! chosen (see [`new_password`](crate::new_password)).

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::Core;

mod attempts;
mod enter;
pub mod lockout;
mod login;
mod logout;
mod passkey;
mod passkey_routes;
mod password;
mod register;
mod renewal;
mod routes;
mod second;
mod second_routes;
pub mod step_up;
mod step_up_routes;
mod sweep;

pub use enter::{Entered, Entering, Entrance, LoggedIn, Replaced, Verified, enter};
pub use login::{Challenge, LoginRequest, Outcome, login};
pub use logout::{logout, logout_all};
pub use passkey::{PasskeyLogin, login_with_passkey};
pub use password::{PasswordChange, change_password, confirm_password};
pub use register::{Registration, register};
pub use renewal::{MOVED, Renewal, evict};
pub use second::{Answer, Answering, Completed, answer, begin_factor, begin_passkey, send_sms};
pub use sweep::sweep;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    routes::routes().merge(second_routes::routes()).merge(passkey_routes::routes()).merge(step_up_routes::routes())
}

kernel::problems! {
    /// Wrong password, unknown account, account that is not active: one answer.
    pub INVALID = 401 "credentials.invalid" "The login is not valid" "Check the e-mail address or user name and the password. If you have just registered, confirm your e-mail address first.";
    /// Too many failures of this account from this source, whether or not it exists.
    pub LOCKED = 429 "login.locked" "Too many failed logins" "Try again after the time in Retry-After, or ask an administrator to unlock the account.";
    /// Too soon after failures of this account from this source, whether or not it exists.
    pub DELAYED = 429 "login.delayed" "Too soon after a failed login" "Wait for the time in Retry-After, then try again.";
    /// Too many logins of this account, whatever the source and outcome.
    pub LIMITED = 429 "login.limited" "Too many logins" "Try again after the time in Retry-After.";
    /// The tenant wants a second factor; the password was right, and they have a passkey, which is one.
    pub PASSKEY_NEEDED = 401 "login.passkey_needed" "Sign in with your passkey" "A password alone is not enough here. You have a passkey: use it.";
    /// The operator lets nobody register by themselves.
    pub CLOSED = 403 "registration.closed" "Registration is closed" "Ask an administrator for an account.";
    /// An API key has nothing to log out of.
    pub NO_LOGIN = 403 "logout.no_login" "There is nothing to log out of" "This credential is an API key. Revoke it instead.";
}

#[cfg(test)]
mod tests;
