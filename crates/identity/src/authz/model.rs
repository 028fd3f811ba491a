//! The decision: pure.

use kernel::{Permission, UserId};

/// Why the answer is what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckReason)]
pub enum Reason {
    /// A role (or the key itself) grants it.
    Granted,
    /// Granted for one's own resources, and this is one.
    GrantedAsOwner,
    /// Nothing grants it.
    NotGranted,
    /// A role grants it, but the credential is narrowed to less.
    Narrowed,
    /// It reaches across tenants, and the subject is not of the default tenant.
    DefaultTenantOnly,
    /// The subject is disabled or deleted.
    SubjectInactive,
    /// There is no such subject.
    SubjectUnknown,
}

impl Reason {
    /// Whether the answer is yes.
    pub const fn allows(self) -> bool {
        matches!(self, Self::Granted | Self::GrantedAsOwner)
    }
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Question {
    /// About whom; `None`: the caller.
    pub(super) subject: Option<UserId>,
    /// To do what.
    pub(super) permission: Permission,
    /// With whose resource.
    pub(super) owner: Option<UserId>,
}

impl Question {
    /// The permission for one's own resources, if the resource is the subject's.
    fn as_owner(&self, subject: Option<UserId>) -> Option<Permission> {
        let owns = subject.is_some() && self.owner == subject;
        // A permission that has a scope already has no narrower form.
        if owns { format!("{}:own", self.permission).parse().ok() } else { None }
    }

    /// Decides. `roles`: what the subject's roles (or a tenant's key) grant. `credential`: what it is
    /// narrowed to.
    pub(super) fn decide(
        &self,
        subject: Option<UserId>,
        roles: impl Fn(&Permission) -> bool,
        credential: impl Fn(&Permission) -> bool,
    ) -> Reason {
        let as_owner = self.as_owner(subject);
        let both = |p: &Permission| roles(p) && credential(p);
        if both(&self.permission) {
            Reason::Granted
        } else if as_owner.as_ref().is_some_and(both) {
            Reason::GrantedAsOwner
        } else if roles(&self.permission) || as_owner.as_ref().is_some_and(roles) {
            Reason::Narrowed
        } else {
            Reason::NotGranted
        }
    }
}
