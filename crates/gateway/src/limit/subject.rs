//! Whom a rule counts in a request.

use std::net::IpAddr;

use http::HeaderMap;
use kernel::{ApiKeyId, Principal, RoleName, Subject, TenantId};
use smallvec::SmallVec;
use uuid::Uuid;

use super::{LimitBy, LimitWhen};

/// Who is asking, as far as limits care.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The client's address, as far as trusted proxies vouch for it.
    pub client_ip: IpAddr,
    /// The tenant the request is about.
    pub tenant: TenantId,
    /// The authenticated caller.
    pub principal: Option<&'a Principal>,
    /// The request's headers, for rules by header.
    pub headers: &'a HeaderMap,
}

/// One counted subject. Different kinds never share a counter: each is hashed with its own tag.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counted<'a> {
    Everybody,
    Address(IpAddr),
    User(Subject),
    ApiKey(ApiKeyId),
    Tenant(TenantId),
    Roles(TenantId, &'a [RoleName]),
    Header(&'a [u8]),
    /// A combination.
    Together(&'a Caller<'a>, &'a [LimitBy]),
    /// A key that only the asker understands, such as the account of a login.
    Named(&'a str),
}

impl<'a> Caller<'a> {
    /// Whether a rule with this condition is for the request.
    pub(super) const fn is(&self, when: LimitWhen) -> bool {
        match when {
            LimitWhen::Always => true,
            LimitWhen::Anonymous => self.principal.is_none(),
            LimitWhen::Authenticated => self.principal.is_some(),
        }
    }

    /// Whom to count. Without the subject that the rule names, it is the address.
    pub(super) fn counted(&'a self, by: &'a LimitBy) -> Counted<'a> {
        let address = Counted::Address(self.client_ip);
        match by {
            LimitBy::Ip => address,
            LimitBy::Route => Counted::Everybody,
            LimitBy::Tenant => Counted::Tenant(self.tenant),
            LimitBy::User => self.principal.map_or(address, |p| Counted::User(p.subject)),
            LimitBy::ApiKey => self.principal.and_then(|p| p.api_key).map_or(address, Counted::ApiKey),
            LimitBy::Role => self.principal.map_or(address, |p| Counted::Roles(p.tenant, &p.roles)),
            // The header's name is part of the rule's own identity.
            LimitBy::Header(name) => self.headers.get(name).map_or(address, |value| Counted::Header(value.as_bytes())),
            LimitBy::All(parts) => Counted::Together(self, parts),
        }
    }
}

impl Counted<'_> {
    /// Feeds an unambiguous encoding to a hash: a tag, then at most one part of variable length (role
    /// names are sorted, and their separator occurs in no name). In a combination the length of each part goes
    /// before it.
    pub(super) fn feed(&self, mut hash: impl FnMut(&[u8])) {
        match self {
            Self::Everybody => hash(b"*"),
            Self::Address(address) => match address.to_canonical() {
                IpAddr::V4(v4) => {
                    hash(b"4");
                    hash(&v4.octets());
                }
                IpAddr::V6(v6) => {
                    hash(b"6");
                    // The /64: what one subscriber is given.
                    hash(&v6.octets()[..8]);
                }
            },
            Self::User(Subject::User(id)) => hash(&tagged(b'u', id.uuid())),
            Self::User(Subject::ApiKey(id)) => hash(&tagged(b'u', id.uuid())),
            Self::ApiKey(id) => hash(&tagged(b'k', id.uuid())),
            Self::Tenant(id) => hash(&tagged(b't', id.uuid())),
            Self::Roles(tenant, roles) => {
                hash(&tagged(b'r', tenant.uuid()));
                let mut names: SmallVec<[&str; 8]> = roles.iter().map(RoleName::as_str).collect();
                names.sort_unstable();
                names.dedup();
                for name in names {
                    hash(name.as_bytes());
                    hash(b",");
                }
            }
            Self::Header(value) => {
                hash(b"h");
                hash(value);
            }
            Self::Together(caller, parts) => {
                hash(b"+");
                for by in *parts {
                    let part = caller.counted(by).encoded();
                    hash(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                    hash(&part);
                }
            }
            Self::Named(name) => {
                hash(b"n");
                hash(name.as_bytes());
            }
        }
    }
}

impl Counted<'_> {
    /// The encoding, as a part of a combination.
    fn encoded(&self) -> SmallVec<[u8; 64]> {
        let mut part = SmallVec::new();
        self.feed(|bytes| part.extend_from_slice(bytes));
        part
    }
}

/// One piece for the hash instead of two: this is done for every request.
fn tagged(tag: u8, id: Uuid) -> [u8; 17] {
    let mut bytes = [tag; 17];
    bytes[1..].copy_from_slice(id.as_bytes());
    bytes
}
