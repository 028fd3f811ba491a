//! Roles: what they grant, which roles they inherit, who has them.
//!
//! Every tenant begins with the [built-in ladder](builtin) and adds roles of its own. The edge asks
//! the result ([`effective`]); this slice keeps it sound:
//!
//! - Inheritance has no circle and a bounded depth, and names only roles that exist.
//! - **Nobody gives what they do not hold**, directly or through inheritance, and nobody changes a role
//!   that holds more than they do. The caller's [`Authority`] is read in the very transaction of the
//!   change, so a demotion on another node cannot be raced.
//! - Changes of one tenant's authority happen one after the other ([`lock`]).
//! - A role in use cannot be deleted, so a name never silently stops granting.
//!
//! Deliberately absent: giving roles to people over HTTP (see
//! [`users_admin`](crate::users_admin), which knows who outranks whom), conditions on grants
//! (attributes, time, network: policies will say those), and renaming: tokens carry names.

mod authority;
pub mod builtin;
mod model;
mod routes;
mod service;
mod store;

#[cfg(test)]
mod tests;

pub use authority::{Authority, authority};
pub use model::{Hierarchy, HierarchyError, MAX_ROLES_OF_USER, Role};
pub use routes::routes;
pub use store::{assign, effective, granted_to, hierarchy, lock, of_user, seed};

crate::rights! {
    /// May read roles.
    ReadRoles = "roles:read";
    /// May create, change and delete roles.
    WriteRoles = "roles:write";
}

kernel::problems! {
    /// The change would give away something that the caller does not hold.
    pub NOT_HELD = 403 "permission.not_held" "You cannot give what you do not hold" "Ask somebody who holds the permission named in the detail.";
    /// The role holds more than the caller does.
    pub OUTRANKS = 403 "role.outranks" "This role holds more than you do" "Ask somebody who holds everything the role holds.";
    /// The tenant has a role of that name.
    pub EXISTS = 409 "role.exists" "A role of this name exists" "Choose another name, or change the existing role.";
    /// Built-in roles keep their place in the ladder.
    pub BUILTIN = 409 "role.builtin" "This role is built in" "Make a role of your own that inherits from it.";
    /// The role is given to users, or other roles inherit from it.
    pub IN_USE = 409 "role.in_use" "This role is in use" "Take it from the users and roles counted in the detail first.";
    /// The tenant has as many roles as it may have.
    pub TOO_MANY = 409 "role.too_many" "Too many roles" "Delete roles that are not used.";
}
