//! What identity tells the edge.
//!
//! A service appends a [`Change`] in the transaction of its cause and settles it after the commit;
//! every node then takes it into its [`Edge`](kernel::edge::Edge).

mod change;

pub use change::{Change, append};
