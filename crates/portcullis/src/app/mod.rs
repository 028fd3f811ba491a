//! The composition root: the one place where every room is known to every other.

mod database;
mod error;

pub use database::{Missing, open_database};
pub use error::StartError;
