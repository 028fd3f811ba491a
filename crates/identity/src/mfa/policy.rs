//! Who must have a second factor. Pure.

use std::time::Duration;

use kernel::RoleName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether people have second factors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MfaRequirement)]
pub enum Requirement {
    /// Nobody can set one up. Whoever has one is still asked for it.
    Never,
    /// Whoever likes, and whoever has one of the roles must.
    #[default]
    Optional,
    /// Everybody must.
    Always,
}

/// What a tenant decides about second factors.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MfaPolicy {
    /// Whether people have second factors.
    pub required: Requirement,
    /// Whoever has one of these roles, or one that inherits from them, must have a second factor, unless nobody can.
    #[schema(value_type = Vec<String>, max_items = 50, example = json!(["admin", "teacher"]))]
    pub roles: Vec<RoleName>,
    /// For how many days people may have a browser trusted, so that it is not asked for a second factor: 0 for not at
    /// all, 365 at most. It holds for trust that was given before, too. A change of the password or of a factor ends
    /// all trust.
    #[schema(maximum = 365)]
    pub trust_days: u16,
}

impl Default for MfaPolicy {
    fn default() -> Self {
        Self { required: Requirement::default(), roles: Vec::new(), trust_days: 30 }
    }
}

/// Days that a policy may name.
pub(crate) const MAX_DAYS: u16 = 365;
/// Roles that a policy may name.
pub(crate) const MAX_ROLES: usize = 50;

impl MfaPolicy {
    /// Whether browsers may be trusted.
    pub const fn trusts(&self) -> bool {
        self.trust_days > 0
    }
    /// For how long.
    pub fn trust(&self) -> Duration {
        Duration::from_secs(u64::from(self.trust_days) * 86_400)
    }
    /// Whether somebody with these roles, inherited ones included, must have a second factor.
    pub fn demands<'r>(&self, roles: impl IntoIterator<Item = &'r RoleName>) -> bool {
        match self.required {
            Requirement::Never => false,
            Requirement::Optional => roles.into_iter().any(|role| self.roles.contains(role)),
            Requirement::Always => true,
        }
    }
    /// Whether that depends on roles at all.
    pub const fn asks_for_roles(&self) -> bool {
        matches!(self.required, Requirement::Optional) && !self.roles.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_make_it_necessary_unless_nobody_can() {
        let role = |name: &str| name.parse::<RoleName>().expect("a role");
        let policy = |required| MfaPolicy { required, roles: vec![role("teacher")], ..MfaPolicy::default() };
        let (teacher, parent) = (vec![role("user"), role("teacher")], vec![role("user")]);
        assert!(policy(Requirement::Optional).demands(&teacher) && !policy(Requirement::Optional).demands(&parent));
        assert!(policy(Requirement::Always).demands(&parent));
        assert!(!policy(Requirement::Never).demands(&teacher));
        assert!(!MfaPolicy::default().demands(&teacher));
    }
}
