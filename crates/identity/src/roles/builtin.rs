//! The roles that every tenant begins with.
//!
//! One ladder, each rung inheriting from the one below: `guest < user < free < standard < premium <
//! developer < admin < super_admin`. The subscription roles `free`, `standard` and `premium` stand
//! between `user` and `developer`, so that both orders a product may know hold at once.
//!
//! `super_admin` holds everything of its tenant. What reaches across tenants (`tenants:*`) acts in the
//! default tenant only, whoever holds it: see [`Permit`](crate::http::Permit).

use kernel::RoleName;
use storage::StoreError;

/// A role as it is made for a new tenant.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The rung below.
    pub inherits: Option<&'static str>,
    /// What it adds to that.
    pub grants: &'static [&'static str],
}

/// The name of a built-in role, as a value.
pub fn role(name: &'static str) -> Result<RoleName, StoreError> {
    name.parse().map_err(|_| StoreError::Misuse("a built-in role has no good name"))
}

/// The role of whoever registers.
pub const USER: &str = "user";
/// The role that holds everything.
pub const SUPER_ADMIN: &str = "super_admin";

/// The ladder, lowest first.
pub const LADDER: &[Builtin] = &[
    Builtin { name: "guest", description: "May look", inherits: None, grants: &["content:read"] },
    Builtin {
        name: USER,
        description: "A registered person: their own profile and content",
        inherits: Some("guest"),
        grants: &["profile:read", "profile:write", "content:create", "content:edit:own"],
    },
    Builtin { name: "free", description: "The free plan", inherits: Some(USER), grants: &[] },
    Builtin { name: "standard", description: "The standard plan", inherits: Some("free"), grants: &["analytics:view"] },
    Builtin {
        name: "premium",
        description: "The premium plan",
        inherits: Some("standard"),
        grants: &["analytics:export"],
    },
    Builtin {
        name: "developer",
        description: "Builds on the API: webhooks, limits, metrics",
        inherits: Some("premium"),
        grants: &["webhooks:read", "webhooks:write", "routes:read", "limits:read", "metrics:read", "health:read"],
    },
    Builtin {
        name: "admin",
        description: "Runs the tenant",
        inherits: Some("developer"),
        grants: &[
            "profile:*",
            "users:*",
            "roles:*",
            "sessions:*",
            "api_keys:*",
            "keys:*",
            "audit:*",
            "routes:*",
            "limits:*",
            "settings:*",
            "authz:*",
            "content:*",
            "analytics:*",
            "logs:*",
            "metrics:*",
            "webhooks:*",
            "health:*",
            "messages:*",
        ],
    },
    Builtin { name: SUPER_ADMIN, description: "Holds everything", inherits: Some("admin"), grants: &["*"] },
];
