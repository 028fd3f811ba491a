//! What goes on beside requests: following the feed, sealing the audit log, rotating keys, sweeping.
//!
//! Each task ends with the runtime it runs on. A task that fails says so once and tries again later:
//! nothing here may stop the program.

use std::{sync::Arc, time::Duration};

use gateway::limit::Limits;
use identity::Core;
use observe::health::Health;
use storage::{Bus, bus::Event, feed};
use tokio_util::sync::CancellationToken;

use super::identity_node::FEED_TOPIC;

/// How often a node looks at the feed although nobody called: what a lost message costs at most. Within
/// the second that revocations may take on other nodes.
const LOOK_AT_FEED: Duration = Duration::from_millis(500);
/// How long changes stay in the feed. A node that was away for longer loads everything anew.
const KEEP_FEED: Duration = Duration::from_secs(86_400);

/// How long revoked and expired API keys stay: tokens that were got with one must be refused by a node
/// that starts meanwhile.
const KEEP_KEYS: Duration = Duration::from_secs(30 * 86_400);

/// Starts everything. All of it ends when `stop` is cancelled.
pub(super) fn start(core: &Arc<Core>, bus: &Bus, limits: &Arc<Limits>, health: &Arc<Health>, stop: &CancellationToken) {
    let until = |stop: &CancellationToken| stop.clone().cancelled_owned();
    let spawn = |work: futures_util::future::BoxFuture<'static, ()>| {
        let stop = until(stop);
        tokio::spawn(async move {
            tokio::select! {
                () = stop => {}
                () = work => {}
            }
        });
    };
    spawn(Box::pin(core.feed.clone().follow(LOOK_AT_FEED)));
    spawn(Box::pin(listen(core.clone(), bus.clone())));
    let (checked, stopped) = (health.clone(), until(stop));
    tokio::spawn(async move { checked.run(stopped).await });

    let sealed = core.clone();
    spawn(Box::pin(every(Duration::from_millis(500), "sealing the audit log", move || {
        let core = sealed.clone();
        async move { identity::audit::seal(&core.store, &core.vault, core.now()).await }
    })));
    let rotated = core.clone();
    spawn(Box::pin(every(Duration::from_secs(60), "rotating signing keys", move || {
        let core = rotated.clone();
        async move { identity::keys::tick(&core).await }
    })));
    let swept = core.clone();
    spawn(Box::pin(every(Duration::from_secs(300), "dropping what has expired", move || {
        let core = swept.clone();
        async move {
            let now = core.clock.now();
            core.edge.revocations.sweep(now);
            identity::auth::sweep(&core).await?;
            identity::api_keys::sweep(&core.store, now - KEEP_KEYS).await?;
            feed::prune(&core.store, now - KEEP_FEED).await.map(drop)
        }
    })));
    let limits = limits.clone();
    spawn(Box::pin(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            limits.sweep();
        }
    }));
}

/// Looks at the feed whenever another node says that there is something new, or may have said so.
async fn listen(core: Arc<Core>, bus: Bus) {
    let mut subscription = match bus.subscribe(FEED_TOPIC) {
        Ok(subscription) => subscription,
        Err(error) => return tracing::error!(%error, "cannot listen to other nodes; changes take up to half a second"),
    };
    loop {
        match subscription.next().await {
            Event::Message(_) | Event::Gap => core.feed.nudge(),
        }
    }
}

/// Does something again and again. What fails is logged when it begins to fail and when it works again.
async fn every<T, E, F>(pause: Duration, what: &'static str, work: impl Fn() -> F)
where
    E: std::fmt::Display,
    F: Future<Output = Result<T, E>>,
{
    let mut failing = false;
    loop {
        match work().await {
            Ok(_) if failing => {
                failing = false;
                tracing::info!("{what} works again");
            }
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "{what} fails; it is tried again");
            }
            Ok(_) | Err(_) => {}
        }
        tokio::time::sleep(pause).await;
    }
}
