//! One data-plane thread: accepts connections and serves them until told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{connection::Connection, door::Door, http1, http2};
use crate::{http1::Bounds, pipeline::Gate};

/// How often idle upstream connections are looked through.
const PRUNE_EVERY: Duration = Duration::from_secs(5);

/// How long accepting rests when the machine is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long before the end of its time what has no end of its own is asked to go: streams of events and
/// WebSockets close in order.
const FAREWELL: Duration = Duration::from_secs(1);

/// Everything a data-plane thread needs.
pub(super) struct Worker {
    pub(super) index: usize,
    pub(super) gate: Arc<Gate>,
    pub(super) door: Arc<Door>,
    pub(super) bounds: Bounds,
    pub(super) max_connections: usize,
    pub(super) max_streams: u32,
    pub(super) drain_timeout: Duration,
    pub(super) stop: CancellationToken,
}

impl Worker {
    /// Accepts until told to stop, then waits for what is running.
    pub(super) async fn run(self, listener: TcpListener) {
        let slots = Arc::new(Semaphore::new(self.max_connections.min(Semaphore::MAX_PERMITS)));
        let tasks = TaskTracker::new();
        if let Some(shedder) = &self.gate.shedder {
            // Ends with the runtime.
            tokio::spawn(shedder.clone().beat(self.index));
        }
        let mut prune = interval(PRUNE_EVERY);
        prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                accepted = accept(&listener, &slots) => match accepted {
                    Ok((stream, address, slot)) => self.welcome(&tasks, stream, address, slot),
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection failed");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                _ = prune.tick() => {
                    for upstream in self.gate.table.load().upstreams() {
                        upstream.prune(self.index);
                    }
                }
            }
        }
        // What the kernel has accepted for this socket would be reset with it.
        while let Some(Ok((stream, address, slot))) = accept(&listener, &slots).now_or_never() {
            self.welcome(&tasks, stream, address, slot);
        }
        drop(listener);
        tasks.close();
        let farewell = FAREWELL.min(self.drain_timeout / 2);
        if tokio::time::timeout(self.drain_timeout - farewell, tasks.wait()).await.is_ok() {
            return;
        }
        self.gate.farewell.cancel();
        // The time is up for what has not finished: dropping the runtime cuts it.
        if tokio::time::timeout(farewell, tasks.wait()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "requests did not finish in time and were cut");
        }
    }

    fn welcome(&self, tasks: &TaskTracker, stream: TcpStream, address: SocketAddr, slot: OwnedSemaphorePermit) {
        let (worker, door) = (self.index, self.door.clone());
        let (gate, bounds, max_streams, stop) = (self.gate.clone(), self.bounds, self.max_streams, self.stop.clone());
        tasks.spawn(async move {
            let _slot = slot;
            let Some((stream, peer)) = door.receive(stream, address, &gate.trusted_proxies).await else { return };
            let connection = Arc::new(Connection { peer, worker });
            if let Some(stream) = http1::serve(&gate, &connection, stream, bounds, &stop).await {
                // Rare, and large: what every connection pays for is kept small.
                Box::pin(http2::serve(gate, connection, stream, bounds, max_streams, &stop)).await;
            }
        });
    }
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(60));
    // A peer that vanished is noticed, also where nothing is ever written, as in a quiet tunnel.
    socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok((stream, address, slot))
}
