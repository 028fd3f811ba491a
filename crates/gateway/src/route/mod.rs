//! Which route a request takes.
//!
//! A [`RouteTable`] is compiled once from the configuration and the built-in routes, and never changes:
//! a reload makes a new one and swaps it in. Upstreams whose configuration is equal are carried over with
//! their connections.

mod index;
mod leaf;
mod matcher;
mod pattern;
mod query;
mod rule;
mod table;

pub(crate) use index::Index;
pub use matcher::{Asked, Matcher};
pub use pattern::{HostPattern, InvalidHost, InvalidPattern, PathPattern, Segment};
pub(crate) use table::{Entry, NoRoute, Routes};
pub use table::{PROBLEMS, Route, RouteTable, TableParts, Target, UNKNOWN};

#[cfg(test)]
mod tests;
