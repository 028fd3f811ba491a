//! Who is calling.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Amr, ApiKeyId, GrantSet, Rate, SessionId, TenantId, Timestamp, TokenId, UserId};

/// The name of a role within its tenant: `admin`, `billing-clerk`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RoleName(Arc<str>);

impl RoleName {
    /// Longest accepted name.
    pub const MAX_LEN: usize = 64;
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a role name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role name has 1 to 64 characters of a-z, 0-9, `_` and `-`, and starts with a letter")]
pub struct InvalidRoleName;

impl FromStr for RoleName {
    type Err = InvalidRoleName;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ok = text.len() <= Self::MAX_LEN
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        if ok { Ok(Self(text.into())) } else { Err(InvalidRoleName) }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoleName({})", self.0)
    }
}
impl std::borrow::Borrow<str> for RoleName {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// On whose behalf a request is made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// A person or service account.
    User(UserId),
    /// An API key that belongs to the tenant itself.
    ApiKey(ApiKeyId),
}

impl Subject {
    /// The user, if there is one.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::ApiKey(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    /// The `sub` claim: a bare UUID. Ids of users and keys never collide.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::ApiKey(id) => id.fmt(f),
        }
    }
}

/// How the caller proved who they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A signed access token (RFC 9068).
    Jwt,
    /// An API key.
    ApiKey,
    /// A session cookie.
    Session,
}

/// An authenticated caller, as every stage after authentication sees it. Immutable and shared: the
/// edge caches it behind an `Arc`.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The tenant the credential belongs to.
    pub tenant: TenantId,
    /// Who.
    pub subject: Subject,
    /// How.
    pub method: AuthMethod,
    /// The login behind the credential, where there is one.
    pub session: Option<SessionId>,
    /// The access token's id, where the credential is one.
    pub token: Option<TokenId>,
    /// The API key, where the credential is one or a token was obtained with one.
    pub api_key: Option<ApiKeyId>,
    /// Roles at the time of authentication. The edge replaces them by newer ones it has heard of.
    pub roles: Arc<[RoleName]>,
    /// What the credential is narrowed to (an API key's own permissions). `None`: not narrowed.
    pub narrowed_to: Option<Arc<GrantSet>>,
    /// OAuth scopes, space separated (RFC 6749 §3.3). Empty: none.
    pub scope: Arc<str>,
    /// Addresses the credential may be used from. Empty: anywhere. Text form of CIDRs is parsed once,
    /// where the credential is resolved.
    pub networks: Arc<[Network]>,
    /// The credential's own rate limits, on top of the route's.
    pub limits: Arc<[Rate]>,
    /// When the person last proved who they are (`auth_time`).
    pub authenticated_at: Timestamp,
    /// With what they proved it (`amr`). Empty for an API key.
    pub amr: Amr,
    /// The administrator who acts as the subject, where it is not the person themselves (`act`, RFC 8693 §4.1).
    pub impersonator: Option<UserId>,
    /// When the credential stops being valid.
    pub expires_at: Timestamp,
}

/// An address range in CIDR notation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: std::net::IpAddr,
    prefix: u8,
}

/// Why a text is not an address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address or a CIDR range such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct InvalidNetwork(String);

impl Network {
    /// Whether the address lies in the range. An IPv4-mapped IPv6 address counts as its IPv4 one.
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        fn bits(a: std::net::IpAddr) -> (u128, u8) {
            match a.to_canonical() {
                std::net::IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
                std::net::IpAddr::V6(v6) => (v6.to_bits(), 128),
            }
        }
        let ((own, width), (other, other_width)) = (bits(self.address), bits(address));
        width == other_width && (self.prefix == 0 || (own ^ other) >> (width - self.prefix) == 0)
    }
    /// An address in the range.
    pub const fn address(&self) -> std::net::IpAddr {
        self.address
    }
    /// How many bits all its addresses share.
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }
    /// Whether every address of the other range lies in this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidNetwork(text.chars().take(64).collect());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| invalid())?)),
            None => (text, None),
        };
        let address = address.parse::<std::net::IpAddr>().map_err(|_| invalid())?.to_canonical();
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        if prefix > width { Err(invalid()) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses() {
        let has = |n: &str, a: &str| n.parse::<Network>().expect(n).contains(a.parse().expect(a));
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("10.0.0.0/8", "::ffff:10.1.2.3"), "mapped addresses are their IPv4 selves");
        assert!(has("2001:db8::/32", "2001:db8:1::1") && !has("2001:db8::/32", "10.0.0.1"));
        assert!(has("0.0.0.0/0", "1.2.3.4") && has("127.0.0.1", "127.0.0.1") && !has("127.0.0.1", "127.0.0.2"));
        let covers = |a: &str, b: &str| a.parse::<Network>().expect(a).covers(&b.parse::<Network>().expect(b));
        assert!(covers("10.0.0.0/8", "10.1.0.0/16") && !covers("10.1.0.0/16", "10.0.0.0/8"));
        assert!(covers("10.9.0.0/8", "10.0.0.0/8") && !covers("0.0.0.0/0", "::/0"), "by its bits; families differ");
        assert!("10.0.0.0/33".parse::<Network>().is_err() && "10.0.0".parse::<Network>().is_err());
    }
}
