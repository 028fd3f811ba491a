//! API keys and the decisions about them: pure.

use std::{sync::Arc, time::Duration};

use kernel::{
    ApiKeyId, AuthMethod, GrantSet, Principal, Problem, Rate, RoleName, Subject, TenantId, Timestamp, UserId,
    permission::Grant, principal::Network, problem::common,
};
use uuid::Uuid;

use super::{ENDED, ROTATED};

/// Most live keys of one user.
pub(super) const MAX_OF_USER: i64 = 100;
/// Most live keys of the tenant itself.
pub(super) const MAX_OF_TENANT: i64 = 1_000;
/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 100;
/// Most permissions of a key.
pub(super) const MAX_PERMISSIONS: usize = 256;
/// Most networks of a key.
pub(super) const MAX_NETWORKS: usize = 50;
/// Most limits of a key.
pub(super) const MAX_LIMITS: usize = 5;
/// A key that expires does so within this time: ten years.
pub(super) const MAX_LIFE: Duration = Duration::from_secs(10 * 366 * 86_400);
/// Longest time that a rotated key stays valid beside its successor.
pub(super) const MAX_OVERLAP: Duration = Duration::from_secs(7 * 86_400);
/// `last_used_at` is written at most this often.
pub(super) const USE_RESOLUTION: Duration = Duration::from_secs(60);

/// A key as stored, without its hash.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is; `None`: the tenant's own.
    pub owner: Option<UserId>,
    /// For people.
    pub name: String,
    /// The end of its secret, to tell keys apart.
    pub hint: String,
    /// What it is narrowed to; `None`: all that its owner may.
    pub permissions: Option<Vec<Grant>>,
    /// Where it may be used from; empty: anywhere.
    pub networks: Vec<Network>,
    /// Its own rate limits.
    pub limits: Vec<Rate>,
    /// The user or key that made it.
    pub created_by: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being valid.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// What it was replaced by.
    pub rotated_to: Option<ApiKeyId>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a key can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It can.
    Active,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// What a caller wants a new key to be.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) permissions: Option<Vec<Grant>>,
    pub(super) networks: Vec<Network>,
    pub(super) limits: Vec<Rate>,
    pub(super) expires_at: Option<Timestamp>,
}

/// What is to change about a key; `None`: nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Patch {
    pub(super) name: Option<String>,
    pub(super) networks: Option<Vec<Network>>,
    pub(super) limits: Option<Vec<Rate>>,
    /// `Some(None)`: it does not expire.
    pub(super) expires_at: Option<Option<Timestamp>>,
}

impl Patch {
    /// The key as it is to be.
    pub(super) fn apply(self, key: &ApiKey) -> ApiKey {
        let mut next = key.clone();
        next.name = self.name.unwrap_or(next.name);
        next.networks = self.networks.unwrap_or(next.networks);
        next.limits = self.limits.unwrap_or(next.limits);
        next.expires_at = match (self.expires_at, key.rotated_to) {
            (None, _) => next.expires_at,
            (Some(at), None) => at,
            // A key that was replaced ends when it was going to, at the latest.
            (Some(at), Some(_)) => at.into_iter().chain(next.expires_at).min(),
        };
        next
    }
}

/// What a presented key turned out to be.
#[derive(Clone, Debug)]
pub(super) struct Presented {
    pub(super) tenant: TenantId,
    pub(super) key: ApiKey,
    pub(super) tenant_active: bool,
    /// Whether the owner may use anything; true for a tenant's own key.
    pub(super) owner_active: bool,
    pub(super) roles: Vec<RoleName>,
}

/// How a key is replaced.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Rotation {
    /// When the old key ends; now: it is revoked.
    pub(super) old_ends: Timestamp,
    /// When the new one does.
    pub(super) new_expires: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it can be used at `now`.
    pub fn status(&self, now: Timestamp) -> Status {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Status::Revoked,
            (None, Some(at)) if at <= now => Status::Expired,
            (None, _) => Status::Active,
        }
    }

    /// Refuses to change a key that cannot be used any more.
    pub(super) fn must_live(&self, now: Timestamp) -> Result<(), Problem> {
        if self.status(now) == Status::Active { Ok(()) } else { Err(ENDED.into()) }
    }

    /// Decides how the key is replaced. The new one lives as long as this one was made for, unless the
    /// caller says otherwise.
    pub(super) fn rotate(
        &self,
        overlap: Duration,
        expires_at: Option<Option<Timestamp>>,
        now: Timestamp,
    ) -> Result<Rotation, Problem> {
        self.must_live(now)?;
        if self.rotated_to.is_some() {
            return Err(ROTATED.into());
        }
        let end = now + overlap.min(MAX_OVERLAP);
        let old_ends = self.expires_at.map_or(end, |at| at.min(end));
        let as_long = || self.expires_at.map(|at| now + at.since(self.created_at).min(MAX_LIFE));
        Ok(Rotation { old_ends, new_expires: expires_at.unwrap_or_else(as_long) })
    }
}

/// Whether a time is one that a key may expire at.
pub(super) fn expiry(at: Timestamp, now: Timestamp) -> Result<Timestamp, &'static str> {
    if at <= now {
        Err("must lie in the future")
    } else if at > now + MAX_LIFE {
        Err("must lie within ten years")
    } else {
        Ok(at)
    }
}

impl Presented {
    /// Whom the key speaks for, if anybody. All reasons to refuse look the same to the caller.
    pub(super) fn principal(self, now: Timestamp) -> Result<Principal, &'static str> {
        let Self { tenant, key, tenant_active, owner_active, roles } = self;
        match key.status(now) {
            Status::Revoked => return Err("revoked"),
            Status::Expired => return Err("expired"),
            Status::Active if !owner_active => return Err("the owner is not active"),
            Status::Active if !tenant_active => return Err("the tenant is not active"),
            Status::Active => {}
        }
        let narrowed_to = key.permissions.map(|own| Arc::new(own.into_iter().collect::<GrantSet>()));
        let (subject, narrowed_to) = match key.owner {
            Some(user) => (Subject::User(user), narrowed_to),
            // Without an owner there is nothing to narrow: such a key has what it was given or nothing.
            None => (Subject::ApiKey(key.id), Some(narrowed_to.unwrap_or_default())),
        };
        Ok(Principal {
            tenant,
            subject,
            method: AuthMethod::ApiKey,
            session: None,
            token: None,
            api_key: Some(key.id),
            roles: roles.into(),
            narrowed_to,
            scope: "".into(),
            networks: key.networks.into(),
            limits: key.limits.into(),
            authenticated_at: key.created_at,
            amr: kernel::Amr::NONE,
            impersonator: None,
            expires_at: key.expires_at.unwrap_or(Timestamp::MAX),
        })
    }
}

/// An id in a path; what is none names nothing.
pub(super) fn key_id(text: &str) -> Result<ApiKeyId, Problem> {
    text.parse().map_err(|_| common::NOT_FOUND.into())
}
