//! Devices as values, and how they are recognised.

use std::{net::IpAddr, time::Duration};

use http::{HeaderMap, header};
use kernel::{DeviceId, Secret, Timestamp, UserId};
use storage::{StoreError, TenantTx};

use super::{cookie, store};
use crate::vault::Vault;

/// Longest `User-Agent` that is kept, in characters.
const USER_AGENT: usize = 256;
/// Most devices of one user.
pub(super) const MOST: i64 = 100;
/// Longest name that people give, in characters.
pub(super) const MAX_NAME: usize = 64;

/// What a request shows of the device that it comes from.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The value of the device's cookie.
    pub(super) cookie: Option<Secret>,
    /// Which program it is, by its own account; bounded.
    pub(super) user_agent: String,
    /// From where.
    pub(super) ip: IpAddr,
    /// Whether it is a browser that would keep a cookie of ours, as far as it says.
    pub(super) keeps: bool,
}

/// By what a device is recognised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) hash: [u8; 32],
    /// By a cookie.
    pub(super) browser: bool,
}

impl Shown {
    /// Reads it from a request that came from `ip`.
    pub fn read(headers: &HeaderMap, ip: IpAddr) -> Self {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let user_agent = text(header::USER_AGENT).unwrap_or_default();
        let cookie = cookie::read(headers);
        // Fetch Metadata: a page of ours, or the person by hand. Others' pages may not keep what we set.
        let site = text(http::HeaderName::from_static("sec-fetch-site"));
        Self {
            keeps: cookie.is_some() || matches!(site, Some("same-origin" | "none")),
            cookie,
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect(),
            ip,
        }
    }

    /// Which program it is, by its own account; bounded.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// Whether it shows a device's cookie, whosever that is.
    pub const fn has_cookie(&self) -> bool {
        self.cookie.is_some()
    }

    /// A name for it, for people.
    pub fn name(&self) -> String {
        super::agent::name(&self.user_agent)
    }

    /// The browser, if it has logged in to this account before. The question is asked without a cookie too, and
    /// of an account that does not exist: what it costs says nothing.
    pub async fn recognise(&self, tx: &mut TenantTx, vault: &Vault, user: UserId) -> Result<Option<Known>, StoreError> {
        let nothing = Secret::new(String::new());
        let mark = Self::by_cookie(vault, user, self.cookie.as_ref().unwrap_or(&nothing));
        store::by_mark(tx, user, &mark).await
    }

    /// The mark of a browser with this cookie.
    pub(super) fn by_cookie(vault: &Vault, user: UserId, cookie: &Secret) -> Mark {
        let hash = vault.hash_device(user.uuid().as_bytes(), b"cookie", &[cookie.expose().as_bytes()]);
        Mark { hash, browser: true }
    }

    /// The mark of a program in a network: IPv4 /16 or IPv6 /32, which is what people move about in.
    pub(super) fn by_program(&self, vault: &Vault, user: UserId) -> Mark {
        let network = match self.ip {
            IpAddr::V4(v4) => v4.octets()[..2].to_vec(),
            IpAddr::V6(v6) => v6.octets()[..4].to_vec(),
        };
        let parts = [self.user_agent.as_bytes(), network.as_slice()];
        Mark { hash: vault.hash_device(user.uuid().as_bytes(), b"program", &parts), browser: false }
    }
}

/// A browser that has logged in to the account before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Which.
    pub id: DeviceId,
    /// Since when the account's owner trusts it, if they do.
    pub trusted_at: Option<Timestamp>,
}

impl Known {
    /// Whether it is trusted at `now`, where trust lasts for so long: what a tenant decides about that holds for trust
    /// that was given before, too.
    pub fn is_trusted(&self, now: Timestamp, life: Duration) -> bool {
        self.trusted_at.is_some_and(|at| now < at + life)
    }
}

/// A device as its user sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Id.
    pub id: DeviceId,
    /// What it is called.
    pub name: String,
    /// Which program it is, by its own account.
    pub user_agent: String,
    /// From where it last logged in.
    pub ip: String,
    /// First login.
    pub first_seen_at: Timestamp,
    /// Last login or noted use of one of its sessions.
    pub last_seen_at: Timestamp,
    /// Until when it is trusted, where it is.
    pub trusted_until: Option<Timestamp>,
    /// Whether it is the one that asks.
    pub current: bool,
}
