//! What every slice is given.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kernel::{Clock, Problem, Random, TenantId, Timestamp, edge::Edge, edge::RateLimiter, gate::GateConfig};
use storage::{Store, StoreError, TenantTx, feed::Feed};

use crate::{
    Settings,
    branding::{Brandings, Wording},
    keys::Signers,
    outbox::Outbox,
    passwords::{Hasher, breach::Breaches},
    vault::Vault,
};

/// The parts that every slice works with. Shared by `Arc`; a slice takes what it needs.
pub struct Core {
    /// The database.
    pub store: Store,
    /// What the edge reads; written by [`publish`](crate::publish) only.
    pub edge: Arc<Edge>,
    /// This node's place in the change feed.
    pub feed: Feed,
    /// Judges routes and upstreams, and puts them in force.
    pub gate: Arc<dyn GateConfig>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Seals and hashes under the master key.
    pub vault: Arc<Vault>,
    /// The keys that sign now.
    pub signers: Arc<Signers>,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Knows breached passwords.
    pub breaches: Breaches,
    /// How pages of tenants look; written by [`publish`](crate::publish) only.
    pub brandings: Arc<Brandings>,
    /// Knows which texts pages have.
    pub wording: Arc<dyn Wording>,
    /// Messages to people.
    pub outbox: Outbox,
    /// Limits whose key only identity knows, such as the account of a login.
    pub limiter: Arc<dyn RateLimiter>,
    /// What the operator decided.
    pub settings: Settings,
}

impl Core {
    /// The current instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs a unit that only reads the tenant's data. Where the unit ends in `Ok(…)`, nothing says whether it fails
    /// with a [`StoreError`] or with a [`Problem`]: end it in the call that does, or write `Ok::<_, Problem>(…)`.
    pub async fn read<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: From<StoreError> + Into<Problem> + Send + 'static,
        F: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.store.tenant(tenant).read(work).await.map_err(Into::into)
    }

    /// Runs a unit that may write the tenant's data. All of it is kept, or nothing. Whoever decides by the kind of
    /// the storage's error asks [`Core::store`] instead.
    pub async fn write<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: From<StoreError> + Into<Problem> + Send + 'static,
        F: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.store.tenant(tenant).write(work).await.map_err(Into::into)
    }

    /// After a commit that wrote feed entry `seq`, if it wrote one: waits until this node refuses what was taken
    /// back, and tells the others.
    pub async fn settle(&self, seq: impl Into<Option<i64>>) -> Result<(), StoreError> {
        match seq.into() {
            Some(seq) => self.feed.settle(seq).await,
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("store", &self.store).field("feed", &self.feed).finish_non_exhaustive()
    }
}
