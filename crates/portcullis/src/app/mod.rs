//! The composition root: the one place where every room is known to every other.
//!
//! [`App::start`] turns a configuration into a [`Running`] program, in the same process for tests as for
//! `portcullis serve`.

mod background;
mod cache_metrics;
mod checks;
mod database;
mod error;
mod explain;
pub(crate) mod identity_node;
mod key;
pub(crate) mod live;
mod operations;
mod routes;
mod running;
mod senders;
mod settings;
mod shared_limits;
mod start;
mod upstream_metrics;

pub use database::{Hold, Missing, open_database};
pub use error::StartError;
pub use routes::BuiltinError;
pub(crate) use routes::check_limits;
pub use running::{ReloadError, Running};
pub use start::{App, Parts};
pub(crate) use upstream_metrics::docs as upstream_metrics;
