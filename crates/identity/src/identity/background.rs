//! What runs beside the requests. Every node runs all of it; several at once do no harm.

use std::{fmt::Display, future::Future, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kernel::edge::HealthCheck;
use storage::{StoreError, feed};
use tokio::time::MissedTickBehavior;

use crate::{
    Core, api_keys, audit, auth, branding, devices, imports, keys, mfa, outbox, passkeys, proof_of_work, proofs,
    trouble::Trouble,
};

/// At least so often a node looks for changes, should the bus be away. Half of the second within which
/// a revocation must hold everywhere.
const FOLLOW: Duration = Duration::from_millis(500);
/// Entries of the audit log are sealed within a second.
const SEAL: Duration = Duration::from_millis(500);
/// What no longer matters is dropped from the edge's memory.
const SWEEP: Duration = Duration::from_secs(60);
/// Keys retire and rotate when their time has come.
const KEYS: Duration = Duration::from_secs(60);
/// So often a node looks for imports that nobody works on.
const IMPORTS: Duration = Duration::from_millis(500);
/// A filter of breached passwords that was changed is taken over.
const BREACHES: Duration = Duration::from_secs(30);
/// Expired rows are dropped from the database.
const PURGE: Duration = Duration::from_secs(300);
/// Changes stay in the feed this long, for nodes that were away.
const KEEP_FEED: Duration = Duration::from_secs(48 * 3_600);

/// Revoked and expired API keys stay this long: tokens that were got with one must be refused by a node
/// that starts meanwhile, and people ask about them.
const KEEP_KEYS: Duration = Duration::from_secs(30 * 86_400);

type Task = (&'static str, BoxFuture<'static, ()>);

pub(super) fn tasks(core: &Arc<Core>) -> Vec<Task> {
    vec![
        ("changes", Box::pin(core.feed.clone().follow(FOLLOW))),
        ("messages", Box::pin(outbox::run(core.clone()))),
        repeat("audit sealing", SEAL, core, |core| async move {
            audit::seal(&core.store, &core.vault, core.now()).await.map(drop)
        }),
        repeat("key rotation", KEYS, core, |core| async move { keys::tick(&core).await }),
        repeat("revocations", SWEEP, core, |core| async move {
            core.edge.revocations.sweep(core.now());
            Ok::<_, StoreError>(())
        }),
        repeat("imports", IMPORTS, core, |core| async move { imports::run_due(&core).await }),
        repeat("breached passwords", BREACHES, core, |core| async move { core.breaches.refresh().await }),
        repeat("purge", PURGE, core, |core| async move { purge(&core).await.map(drop) }),
    ]
}

/// Drops expired rows of every kind and returns how many.
pub(super) async fn purge(core: &Core) -> Result<u64, StoreError> {
    let expired = auth::sweep(core).await? + api_keys::sweep(&core.store, core.now() - KEEP_KEYS).await?;
    let expired = expired + outbox::sweep(core).await? + proofs::sweep(core).await? + mfa::sweep(core).await?;
    let expired = expired + proof_of_work::sweep(core).await? + devices::sweep(core).await?;
    let expired = expired + passkeys::sweep(core).await? + branding::sweep(core).await?;
    let expired = expired + imports::sweep(core).await?;
    Ok(expired + feed::prune(&core.store, core.now() - KEEP_FEED).await?)
}

/// Does it now and then.
fn repeat<E, F>(name: &'static str, period: Duration, core: &Arc<Core>, work: fn(Arc<Core>) -> F) -> Task
where
    E: Display + Send,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    let core = core.clone();
    let task = async move {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trouble = Trouble::of(name);
        loop {
            ticks.tick().await;
            trouble.note(&work(core.clone()).await);
        }
    };
    (name, Box::pin(task))
}

/// Whether identity can do its work: the edge is loaded and the default tenant can sign.
pub(super) struct Health(pub(super) Arc<Core>);

impl HealthCheck for Health {
    fn name(&self) -> String {
        "identity".into()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let tenant = self.0.edge.tenants.load().default_tenant().map(|tenant| tenant.id);
            let tenant = tenant.ok_or("there is no default tenant")?;
            self.0.signers.active(tenant).map(drop).map_err(|problem| problem.to_string())
        })
    }
}
