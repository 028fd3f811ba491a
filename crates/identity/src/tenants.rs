//! Tenants: making, changing, suspending them. For the operator of the installation only.
//!
//! A tenant is made whole or not at all: with its roles, its signing key and, if asked for, its first
//! administrator, in one unit. The *default* tenant serves requests that name no other; its
//! administrators are the operators of the installation, so it can be neither suspended nor renamed out
//! of its place.
//!
//! Every change is told twice: in the log of the tenant it concerns and in the log of the tenant of
//! whoever did it.
//!
//! Deliberately absent: settings of a tenant's own (they come with the first one that may differ by
//! tenant), deleting (suspension refuses everything and keeps the data; deletion needs
//! retention and export first), changing a slug (issuers and links carry it), and looking a request's
//! tenant up: the edge does that from memory.

mod dto;
mod model;
mod routes;
mod service;
mod store;

#[cfg(test)]
mod tests;

pub use crate::settings::DEFAULT_SLUG;
pub use model::{FirstAdmin, Host, InvalidHost, InvalidSlug, NewTenant, Slug, Status, Tenant};
pub use routes::routes;
pub use service::{CREATED, create};

crate::rights! {
    /// May list and read tenants.
    ReadTenants = "tenants:read" system;
    /// May create, change and suspend tenants.
    WriteTenants = "tenants:write" system;
}

kernel::problems! {
    /// Another tenant has the slug.
    pub EXISTS = 409 "tenant.exists" "A tenant of this slug exists" "Choose another slug.";
    /// A host belongs to another tenant, or to the installation itself.
    pub HOST_TAKEN = 409 "tenant.host_taken" "A host belongs to somebody else" "Leave out the hosts listed in `errors`.";
    /// The default tenant serves whoever names no other.
    pub DEFAULT = 409 "tenant.default" "The default tenant cannot be suspended" "Suspend another tenant, or stop the service.";
}
