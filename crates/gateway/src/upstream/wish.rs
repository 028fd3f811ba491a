//! What a request would like of the choice of its target.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Principal, Subject};

use super::{Upstream, balance::digest, group::Wish, send::Answer, sticky};
use crate::config::{Balance, HashBy, UpstreamConfig};

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// As the client sent them.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) ip: IpAddr,
    /// Normalised.
    pub(crate) path: &'a str,
}

impl Caller<'_> {
    /// A number that stays with the caller, or with the address of one who is not known.
    pub(crate) fn number(&self) -> u64 {
        HashKey::User.subject(self)
    }
}

/// What `balance = "hash"` tells requests apart by, compiled.
pub(super) enum HashKey {
    Ip,
    User,
    Path,
    Header(HeaderName),
    Cookie(Box<str>),
}

impl HashKey {
    /// `None` when nothing is hashed.
    pub(super) fn new(config: &UpstreamConfig) -> Option<Self> {
        if config.balance != Balance::Hash {
            return None;
        }
        Some(match &config.hash_by {
            HashBy::Ip => Self::Ip,
            HashBy::User => Self::User,
            HashBy::Path => Self::Path,
            HashBy::Header(name) => Self::Header(HeaderName::from_bytes(name.as_bytes()).ok()?),
            HashBy::Cookie(name) => Self::Cookie(name.as_str().into()),
        })
    }

    fn subject(&self, caller: &Caller<'_>) -> u64 {
        let own = match self {
            Self::Path => Some(digest(caller.path.as_bytes())),
            Self::User => caller.principal.map(|principal| {
                let id = match &principal.subject {
                    Subject::User(id) => id.uuid(),
                    Subject::ApiKey(id) => id.uuid(),
                };
                digest(id.as_bytes())
            }),
            Self::Header(name) => caller.headers.get(name).map(|value| digest(value.as_bytes())),
            Self::Cookie(name) => sticky::cookie(caller.headers, name).map(digest),
            Self::Ip => None,
        };
        own.unwrap_or_else(|| match caller.ip {
            IpAddr::V4(v4) => digest(&v4.octets()),
            IpAddr::V6(v6) => digest(&v6.octets()),
        })
    }
}

impl Upstream {
    /// What a request would like of the choice.
    pub(crate) fn wish(&self, caller: &Caller<'_>) -> Wish {
        Wish {
            subject: self.hash_key.as_ref().map_or(0, |key| key.subject(caller)),
            own: self.sticky.as_ref().and_then(|sticky| sticky.read(caller.headers)),
        }
    }

    /// The cookie that keeps the visitor with the target that answered, unless they have it already.
    /// `secure`: the visitor came over TLS.
    pub(crate) fn cookie(&self, wish: &Wish, answer: &Answer, secure: bool) -> Option<HeaderValue> {
        let sticky = self.sticky.as_ref()?;
        let group = self.group.load();
        let target = group.targets().find(|target| std::sync::Arc::ptr_eq(&target.label, &answer.target))?;
        let id = target.id.filter(|id| wish.own != Some(*id))?;
        sticky.write(id, secure)
    }
}
