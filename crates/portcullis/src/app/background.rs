//! What goes on beside requests: what identity asks for, listening to other nodes, sweeping.
//!
//! Each task ends with the runtime it runs on, or when it is told to stop.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use gateway::limit::Limits;
use identity::Identity;
use kernel::Clock;
use observe::health::Health;
use storage::{Store, feed::OverBus, quota};
use tokio_util::sync::CancellationToken;

/// How often limits that say nothing any more are dropped.
const SWEEP_LIMITS: Duration = Duration::from_secs(10);

/// How often quotas of days and months that are over are dropped.
const SWEEP_QUOTAS: Duration = Duration::from_hours(1);
/// For how long they are kept: clocks of nodes differ.
const KEEP_QUOTAS: Duration = Duration::from_hours(24);

/// Starts everything. All of it ends when `stop` is cancelled.
pub(super) fn start(
    identity: &Identity,
    wire: OverBus,
    limits: &Arc<Limits>,
    health: &Arc<Health>,
    stop: &CancellationToken,
) {
    let spawn = |work: BoxFuture<'static, ()>| {
        let stop = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            tokio::select! {
                () = stop => {}
                () = work => {}
            }
        });
    };
    for (_, task) in identity.tasks() {
        spawn(task);
    }
    spawn(Box::pin(wire.run(identity.feed().clone())));
    let (checked, stopped) = (health.clone(), stop.clone().cancelled_owned());
    tokio::spawn(async move { checked.run(stopped).await });
    let leases = limits.clone();
    spawn(Box::pin(async move { leases.keep_leases().await }));
    let limits = limits.clone();
    spawn(Box::pin(async move {
        loop {
            tokio::time::sleep(SWEEP_LIMITS).await;
            limits.sweep();
        }
    }));
}

/// Drops quotas of periods that are over, until `stop` is cancelled.
pub(super) fn sweep_quotas(store: Store, clock: Arc<dyn Clock>, stop: &CancellationToken) {
    let stop = stop.clone().cancelled_owned();
    let work = async move {
        loop {
            if let Err(error) = quota::sweep(&store, clock.now() - KEEP_QUOTAS).await {
                tracing::debug!(%error, "old quotas could not be dropped");
            }
            tokio::time::sleep(SWEEP_QUOTAS).await;
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = stop => {}
            () = work => {}
        }
    });
}
