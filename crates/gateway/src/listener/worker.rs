//! One data-plane thread: accepts connections and serves them until told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::FutureExt;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    connection::{Bounds, Connection, Shared},
    door::Door,
    head_guard::HeadGuard,
};
use crate::pipeline::{self, Gate};

/// How often idle upstream connections are looked through.
const PRUNE_EVERY: Duration = Duration::from_secs(5);

/// How long accepting rests when the machine is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Windows that let one stream fill a fast link, and bound what a slow upstream makes us hold.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Streams a client may reset before we have answered them (CVE-2023-44487).
const MAX_RESETS: usize = 32;

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

type Builder = auto::Builder<TokioExecutor>;

impl Worker {
    /// Accepts until told to stop, then waits for what is running.
    pub(super) async fn run(self, listener: TcpListener) {
        let slots = Arc::new(Semaphore::new(self.max_connections.min(Semaphore::MAX_PERMITS)));
        let builder = Arc::new(self.builder());
        let tasks = TaskTracker::new();
        let mut prune = interval(PRUNE_EVERY);
        prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                accepted = accept(&listener, &slots) => match accepted {
                    Ok((stream, address, slot)) => self.welcome(&builder, &tasks, stream, address, slot),
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
            self.welcome(&builder, &tasks, stream, address, slot);
        }
        drop(listener);
        tasks.close();
        // The time is up for what has not finished: dropping the runtime cuts it.
        if tokio::time::timeout(self.drain_timeout, tasks.wait()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "requests did not finish in time and were cut");
        }
    }

    fn builder(&self) -> Builder {
        let mut builder = Builder::new(TokioExecutor::new());
        let heads = self.bounds.heads;
        builder
            .http1()
            .timer(TokioTimer::new())
            // Heads are timed, counted and bounded by the head guard before they get here.
            .header_read_timeout(None)
            .max_buf_size((heads.head + 8_192).max(64 << 10));
        if heads.headers > 100 {
            builder.http1().max_headers(heads.headers);
        }
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.max_streams)
            .max_header_list_size(u32::try_from(heads.head).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(MAX_RESETS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        builder
    }

    fn welcome(
        &self,
        builder: &Arc<Builder>,
        tasks: &TaskTracker,
        stream: TcpStream,
        address: SocketAddr,
        slot: OwnedSemaphorePermit,
    ) {
        let (index, bounds, running) = (self.index, self.bounds, tasks.clone());
        let (gate, builder, stop, door) = (self.gate.clone(), builder.clone(), self.stop.clone(), self.door.clone());
        tasks.spawn(async move {
            let _slot = slot;
            let Some((stream, peer)) = door.receive(stream, address, &gate.trusted_proxies).await else { return };
            let shared = Arc::new(Shared::default());
            let connection = Arc::new(Connection::new(peer, index, shared.clone(), running));
            let guarded = HeadGuard::new(stream, bounds, shared);
            let service = service_fn(|request| {
                let answer = pipeline::serve(gate.clone(), connection.clone(), request);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            });
            let serving = builder.serve_connection_with_upgrades(TokioIo::new(guarded), service);
            tokio::pin!(serving);
            let ended = tokio::select! {
                ended = serving.as_mut() => ended,
                () = stop.cancelled() => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            };
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection ended early");
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
