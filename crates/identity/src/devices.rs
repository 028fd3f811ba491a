//! What people log in with: recognised, named, trusted for a while, and sent away.
//!
//! A browser is recognised by a cookie of its own (see [`cookie`]), which says nothing and opens nothing. What
//! keeps no cookies is recognised by its program and its network, which is good enough to tell people of a
//! login that is news and for nothing else.
//!
//! Invariants:
//! - A device is one user's. The browser of two people is two rows that nobody can connect: the cookie is kept
//!   as a keyed hash that is different for each of them.
//! - **Only a browser can be trusted**, or count as known to an account when a stranger has locked it: program and
//!   network can be imitated.
//! - Whoever removes a device ends its sessions at the edge before they are answered, and nothing of its trust
//!   is left.
//! - A user has [`MOST`](model::MOST) devices at most; the one that was not seen for longest makes room. What was
//!   not seen for 400 days is dropped, which is as long as browsers keep a cookie.
//!
//! Deliberately absent: fingerprints of screens, fonts or hardware. They follow people about, and they fail
//! where they are needed.

mod agent;
mod arrival;
pub mod cookie;
mod model;
mod routes;
mod service;
mod store;
mod sweep;

pub use agent::UNKNOWN;
pub use arrival::{Arrival, Noted};
pub use model::{Device, Known, Shown};
pub(crate) use routes::DeviceView;
pub use routes::{remove_own, rename_own, routes};
pub(crate) use service::{remove, remove_all};
pub use store::{delete_all, forget_trust, list, trust};
pub use sweep::sweep;

#[cfg(test)]
mod tests;
