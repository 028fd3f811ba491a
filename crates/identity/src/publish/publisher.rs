//! Takes changes into this node's memory.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kernel::{
    Clock, TenantId, Timestamp,
    edge::{Access, Edge, Standing, Tenant, Tenants},
    gate::{GateConfig, Made, Purge},
    jose::KeyRing,
};
use storage::{
    Store, StoreError,
    feed::{self, Apply},
};

use super::{
    Change, ring,
    snapshot::{self, UserState},
    stale::{Fresh, Stale},
};
use crate::{
    Settings,
    branding::{self, Brandings},
    gateway_config,
    keys::{self, Signers, StoredKey},
    settings::DEFAULT_SLUG,
    vault::Vault,
};

/// Writes the edge, and the [`Signers`] that go with its keys.
pub struct Publisher {
    /// The database.
    pub store: Store,
    /// What the gateway reads.
    pub edge: Arc<Edge>,
    /// What identity signs with.
    pub signers: Arc<Signers>,
    /// How pages look.
    pub brandings: Arc<Brandings>,
    /// Opens private keys.
    pub vault: Arc<Vault>,
    /// Puts routes and upstreams in force.
    pub gate: Arc<dyn GateConfig>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the operator decided.
    pub settings: Settings,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").finish_non_exhaustive()
    }
}

impl Apply for Publisher {
    fn load(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.load_everything())
    }

    fn apply<'a>(&'a self, changes: &'a [feed::Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let stale = self.take(changes);
            if stale.everything { self.load_everything().await } else { self.refresh(stale).await }
        })
    }
}

impl Publisher {
    async fn load_everything(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let since = now - self.settings.tokens.outlives();
        let settings = self.settings.clone();
        let (tenants, roles, keys, taken, brands, made) = self
            .store
            .system()
            .read(move |tx| {
                Box::pin(async move {
                    let tenants = snapshot::tenants(tx, None, &settings).await?;
                    let ids: Vec<TenantId> = tenants.iter().map(|t| t.id).collect();
                    let roles = snapshot::roles(tx, ids).await?;
                    let keys = keys::usable(tx, None).await?;
                    let taken = snapshot::taken_back(tx, since, now).await?;
                    let brands = branding::shown(tx, None).await?;
                    Ok::<_, StoreError>((tenants, roles, keys, taken, brands, gateway_config::load(tx).await?))
                })
            })
            .await?;
        // What is taken back comes first: a node that follows again after a while must not serve a
        // revoked credential while it takes in the rest.
        let until = |at: Timestamp| at + self.settings.tokens.outlives();
        let revoked = &self.edge.revocations;
        taken.sessions.into_iter().for_each(|(id, at)| revoked.revoke_session(id, until(at)));
        taken.tokens.into_iter().for_each(|(id, expires)| revoked.revoke_token(id, expires));
        taken.api_keys.into_iter().for_each(|(id, at)| revoked.revoke_api_key(id, until(at)));
        taken.users.into_iter().for_each(|user| self.publish_user(user));
        self.edge.access.store(Arc::new(Access::new(roles)));
        self.publish_keys(&tenants, keys, true);
        self.publish_tenants(tenants);
        self.brandings.replace(brands);
        self.edge.forget_credentials();
        self.publish_gate(made).await;
        // What was purged meanwhile nobody knows.
        self.purge(vec![Purge::default()]).await;
        self.edge.set_ready();
        Ok(())
    }

    /// On a thread for computing: thousands of routes take milliseconds.
    async fn publish_gate(&self, made: Made) {
        let gate = self.gate.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || gate.publish(made)).await {
            tracing::error!(%error, "routes and upstreams could not be put in force");
        }
    }

    /// Takes in what changes carry whole, and notes what they only name.
    fn take(&self, changes: &[feed::Change]) -> Stale {
        let mut stale = Stale::default();
        // Counted from now, which is later than the cause: kept longer than needed, never shorter.
        let until = self.clock.now() + self.settings.tokens.outlives();
        let revoked = &self.edge.revocations;
        for entry in changes {
            let tenant = entry.tenant;
            match Change::read(entry) {
                Some(Change::SessionsRevoked { sessions }) => {
                    sessions.into_iter().for_each(|id| revoked.revoke_session(id, until));
                }
                Some(Change::TokenDenied { jti, until }) => revoked.revoke_token(jti, until),
                Some(Change::ApiKeyRevoked { id }) => revoked.revoke_api_key(id, until),
                Some(Change::ApiKeyChanged { .. }) => stale.credentials = true,
                Some(Change::UserStanding { user }) => drop(stale.users.insert((tenant, user))),
                Some(Change::RolesChanged) => drop(stale.roles.insert(tenant)),
                Some(Change::BrandingChanged) => drop(stale.brands.insert(tenant)),
                Some(Change::KeysChanged) => drop(stale.keys.insert(tenant)),
                Some(Change::GatewayChanged { .. }) => stale.gate = true,
                Some(Change::CachePurged { purge }) => stale.purges.push(purge),
                Some(Change::TenantChanged) => {
                    // A new tenant brings roles and keys; another issuer or status concerns its keys
                    // and its cached credentials.
                    stale.tenants.insert(tenant);
                    stale.roles.insert(tenant);
                    stale.keys.insert(tenant);
                    stale.credentials = true;
                }
                None => {
                    tracing::warn!(seq = entry.seq, kind = entry.kind, "unknown change: loading everything anew");
                    stale.everything = true;
                }
            }
        }
        stale
    }

    async fn refresh(&self, mut stale: Stale) -> Result<(), StoreError> {
        let (credentials, gate, purges) = (stale.credentials, stale.gate, std::mem::take(&mut stale.purges));
        if stale.needs_reading() {
            let settings = self.settings.clone();
            let fresh =
                self.store.system().read(move |tx| Box::pin(async move { stale.read(tx, &settings).await })).await?;
            self.publish(fresh);
        }
        // Last: what is asked for again is then judged by the new state.
        if credentials {
            self.edge.forget_credentials();
        }
        // After everything that takes rights back: this one computes.
        if gate {
            let known = self.gate.made();
            let made = self
                .store
                .system()
                .read(move |tx| Box::pin(async move { gateway_config::since(tx, &known).await }))
                .await?;
            self.publish_gate(made).await;
        }
        self.purge(purges).await;
        Ok(())
    }

    /// On a thread for computing: everything that is kept is looked at.
    async fn purge(&self, purges: Vec<Purge>) {
        if purges.is_empty() {
            return;
        }
        let gate = self.gate.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || purges.iter().for_each(|p| gate.purge(p))).await {
            tracing::error!(%error, "kept answers could not be forgotten");
        }
    }

    fn publish(&self, fresh: Fresh) {
        let Fresh { tenants, roles, rekeyed, keys, users, brands } = fresh;
        if !tenants.is_empty() {
            let known = self.edge.tenants.load();
            let kept = known.iter().filter(|t| !tenants.contains_key(&t.id)).map(|t| Tenant::clone(t));
            self.publish_tenants(kept.chain(tenants.values().flatten().cloned()).collect());
        }
        for (tenant, roles) in roles {
            self.edge.access.store(Arc::new(self.edge.access.load().with(tenant, roles)));
        }
        if !rekeyed.is_empty() {
            let known = self.edge.tenants.load();
            let of: Vec<Tenant> = rekeyed.iter().filter_map(|id| known.by_id(*id)).map(|t| Tenant::clone(t)).collect();
            self.publish_keys(&of, keys, false);
        }
        if !brands.is_empty() {
            self.brandings.change(brands);
        }
        for (id, state) in users {
            match state {
                Some(state) => self.publish_user(state),
                None => self.edge.revocations.set_standing(id, Standing::Disabled, Timestamp::MAX),
            }
        }
    }

    fn publish_tenants(&self, tenants: Vec<Tenant>) {
        let default = tenants.iter().find(|t| *t.slug == *DEFAULT_SLUG).map(|t| t.id);
        // Before the first start there is no default tenant: nothing has the nil id.
        let default = default.unwrap_or_else(|| TenantId::from_uuid(uuid::Uuid::nil()));
        self.edge.tenants.store(Arc::new(Tenants::new(tenants, default)));
    }

    fn publish_keys(&self, tenants: &[Tenant], keys: Vec<StoredKey>, all: bool) {
        let parsed = ring::parse(tenants, keys, &self.vault, &self.signers);
        self.edge.keys.store(Arc::new(KeyRing::new(self.signers.publish(parsed, all))));
    }

    fn publish_user(&self, user: UserState) {
        match user.standing {
            Some(standing) => {
                let until = user.changed_at + self.settings.tokens.outlives();
                self.edge.revocations.set_standing(user.id, standing, until);
            }
            None => self.edge.revocations.clear_standing(user.id),
        }
    }
}
