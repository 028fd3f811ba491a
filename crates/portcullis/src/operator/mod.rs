//! What the operator does beside the API: the first start, and administrators from the command line.
//!
//! Each is one unit of work with its audit entry (actor: the system) and its entry in the feed, so that
//! nodes that run meanwhile hear of it. Whoever may run these commands holds the database and the master
//! key; there is nobody to ask for permission.

pub mod admins;
pub(crate) mod password;

use storage::{Store, StoreError, params};

/// Who may log in after the first start, unless somebody else was named.
pub(crate) const FIRST_ADMIN: &str = "admin@localhost";

/// Whether the database has never been started on.
pub(crate) async fn is_new(store: &Store) -> Result<bool, StoreError> {
    let found = store
        .system()
        .read(|tx| Box::pin(async move { tx.query_opt("SELECT 1 FROM tenants LIMIT 1", params![]).await }));
    Ok(found.await?.is_none())
}

#[cfg(test)]
mod tests;
