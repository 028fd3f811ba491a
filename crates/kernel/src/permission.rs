//! Permissions and sets of them.
//!
//! A permission is `resource:action`, optionally narrowed: `content:edit:own`. A grant may be a
//! wildcard: `content:*` or `*`. Products add their own permissions freely; the built-in ones are
//! listed here and the reference in `docs/` is generated from that list.
//!
//! A [`GrantSet`] answers "may it?" without allocation: built-in permissions are one bit each, with
//! wildcards expanded when the set is made; the rest is a short sorted list.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest permission text that is accepted.
pub const MAX_LEN: usize = 128;

macro_rules! builtin {
    ($($text:literal $doc:literal),* $(,)?) => {
        /// The permissions Portcullis itself knows, with what each allows.
        pub const BUILTIN: &[(&str, &str)] = &[$(($text, $doc)),*];
    };
}

builtin! {
    "profile:read" "Read one's own profile, sessions, devices and API keys",
    "profile:write" "Change one's own profile, password, sessions and API keys",
    "users:read" "List and read users of the tenant",
    "users:create" "Create and invite users",
    "users:update" "Change users, unlock them, end their sessions",
    "users:disable" "Disable and enable users",
    "users:delete" "Delete and restore users",
    "users:export" "Export users",
    "password_hashes:export" "Export the hashes of passwords with them",
    "users:impersonate" "Act as another user, visibly",
    "roles:read" "List and read roles",
    "roles:write" "Create, change and delete roles",
    "roles:assign" "Give roles to users and take them away",
    "sessions:read" "List sessions of any user of the tenant",
    "sessions:revoke" "End sessions of any user of the tenant",
    "api_keys:read" "List API keys of the tenant",
    "api_keys:write" "Create, rotate and revoke API keys of the tenant",
    "tenants:read" "List and read tenants",
    "tenants:write" "Create, change, suspend and delete tenants",
    "keys:read" "Read the state of the signing keys",
    "keys:write" "Rotate and retire signing keys",
    "audit:read" "Search and export the audit log",
    "routes:read" "Read routes and upstreams",
    "routes:write" "Change routes and upstreams",
    "limits:read" "Read rate limits and quotas",
    "limits:write" "Change rate limits and quotas",
    "settings:read" "Read the tenant's settings",
    "settings:write" "Change the tenant's settings",
    "authz:check" "Ask what other subjects may do",
    "content:read" "Read content",
    "content:create" "Create content",
    "content:edit" "Edit any content",
    "content:edit:own" "Edit one's own content",
    "content:delete" "Delete content",
    "analytics:view" "See usage analytics",
    "analytics:export" "Export usage analytics",
    "logs:read" "Search logs",
    "metrics:read" "Read metrics",
    "webhooks:read" "List webhooks and their deliveries",
    "webhooks:write" "Create, change and delete webhooks",
    "health:read" "Read the detailed health of every component",
    "messages:read" "List mails and text messages and what became of them",
    "messages:write" "Send messages again that were given up, and send a test message",
}

/// A permission as asked for: concrete, never a wildcard.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    text: Arc<str>,
    /// Its place in [`BUILTIN`].
    bit: Option<u8>,
}

/// Why a text is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a permission: write `resource:action` or `resource:action:scope` in lower case, digits, `_`, `-`, `.`{1}"
)]
pub struct InvalidPermission(String, &'static str);

fn segment_ok(segment: &str) -> bool {
    !segment.is_empty()
        && segment.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.'))
}

fn bit_of(text: &str) -> Option<u8> {
    BUILTIN.iter().position(|(name, _)| *name == text).and_then(|i| u8::try_from(i).ok())
}

impl Permission {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Permission {
    type Err = InvalidPermission;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let segments = text.split(':').count();
        if text.len() > MAX_LEN || !(2..=3).contains(&segments) || !text.split(':').all(segment_ok) {
            return Err(InvalidPermission(text.chars().take(MAX_LEN).collect(), ""));
        }
        Ok(Self { text: text.into(), bit: bit_of(text) })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permission({})", self.text)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// A grant as written in a role: a permission or a wildcard (`*`, `content:*`, `content:edit:*`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Grant(Arc<str>);

impl Grant {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether this grant covers the permission. `content:edit` also covers `content:edit:own`:
    /// whoever may edit anything may edit their own.
    pub fn covers(&self, permission: &str) -> bool {
        covers(&self.0, permission)
    }
}

fn covers(grant: &str, permission: &str) -> bool {
    if grant == "*" || grant == permission {
        return true;
    }
    let prefix = grant.strip_suffix(":*").unwrap_or(grant);
    // A bare `resource` is no grant, so a prefix match is by wildcard or by an unscoped permission.
    permission.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(':'))
}

impl FromStr for Grant {
    type Err = InvalidPermission;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self("*".into()));
        }
        match text.strip_suffix(":*") {
            Some(head) if text.len() <= MAX_LEN && head.split(':').count() <= 2 && head.split(':').all(segment_ok) => {
                Ok(Self(text.into()))
            }
            Some(_) => Err(InvalidPermission(text.chars().take(MAX_LEN).collect(), ", or a wildcard `resource:*`")),
            None => text.parse::<Permission>().map(|p| Self(p.text)),
        }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// A set of grants, ready to be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantSet {
    /// One bit for each built-in permission, wildcards expanded.
    builtin: u64,
    /// Sorted, without duplicates: the grants as written.
    grants: Vec<Grant>,
}

const _: () = assert!(BUILTIN.len() <= 64, "GrantSet::builtin holds 64 bits");

impl GrantSet {
    /// A set of these grants.
    pub fn new(grants: impl IntoIterator<Item = Grant>) -> Self {
        let mut grants: Vec<Grant> = grants.into_iter().collect();
        grants.sort_unstable();
        grants.dedup();
        let builtin = BUILTIN
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| grants.iter().any(|g| g.covers(name)))
            .fold(0, |bits, (i, _)| bits | 1 << i);
        Self { builtin, grants }
    }

    /// Whether some grant covers the permission.
    pub fn allows(&self, permission: &Permission) -> bool {
        match permission.bit {
            Some(bit) => self.builtin & (1 << bit) != 0,
            None => self.grants.iter().any(|g| g.covers(&permission.text)),
        }
    }

    /// Whether whoever holds `self` may hand out `grant` (nobody gives what they do not have).
    pub fn contains(&self, grant: &Grant) -> bool {
        // A wildcard is covered textually too: `users:*` covers `users:read:*`.
        self.grants.iter().any(|own| own.covers(&grant.0))
    }

    /// The grants as written, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter()
    }

    /// Whether nothing is granted.
    pub const fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }
}

impl FromIterator<Grant> for GrantSet {
    fn from_iter<I: IntoIterator<Item = Grant>>(iter: I) -> Self {
        Self::new(iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(grants: &[&str]) -> GrantSet {
        grants.iter().map(|g| g.parse().expect("a grant")).collect()
    }
    fn may(grants: &[&str], permission: &str) -> bool {
        set(grants).allows(&permission.parse().expect("a permission"))
    }

    #[test]
    fn names_are_unique_and_well_formed() {
        for (i, (name, _)) in BUILTIN.iter().enumerate() {
            assert_eq!(bit_of(name), u8::try_from(i).ok(), "{name} is listed twice");
            name.parse::<Permission>().expect(name);
        }
        assert!(BUILTIN.len() >= 25);
    }

    #[test]
    fn wildcards_cover_what_they_say() {
        assert!(may(&["*"], "users:read") && may(&["*"], "orders:read"));
        assert!(may(&["users:*"], "users:read") && !may(&["users:*"], "roles:read"));
        assert!(may(&["orders:*"], "orders:read:own") && !may(&["orders:*"], "ordersx:read"));
        assert!(may(&["content:edit"], "content:edit:own") && !may(&["content:edit:own"], "content:edit"));
        assert!(may(&["orders:read"], "orders:read") && !may(&["orders:read"], "orders:readx"));
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let own = set(&["users:*", "content:edit:own"]);
        assert!(own.contains(&"users:read".parse().expect("grant")));
        assert!(own.contains(&"users:*".parse().expect("grant")));
        assert!(!own.contains(&"*".parse().expect("grant")));
        assert!(!own.contains(&"content:edit".parse().expect("grant")));
        assert!(!own.contains(&"content:*".parse().expect("grant")));
        assert!(!set(&["users:read"]).contains(&"users:*".parse().expect("grant")));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "users", "Users:read", "users:", ":read", "users:*:own", "a:b:c:d", "users:re ad", "**"] {
            assert!(text.parse::<Permission>().is_err(), "{text}");
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
        assert!("users:*".parse::<Permission>().is_err(), "a wildcard is no concrete permission");
    }
}
