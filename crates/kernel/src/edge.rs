//! What the control plane publishes and the data plane reads.
//!
//! Identity writes here, the gateway reads: a request at the edge touches only this memory. Each part
//! is an immutable snapshot behind an [`ArcSwap`], but for [`Revocations`], which change one by one and
//! live in lock-free maps. The one thing that is asked rather than read is a credential that the edge
//! has not seen yet: the [`Authenticator`].

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::{
    ApiKeyId, GrantSet, Permission, Principal, Problem, RoleName, Secret, SessionId, TenantId, Timestamp, TokenId,
    UserId, jose::KeyRing,
};

/// Everything the edge needs to decide on its own. Shared by `Arc`, one for each node.
#[derive(Debug, Default)]
pub struct Edge {
    /// Tenants and how a request finds its own.
    pub tenants: ArcSwap<Tenants>,
    /// What roles grant, by tenant.
    pub access: ArcSwap<Access>,
    /// Keys that verify access tokens.
    pub keys: ArcSwap<KeyRing>,
    /// What has been taken back.
    pub revocations: Revocations,
    /// Rises when a cached credential may have changed: what was cached under an older epoch is asked
    /// for again.
    credentials_epoch: AtomicU64,
    /// Whether everything has been loaded once.
    ready: AtomicBool,
}

impl Edge {
    /// An empty edge, not ready.
    pub fn new() -> Self {
        Self::default()
    }
    /// The epoch to store beside a cached credential.
    pub fn credentials_epoch(&self) -> u64 {
        self.credentials_epoch.load(Ordering::Acquire)
    }
    /// Makes the edge ask again for every credential it has cached.
    pub fn forget_credentials(&self) {
        self.credentials_epoch.fetch_add(1, Ordering::AcqRel);
    }
    /// Whether everything has been loaded once; `/readyz` is false until then.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
    /// Said by the publisher after the first complete load.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

/// One tenant, as the edge needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in URLs: `/t/{slug}`.
    pub slug: Arc<str>,
    /// For people.
    pub name: Arc<str>,
    /// Hosts that belong to it, lower case, without port.
    pub hosts: Vec<Arc<str>>,
    /// The `iss` of its tokens.
    pub issuer: Arc<str>,
    /// Suspended tenants are refused everything.
    pub suspended: bool,
}

/// All tenants, indexed by the ways a request names one.
#[derive(Clone, Debug, Default)]
pub struct Tenants {
    by_id: HashMap<TenantId, Arc<Tenant>>,
    by_slug: HashMap<Arc<str>, Arc<Tenant>>,
    by_host: HashMap<Arc<str>, Arc<Tenant>>,
    default: Option<Arc<Tenant>>,
}

impl Tenants {
    /// Indexes the tenants. `default` is the one for requests that name none.
    pub fn new(tenants: impl IntoIterator<Item = Tenant>, default: TenantId) -> Self {
        let mut all = Self::default();
        for tenant in tenants {
            let tenant = Arc::new(tenant);
            for host in &tenant.hosts {
                all.by_host.insert(host.clone(), tenant.clone());
            }
            all.by_slug.insert(tenant.slug.clone(), tenant.clone());
            if tenant.id == default {
                all.default = Some(tenant.clone());
            }
            all.by_id.insert(tenant.id, tenant);
        }
        all
    }
    /// By id.
    pub fn by_id(&self, id: TenantId) -> Option<&Arc<Tenant>> {
        self.by_id.get(&id)
    }
    /// By slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<Tenant>> {
        self.by_slug.get(slug)
    }
    /// By host name, lower case, without port.
    pub fn by_host(&self, host: &str) -> Option<&Arc<Tenant>> {
        self.by_host.get(host)
    }
    /// For requests that name none.
    pub fn default_tenant(&self) -> Option<&Arc<Tenant>> {
        self.default.as_ref()
    }
    /// Every tenant.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.by_id.values()
    }
}

/// What roles grant, inheritance already applied.
#[derive(Clone, Debug, Default)]
pub struct Access {
    tenants: HashMap<TenantId, Arc<HashMap<RoleName, GrantSet>>>,
}

impl Access {
    /// The roles of all tenants.
    pub fn new(tenants: impl IntoIterator<Item = (TenantId, HashMap<RoleName, GrantSet>)>) -> Self {
        Self { tenants: tenants.into_iter().map(|(tenant, roles)| (tenant, Arc::new(roles))).collect() }
    }
    /// Replaces one tenant's roles.
    #[must_use]
    pub fn with(&self, tenant: TenantId, roles: HashMap<RoleName, GrantSet>) -> Self {
        let mut next = self.clone();
        next.tenants.insert(tenant, Arc::new(roles));
        next
    }
    /// Whether one of the roles grants the permission in the tenant.
    pub fn allows(&self, tenant: TenantId, roles: &[RoleName], permission: &Permission) -> bool {
        self.tenants
            .get(&tenant)
            .is_some_and(|known| roles.iter().any(|r| known.get(r).is_some_and(|g| g.allows(permission))))
    }
    /// What one role of the tenant grants.
    pub fn role(&self, tenant: TenantId, role: &str) -> Option<&GrantSet> {
        self.tenants.get(&tenant)?.get(role)
    }
    /// Whether the caller may: by role, and within what the credential is narrowed to.
    pub fn permits(&self, principal: &Principal, permission: &Permission) -> bool {
        let within = principal.narrowed_to.as_ref().is_none_or(|own| own.allows(permission));
        within
            && match principal.subject {
                // A tenant's own key has no roles: what it was given is all it has.
                crate::Subject::ApiKey(_) => principal.narrowed_to.is_some(),
                crate::Subject::User(_) => self.allows(principal.tenant, &principal.roles, permission),
            }
    }
}

/// What is newer than the tokens that still circulate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The user is disabled or deleted: nothing of theirs is accepted.
    Disabled,
    /// The user's roles have changed: these hold, whatever a token says.
    Roles(Arc<[RoleName]>),
}

/// What has been taken back but might still be presented: entries are dropped once every token they
/// could concern has expired by itself.
#[derive(Debug, Default)]
pub struct Revocations {
    sessions: papaya::HashMap<SessionId, Timestamp>,
    tokens: papaya::HashMap<TokenId, Timestamp>,
    api_keys: papaya::HashMap<ApiKeyId, Timestamp>,
    users: papaya::HashMap<UserId, (Standing, Timestamp)>,
}

impl Revocations {
    /// The session has ended. `until`: when the last token of it has expired.
    pub fn revoke_session(&self, id: SessionId, until: Timestamp) {
        self.sessions.pin().insert(id, until);
    }
    /// This one token is denied.
    pub fn revoke_token(&self, id: TokenId, until: Timestamp) {
        self.tokens.pin().insert(id, until);
    }
    /// The API key is revoked.
    pub fn revoke_api_key(&self, id: ApiKeyId, until: Timestamp) {
        self.api_keys.pin().insert(id, until);
    }
    /// The user's standing differs from what tokens say. `Standing::Disabled` is kept until lifted.
    pub fn set_standing(&self, id: UserId, standing: Standing, until: Timestamp) {
        self.users.pin().insert(id, (standing, until));
    }
    /// The user is as their tokens say.
    pub fn clear_standing(&self, id: UserId) {
        self.users.pin().remove(&id);
    }
    /// The user's standing, if it differs from what tokens say.
    pub fn standing(&self, id: UserId) -> Option<Standing> {
        self.users.pin().get(&id).map(|(standing, _)| standing.clone())
    }
    /// Whether the caller's credential has been taken back.
    pub fn covers(&self, principal: &Principal) -> bool {
        principal.session.is_some_and(|s| self.sessions.pin().contains_key(&s))
            || principal.token.is_some_and(|t| self.tokens.pin().contains_key(&t))
            || principal.api_key.is_some_and(|k| self.api_keys.pin().contains_key(&k))
    }
    /// Drops what no longer matters at `now`.
    pub fn sweep(&self, now: Timestamp) {
        self.sessions.pin().retain(|_, until| *until > now);
        self.tokens.pin().retain(|_, until| *until > now);
        self.api_keys.pin().retain(|_, until| *until > now);
        self.users.pin().retain(|_, (standing, until)| *standing == Standing::Disabled || *until > now);
    }
    /// How many entries there are, for metrics.
    pub fn len(&self) -> usize {
        self.sessions.len() + self.tokens.len() + self.api_keys.len() + self.users.len()
    }
    /// Whether nothing is taken back.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A credential the edge cannot judge by itself.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key, whole.
    ApiKey(Secret),
    /// The value of the session cookie.
    SessionCookie(Secret),
}

/// Resolves credentials that the edge has not seen yet. Implemented by identity; answers are cached by
/// the edge until [`Edge::credentials_epoch`] rises or the entry expires.
pub trait Authenticator: Send + Sync + 'static {
    /// Who presents this. A refusal is a problem such as `credentials.invalid`.
    fn authenticate(&self, credential: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>>;
}

/// Counts against a limit shared by all nodes (or local, when there is one node). Implemented by the
/// composition root over the gateway's limiter; used by identity for limits whose key only it knows,
/// such as the account of a login.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes one unit of `key` under `rate`. `Err` is the wait until one is allowed again.
    fn take(&self, key: String, rate: crate::Rate) -> BoxFuture<'_, Result<(), Duration>>;
}

/// A part of the system that can say how it is. `/health` names each.
pub trait HealthCheck: Send + Sync + 'static {
    /// `database`, `kv`, `bus`, `upstream:orders`.
    fn name(&self) -> String;
    /// Checks now. Called in the background; `/health` answers from the last results.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;
    /// What it consists of, for operators: the targets of an upstream. Answered from memory.
    fn parts(&self) -> Vec<PartState> {
        Vec::new()
    }
}

/// One of the things that a part of the system consists of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartState {
    /// Its name: `10.0.0.7:8080`.
    pub name: String,
    /// In a word: `ok`, `down`, `ejected`.
    pub state: &'static str,
    /// What is, or was last, wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
