//! Runs the checks of every upstream in force: one task for each upstream, on a thread of their own, so that
//! no check waits for a request or the other way round.

use std::{
    io,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::check;
use crate::{config::CheckConfig, route::RouteTable, upstream::Upstream};

/// How long the thread waits before it looks for upstreams by itself, should nobody tell it.
const LOOK: Duration = Duration::from_secs(60);

/// Starts the thread. `table` is asked for the routes in force whenever `changed` says that there are others,
/// until `stop`.
pub(crate) fn watch(
    table: impl Fn() -> Arc<RouteTable> + Send + 'static,
    changed: Arc<Notify>,
    stop: CancellationToken,
) -> io::Result<()> {
    let thread = thread::Builder::new().name("edge-health".to_owned());
    thread.spawn(move || {
        // The runtime is made where it is dropped: never inside of another one.
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return tracing::error!(%error, "targets cannot be checked"),
        };
        runtime.block_on(async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = keep_up(table, &changed) => {}
            }
        });
        // A name that is being looked up must not hold anybody.
        runtime.shutdown_background();
    })?;
    Ok(())
}

/// One task for each upstream that asks for checks, as long as it is in force.
async fn keep_up(table: impl Fn() -> Arc<RouteTable>, changed: &Notify) {
    let mut running: Vec<(Weak<Upstream>, tokio::task::AbortHandle)> = Vec::new();
    let mut tasks = JoinSet::new();
    loop {
        let wanted: Vec<Arc<Upstream>> =
            table().upstreams().filter(|upstream| upstream.config().check.is_some()).cloned().collect();
        running.retain(|(watched, task)| {
            let stays = wanted.iter().any(|upstream| std::ptr::eq(watched.as_ptr(), Arc::as_ptr(upstream)));
            if !stays {
                task.abort();
            }
            stays
        });
        for upstream in wanted {
            if !running.iter().any(|(watched, _)| std::ptr::eq(watched.as_ptr(), Arc::as_ptr(&upstream))) {
                let task = tasks.spawn(check_again_and_again(upstream.clone()));
                running.push((Arc::downgrade(&upstream), task));
            }
        }
        // Tasks that were aborted are let go of.
        while tasks.try_join_next().is_some() {}
        // Nobody may tell, which costs a look.
        let _ = tokio::time::timeout(LOOK, changed.notified()).await;
    }
}

async fn check_again_and_again(upstream: Arc<Upstream>) {
    let Some(config) = upstream.config().check.clone() else { return };
    loop {
        round(&upstream, &config).await;
        tokio::time::sleep(config.interval.get()).await;
    }
}

/// Asks all targets at the same time.
async fn round(upstream: &Upstream, config: &CheckConfig) {
    let group = upstream.group();
    let checks = group.targets().map(|target| async {
        let outcome = check::ask(target, &upstream.connector, config).await;
        let now = upstream.clock.now();
        let error = outcome.as_ref().err().cloned();
        if error.is_some() {
            upstream.numbers.checks_failed.add();
        }
        if target.health.checked(outcome, config, now) {
            let (upstream, target) = (upstream.name(), &target.label);
            match error {
                Some(error) => tracing::warn!(upstream, %target, error, "a target fails its checks and is left out"),
                None => tracing::info!(upstream, %target, "a target passes its checks again"),
            }
            group.refresh(now);
        }
    });
    join_all(checks).await;
}
