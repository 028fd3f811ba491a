//! What a tenant decides about itself: its language, and how careful it is with addresses and logins.
//!
//! Read where it is needed, in the same transaction: it changes seldom, is one row, and must hold at once.
//!
//! Deliberately absent: what the operator decides for all tenants (see [`settings`](crate::settings)), and
//! the words of messages (see [`templates`](crate::templates)).

mod model;
mod routes;
mod store;

pub use model::{Preferences, Registration};
pub use routes::routes;
pub use store::{demands_factor, load};

kernel::problems! {
    /// The caller would lock themselves out.
    pub UNVERIFIED = 409 "settings.unverified" "Your own address is not verified" "Verify your own e-mail address first: you could not log in again.";
}

#[cfg(test)]
mod tests;
