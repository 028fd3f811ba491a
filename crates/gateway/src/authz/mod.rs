//! May they? What a route requires of its caller.
//!
//! Three kinds of requirement, all of which must hold: every [permission](Requirement::permissions),
//! one of the [roles](Requirement::any_role), every [scope](Requirement::scopes).
//!
//! * A permission is asked of the roles in the tenant and of what the credential is narrowed to.
//! * Roles are compared by name, without inheritance: what a role inherits is permissions. A credential
//!   that is narrowed (an API key with permissions of its own) carries *no* roles here: a key that may
//!   only read must not pass as the administrator who made it.
//! * Scopes are what an OAuth client was granted; a caller who signed in directly has none.
//!
//! What the login behind a request must be worth is asked apart, by [`assurance`].
//!
//! Deliberately absent: ownership and policies, which need to see the resource.

mod assurance;

use kernel::{
    Permission, Principal, Problem, RoleName,
    edge::Edge,
    problem::common::{FORBIDDEN, UNAUTHENTICATED},
};

use crate::{
    authn::{CERTIFICATE, CERTIFICATE_REFUSED},
    certificate::{ClientCertificate, SanPattern},
};

pub(crate) use assurance::require as require_assurance;

/// What a route requires.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Requirement {
    /// All of these.
    pub permissions: Vec<Permission>,
    /// At least one of these, unless empty.
    pub any_role: Vec<RoleName>,
    /// All of these (RFC 6749 §3.3).
    pub scopes: Vec<Box<str>>,
}

impl Requirement {
    /// Whether anybody may.
    pub const fn is_empty(&self) -> bool {
        self.permissions.is_empty() && self.any_role.is_empty() && self.scopes.is_empty()
    }
}

/// Refuses a connection whose certificate has none of these names. An empty list asks for none.
pub fn require_certificate(any: &[SanPattern], certificate: Option<&ClientCertificate>) -> Result<(), Problem> {
    match certificate {
        _ if any.is_empty() => Ok(()),
        None => Err(CERTIFICATE.into()),
        Some(certificate) if any.iter().any(|name| name.fits(certificate)) => Ok(()),
        Some(_) => Err(CERTIFICATE_REFUSED.into()),
    }
}

/// Refuses a caller who does not meet the requirement: 401 when there is no caller, 403 naming what is
/// missing otherwise.
pub fn require(edge: &Edge, requirement: &Requirement, principal: Option<&Principal>) -> Result<(), Problem> {
    if requirement.is_empty() {
        return Ok(());
    }
    let principal = principal.ok_or(UNAUTHENTICATED)?;
    if !requirement.permissions.is_empty() {
        let access = edge.access.load();
        if let Some(missing) = requirement.permissions.iter().find(|needed| !access.permits(principal, needed)) {
            return Err(Problem::new(FORBIDDEN).detail(format!("The permission `{missing}` is needed.")));
        }
    }
    if !requirement.any_role.is_empty() && !has_role(principal, &requirement.any_role) {
        let names: Vec<&str> = requirement.any_role.iter().map(RoleName::as_str).collect();
        return Err(Problem::new(FORBIDDEN).detail(format!("One of these roles is needed: {}.", names.join(", "))));
    }
    if let Some(missing) = requirement.scopes.iter().find(|needed| !has_scope(principal, needed)) {
        return Err(Problem::new(FORBIDDEN).detail(format!("The scope `{missing}` is needed.")));
    }
    Ok(())
}

fn has_role(principal: &Principal, any: &[RoleName]) -> bool {
    principal.narrowed_to.is_none() && principal.roles.iter().any(|role| any.contains(role))
}

fn has_scope(principal: &Principal, scope: &str) -> bool {
    principal.scope.split(' ').any(|own| own == scope)
}

#[cfg(test)]
mod tests;
