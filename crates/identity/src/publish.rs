//! What identity tells the edge.
//!
//! A service appends a [`Change`] in the transaction of its cause and settles it after the commit;
//! every node then takes it into its [`Edge`](kernel::edge::Edge) with its [`Publisher`].
//!
//! Invariants:
//! - What is in the edge's memory is always a state that the database had, or newer: a node loads
//!   everything once, from one consistent view, then follows the feed in order.
//! - Applying a change twice does no harm, so a node may always go back and apply again.
//! - One application at a time ([`Feed`](storage::feed::Feed) sees to it): snapshots are replaced
//!   without losing each other's updates.
//! - A change of a kind that this program does not know makes it load everything anew.

mod change;
mod publisher;
mod ring;
mod snapshot;
mod stale;

#[cfg(test)]
mod tests;

pub use change::{Change, append};
pub use publisher::Publisher;
