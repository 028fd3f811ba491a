//! Who must have a second factor. Pure.

use std::time::Duration;

use kernel::RoleName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::Fields;

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

/// What is to change about second factors. A field that is absent stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MfaChange {
    /// Whether people have second factors. `never` needs `roles` to be empty.
    required: Option<Requirement>,
    /// Replaced as a whole: whoever has one of these roles must have a second factor. Roles that the tenant has.
    #[schema(value_type = Option<Vec<String>>, max_items = 50, example = json!(["admin", "teacher"]))]
    roles: Option<Vec<RoleName>>,
    /// For how many days people may have a browser trusted: 0 for not at all, 365 at most.
    #[schema(maximum = 365)]
    trust_days: Option<u16>,
}

impl MfaChange {
    /// The policy as it is to be.
    pub(crate) fn apply(&self, old: &MfaPolicy) -> MfaPolicy {
        MfaPolicy {
            required: self.required.unwrap_or(old.required),
            roles: self.roles.clone().unwrap_or_else(|| old.roles.clone()),
            trust_days: self.trust_days.unwrap_or(old.trust_days),
        }
    }

    /// Names what cannot be, below `/mfa`. What is not touched is not judged: a role may have been deleted since.
    pub(crate) fn check(&self, new: &MfaPolicy, exists: impl Fn(&RoleName) -> bool, fields: &mut Fields) {
        let named = self.roles.as_deref().unwrap_or_default();
        if named.len() > MAX_ROLES {
            fields.wrong("/mfa/roles", "too_many", format!("may have {MAX_ROLES} entries at most"));
        } else {
            for (i, role) in named.iter().enumerate().filter(|(_, role)| !exists(role)) {
                fields.wrong(format!("/mfa/roles/{i}"), "unknown_role", format!("there is no role {role}"));
            }
        }
        let touched = self.required.is_some() || self.roles.is_some();
        if touched && new.required == Requirement::Never && !new.roles.is_empty() {
            let message = "nobody can have a second factor where `required` is `never`: must be empty then";
            fields.wrong("/mfa/roles", "not_allowed", message);
        }
        if self.trust_days.is_some_and(|days| days > MAX_DAYS) {
            fields.wrong("/mfa/trust_days", "too_large", format!("may be {MAX_DAYS} at most"));
        }
    }
}

impl Default for MfaPolicy {
    fn default() -> Self {
        Self { required: Requirement::default(), roles: Vec::new(), trust_days: 30 }
    }
}

/// Days that a policy may name.
const MAX_DAYS: u16 = 365;
/// Roles that a policy may name.
const MAX_ROLES: usize = 50;

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
    fn a_change_touches_what_it_names_and_is_judged_by_what_follows() {
        let role = |name: &str| name.parse::<RoleName>().expect("a role");
        let old = MfaPolicy { required: Requirement::Always, roles: vec![role("gone")], trust_days: 3 };
        let judge = |change: serde_json::Value| {
            let change: MfaChange = serde_json::from_value(change).expect("a change");
            let (new, mut fields) = (change.apply(&old), Fields::new());
            change.check(&new, |role| role.as_str() == "teacher", &mut fields);
            fields.check().map(|()| new).map_err(|told| {
                told.errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect::<Vec<_>>()
            })
        };
        let json = |text: &str| serde_json::from_str(text).expect("JSON");
        assert_eq!(judge(json(r#"{"trust_days": 7}"#)), Ok(MfaPolicy { trust_days: 7, ..old.clone() }));
        let teachers = MfaPolicy { roles: vec![role("teacher")], ..old.clone() };
        assert_eq!(judge(json(r#"{"roles": ["teacher"]}"#)), Ok(teachers));
        let off = MfaPolicy { required: Requirement::Never, roles: Vec::new(), ..old.clone() };
        assert_eq!(judge(json(r#"{"required": "never", "roles": []}"#)), Ok(off));
        assert_eq!(judge(json(r#"{"required": "never"}"#)), Err(vec!["/mfa/roles not_allowed".into()]));
        assert_eq!(judge(json(r#"{"roles": ["teacher", "x"]}"#)), Err(vec!["/mfa/roles/1 unknown_role".into()]));
        assert_eq!(judge(json(r#"{"trust_days": 366}"#)), Err(vec!["/mfa/trust_days too_large".into()]));
    }

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
