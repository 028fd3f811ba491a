//! What the operator does beside the API: the first start, and administrators from the command line.
//!
//! Each is one unit of work with its audit entry (actor: the system) and its entry in the feed, so that
//! nodes that run meanwhile hear of it. Whoever may run these commands holds the database and the master
//! key; there is nobody to ask for permission.

pub mod admins;
pub(crate) mod first_start;
pub(crate) mod password;

/// Who may log in after the first start, unless somebody else was named.
pub(crate) const FIRST_ADMIN: &str = "admin@localhost";

#[cfg(test)]
mod tests;
