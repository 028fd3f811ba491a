//! Second factors: what a person has beside a password, and challenges that wait for it.
//!
//! Deliberately absent: what follows from an answered challenge (see [`auth`](crate::auth), which knows how
//! sessions begin).

pub mod challenges;
mod model;
mod store;

pub use model::{Kind, Method, Offer, masked};
pub use store::offers;

/// Factors that one person may have.
pub const MAX_FACTORS: usize = 10;
