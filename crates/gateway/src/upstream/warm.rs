//! Connections that are ready before anybody asks for them: `min_idle`.
//!
//! Looked after every few seconds, beginning with the start. One task a thread and upstream makes what is
//! missing, one connection after the other: a target that has just come back is not stormed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{Upstream, http1::Connection, target::Target};
use crate::config::Protocol;

/// Whether a data-plane thread is making connections.
pub(super) struct Warming(Box<[AtomicBool]>);

impl Warming {
    pub(super) fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| AtomicBool::new(false)).collect())
    }

    fn of(&self, worker: usize) -> &AtomicBool {
        &self.0[worker % self.0.len()]
    }
}

impl Upstream {
    /// Makes the connections of this thread that are missing, in the background.
    pub(super) fn warm(self: &Arc<Self>, worker: usize) {
        if self.config.min_idle == 0 || self.warming.of(worker).swap(true, Ordering::Acquire) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            for target in this.group().targets() {
                if let Err(error) = this.warm_target(target, worker).await {
                    tracing::debug!(target = %target.label, %error, "a connection could not be made in advance");
                }
            }
            this.warming.of(worker).store(false, Ordering::Release);
        });
    }

    async fn warm_target(&self, target: &Arc<Target>, worker: usize) -> std::io::Result<()> {
        if target.protocol == Protocol::Http2 {
            // One carries many requests.
            return target.http2.get(worker, target, &self.connector, self.http2_bounds()).await.map(drop);
        }
        let wanted = usize::from(self.config.min_idle.min(self.config.max_idle));
        // Counted once: those that are lent meanwhile come back.
        for _ in target.http1.idle(worker)..wanted {
            let connection = Connection::open(self.connector.connect(target).await?, worker);
            target.http1.put(connection, usize::from(self.config.max_idle));
        }
        Ok(())
    }
}
