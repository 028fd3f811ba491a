//! Tenants as values: pure.

use std::{fmt, net::IpAddr, str::FromStr};

use kernel::{TenantId, Timestamp, UserId};
use uuid::Uuid;

use crate::users::NewUser;

/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 100;
/// Most hosts of a tenant.
pub(super) const MAX_HOSTS: usize = 20;

/// The name of a tenant in URLs: `/t/{slug}`. Never changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must have 2 to 63 characters of a-z, 0-9 and `-`, begin with a letter and not end with `-`")]
pub struct InvalidSlug;

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;
    /// A DNS label (RFC 1035 §2.3.1), since it may become a subdomain. A UUID is none: `X-Tenant-ID`
    /// takes both, and one text must not name two tenants.
    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let ok = (2..=63).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && Uuid::try_parse(text).is_err();
        if ok { Ok(Self(text.to_owned())) } else { Err(InvalidSlug) }
    }
}

/// A host name that belongs to a tenant: lower case, without port.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Host(String);

/// Why a text is not a host name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a host name such as login.example.com: no port, no address, no wildcard")]
pub struct InvalidHost;

impl Host {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host in a URL, if it has a name.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        host.parse().ok()
    }
}

impl FromStr for Host {
    type Err = InvalidHost;
    /// RFC 1123 §2.1. International names come as punycode: what looks alike must not be two hosts.
    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        // A name that ends in a number is an address in disguise (WHATWG URL §3.5).
        let number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
        let ok = text.len() <= 253
            && text.split('.').all(label)
            && !text.rsplit('.').next().is_none_or(number)
            && text.parse::<IpAddr>().is_err();
        if ok { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidHost) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a tenant is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TenantStatus)]
pub enum Status {
    /// It is.
    Active,
    /// Everything is refused to it.
    Suspended,
}

impl Status {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A tenant as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in URLs.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Whether it is served.
    pub status: Status,
    /// Hosts that belong to it, sorted.
    pub hosts: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A tenant to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in URLs.
    pub slug: Slug,
    /// For people.
    pub name: String,
    /// Hosts that belong to it.
    pub hosts: Vec<Host>,
}

/// The first administrator of a new tenant, who holds everything of it.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    /// Their id.
    pub id: UserId,
    /// The account, its password hashed.
    pub account: NewUser,
}

/// What is to change about a tenant; `None`: nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Patch {
    pub(super) name: Option<String>,
    pub(super) hosts: Option<Vec<Host>>,
}
