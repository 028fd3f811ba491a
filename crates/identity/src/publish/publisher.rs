//! Takes changes into this node's memory.

use std::{collections::HashMap, collections::HashSet, sync::Arc};

use futures_util::future::BoxFuture;
use kernel::{
    Clock, TenantId, Timestamp, UserId,
    edge::{Edge, Standing, Tenant, Tenants},
    jose::{Jwk, JwkSet, KeyRing, RingKey, SigningKey, VerifyingKey},
};
use storage::{
    Store, StoreError,
    feed::{self, Apply},
};

use super::{Change, snapshot};
use crate::{
    Settings,
    keys::{self, JwksDocument, Published, Signers, StoredKey},
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
    /// Opens private keys.
    pub vault: Arc<Vault>,
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

/// What a run of changes makes necessary to read again: each once, however often it changed.
#[derive(Default)]
struct Stale {
    everything: bool,
    tenants: HashSet<TenantId>,
    roles: HashSet<TenantId>,
    keys: HashSet<TenantId>,
    users: HashSet<(TenantId, UserId)>,
    credentials: bool,
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
        let (tenants, keys, taken) = self
            .store
            .system()
            .read(move |tx| {
                Box::pin(async move {
                    let tenants = snapshot::tenants(tx, None, &settings).await?;
                    let keys = keys::usable(tx, None).await?;
                    Ok::<_, StoreError>((tenants, keys, snapshot::taken_back(tx, since, now).await?))
                })
            })
            .await?;
        let keys = self.keys_of(&tenants, keys);
        self.edge.keys.store(Arc::new(KeyRing::new(self.signers.publish(keys, true))));
        self.publish_tenants(tenants);
        let until = |at: Timestamp| at + self.settings.tokens.outlives();
        let revoked = &self.edge.revocations;
        taken.sessions.into_iter().for_each(|(id, at)| revoked.revoke_session(id, until(at)));
        taken.tokens.into_iter().for_each(|(id, expires)| revoked.revoke_token(id, expires));
        taken.api_keys.into_iter().for_each(|(id, at)| revoked.revoke_api_key(id, until(at)));
        taken.users.into_iter().for_each(|user| self.publish_user(user));
        self.edge.forget_credentials();
        self.edge.set_ready();
        Ok(())
    }

    /// Takes in what changes carry whole, and notes what they only name.
    fn take(&self, changes: &[feed::Change]) -> Stale {
        let mut stale = Stale::default();
        // From now on is later than from the cause on: kept longer than needed, never shorter.
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
                Some(Change::KeysChanged) => drop(stale.keys.insert(tenant)),
                Some(Change::TenantChanged) => {
                    // A new issuer or status concerns its keys and cached credentials too.
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

    async fn refresh(&self, stale: Stale) -> Result<(), StoreError> {
        let Stale { tenants: changed, roles: _, keys: rekeyed, users, credentials, .. } = stale;
        if changed.is_empty() && rekeyed.is_empty() && users.is_empty() {
            if credentials {
                self.edge.forget_credentials();
            }
            return Ok(());
        }
        let settings = self.settings.clone();
        let (wanted, keyed) = (changed.clone(), rekeyed.clone());
        let (tenants, keys, users) = self
            .store
            .system()
            .read(move |tx| {
                Box::pin(async move {
                    let mut tenants = Vec::new();
                    for id in &wanted {
                        tenants.extend(snapshot::tenants(tx, Some(*id), &settings).await?);
                    }
                    let mut keys = Vec::new();
                    for id in &keyed {
                        keys.extend(keys::usable(tx, Some(*id)).await?);
                    }
                    let mut states = Vec::new();
                    for (tenant, user) in users {
                        states.push((user, snapshot::user(tx, tenant, user).await?));
                    }
                    Ok::<_, StoreError>((tenants, keys, states))
                })
            })
            .await?;
        if !changed.is_empty() {
            let known = self.edge.tenants.load();
            let kept = known.iter().filter(|t| !changed.contains(&t.id)).map(|t| Tenant::clone(t));
            self.publish_tenants(kept.chain(tenants).collect());
        }
        if !rekeyed.is_empty() {
            let known = self.edge.tenants.load();
            let of: Vec<Tenant> = rekeyed.iter().filter_map(|id| known.by_id(*id)).map(|t| Tenant::clone(t)).collect();
            let keys = self.keys_of(&of, keys);
            self.edge.keys.store(Arc::new(KeyRing::new(self.signers.publish(keys, false))));
        }
        for (id, state) in users {
            match state {
                Some(state) => self.publish_user(state),
                None => self.edge.revocations.set_standing(id, Standing::Disabled, Timestamp::MAX),
            }
        }
        if credentials {
            self.edge.forget_credentials();
        }
        Ok(())
    }

    fn publish_tenants(&self, tenants: Vec<Tenant>) {
        let default = tenants.iter().find(|t| *t.slug == *DEFAULT_SLUG).map(|t| t.id);
        // Before the first start there is no default tenant: nothing has the nil id.
        let default = default.unwrap_or_else(|| TenantId::from_uuid(uuid::Uuid::nil()));
        self.edge.tenants.store(Arc::new(Tenants::new(tenants, default)));
    }

    fn publish_user(&self, user: snapshot::UserState) {
        match user.standing {
            Some(standing) => {
                let until = user.changed_at + self.settings.tokens.outlives();
                self.edge.revocations.set_standing(user.id, standing, until);
            }
            None => self.edge.revocations.clear_standing(user.id),
        }
    }

    /// Parses the keys of these tenants. A key that cannot be used is left out and told: one damaged
    /// row must not stop the others.
    fn keys_of(&self, tenants: &[Tenant], stored: Vec<StoredKey>) -> HashMap<TenantId, Arc<Published>> {
        let mut by_tenant: HashMap<TenantId, Vec<StoredKey>> = HashMap::new();
        for key in stored {
            by_tenant.entry(key.tenant).or_default().push(key);
        }
        let of = |tenant: &Tenant| {
            let (mut active, mut ring, mut set) = (None, Vec::new(), JwkSet::default());
            for key in by_tenant.remove(&tenant.id).unwrap_or_default() {
                match self.parse(&key) {
                    Ok((jwk, verifying, signing)) => {
                        let ring_key = RingKey { tenant: tenant.id, issuer: tenant.issuer.clone(), key: verifying };
                        ring.push((Arc::from(jwk.kid.as_str()), ring_key));
                        set.keys.push(jwk);
                        active = active.or(signing);
                    }
                    Err(reason) => {
                        tracing::error!(tenant = %tenant.slug, kid = key.kid, reason, "a signing key cannot be used");
                    }
                }
            }
            (tenant.id, Arc::new(Published { active, ring, jwks: Arc::new(JwksDocument::new(&set)) }))
        };
        tenants.iter().map(of).collect()
    }

    fn parse(&self, key: &StoredKey) -> Result<(Jwk, VerifyingKey, Option<Arc<SigningKey>>), String> {
        let jwk: Jwk = serde_json::from_value(key.public_jwk.clone()).map_err(|e| e.to_string())?;
        let verifying = VerifyingKey::from_jwk(&jwk).map_err(|e| e.to_string())?;
        let signing = match self.signers.current(key.tenant, &key.kid) {
            held if !key.active || held.is_some() => held.filter(|_| key.active),
            _ => Some(Arc::new(keys::open(&self.vault, key, jwk.alg)?)),
        };
        Ok((jwk, verifying, signing))
    }
}
