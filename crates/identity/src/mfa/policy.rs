//! Who must have a second factor. Pure.

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
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MfaPolicy {
    /// Whether people have second factors.
    pub required: Requirement,
    /// Whoever has one of these roles must have a second factor, unless nobody can.
    #[schema(value_type = Vec<String>, max_items = 50, example = json!(["admin", "teacher"]))]
    pub roles: Vec<RoleName>,
}

/// Roles that a policy may name.
pub(crate) const MAX_ROLES: usize = 50;

impl MfaPolicy {
    /// Whether somebody with these roles must have a second factor.
    pub fn demands(&self, roles: &[RoleName]) -> bool {
        match self.required {
            Requirement::Never => false,
            Requirement::Optional => roles.iter().any(|role| self.roles.contains(role)),
            Requirement::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_make_it_necessary_unless_nobody_can() {
        let role = |name: &str| name.parse::<RoleName>().expect("a role");
        let policy = |required| MfaPolicy { required, roles: vec![role("teacher")] };
        let (teacher, parent) = (vec![role("user"), role("teacher")], vec![role("user")]);
        assert!(policy(Requirement::Optional).demands(&teacher) && !policy(Requirement::Optional).demands(&parent));
        assert!(policy(Requirement::Always).demands(&parent));
        assert!(!policy(Requirement::Never).demands(&teacher));
        assert!(!MfaPolicy::default().demands(&teacher));
    }
}
