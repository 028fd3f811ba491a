//! HTTP/2 to a target: a few connections for each data-plane thread, shared by its requests.
//!
//! Many requests share a connection, so here a task of its own drives it. A connection takes so many
//! requests at a time; when all are full another is made, up to a bound, and beyond it the one with the
//! fewest takes more, which then wait for the target. So one slow connection does not hold up everything.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use super::{
    connect::Connector,
    target::{Running, Target},
};
use crate::{
    body::{BoxError, RequestBody},
    http1::Timer,
};

pub(super) type Sender = http2::SendRequest<RequestBody>;

/// Windows that let one stream fill a fast link, and bound what a slow reader makes us hold.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// How many connections, and how many requests on each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) connections: usize,
    pub(super) streams: u32,
}

/// The connections of each data-plane thread.
pub(super) struct Shared(Box<[Lane]>);

#[derive(Default)]
struct Lane {
    lines: parking_lot::Mutex<Vec<Line>>,
    /// Held while a connection is made: whoever comes meanwhile and finds no room waits for it.
    opening: tokio::sync::Mutex<()>,
}

/// One connection.
struct Line {
    sender: Sender,
    streams: Arc<AtomicU32>,
}

/// One request on a connection, until it is dropped.
pub(super) struct Slot(Arc<AtomicU32>);

impl Slot {
    fn on(line: &Line) -> (Sender, Self) {
        line.streams.fetch_add(1, Ordering::Relaxed);
        (line.sender.clone(), Self(line.streams.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    /// A connection with room. Connections fill up in their order, so that those that are not needed any
    /// more fall idle.
    fn with_room(&self, bounds: Bounds) -> Option<(Sender, Slot)> {
        let mut lines = self.lines.lock();
        lines.retain(|line| !line.sender.is_closed());
        lines.iter().find(|line| line.streams.load(Ordering::Relaxed) < bounds.streams).map(Slot::on)
    }

    /// Where no more may be made, the connection with the fewest requests.
    fn fullest_bearable(&self, bounds: Bounds) -> Option<(Sender, Slot)> {
        let lines = self.lines.lock();
        if lines.len() < bounds.connections {
            return None;
        }
        lines.iter().min_by_key(|line| line.streams.load(Ordering::Relaxed)).map(Slot::on)
    }
}

impl Shared {
    pub(super) fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| Lane::default()).collect())
    }

    /// A connection of this thread that lives, made now if none has room.
    pub(super) async fn get(
        &self,
        worker: usize,
        target: &Target,
        connector: &Connector,
        bounds: Bounds,
    ) -> io::Result<(Sender, Slot)> {
        let lane = &self.0[worker % self.0.len()];
        let ready = || lane.with_room(bounds).or_else(|| lane.fullest_bearable(bounds));
        if let Some(ready) = ready() {
            return Ok(ready);
        }
        let _opening = lane.opening.lock().await;
        if let Some(ready) = ready() {
            return Ok(ready);
        }
        let stream = connector.connect(target).await?;
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let label = target.label.clone();
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(target = %label, %error, "an HTTP/2 connection to an upstream ended");
            }
        });
        let line = Line { sender, streams: Arc::default() };
        let slot = Slot::on(&line);
        lane.lines.lock().push(line);
        Ok(slot)
    }
}

/// A response body whose connection is driven by a task of its own. Counts as a running request until it
/// is dropped.
pub(crate) struct DrivenBody {
    incoming: Incoming,
    _running: Running,
    _slot: Slot,
    /// How long the target may pause within the body.
    pause: Option<Duration>,
    timer: Timer,
}

impl DrivenBody {
    pub(super) fn new(incoming: Incoming, running: Running, slot: Slot, pause: Option<Duration>) -> Self {
        Self { incoming, _running: running, _slot: slot, pause, timer: Timer::default() }
    }
}

impl HttpBody for DrivenBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match (Pin::new(&mut self.incoming).poll_frame(cx), self.pause) {
            (Poll::Ready(frame), _) => {
                self.timer.clear();
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            (Poll::Pending, Some(pause)) => {
                self.timer.poll(cx, pause).map(|()| Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
            }
            (Poll::Pending, None) => Poll::Pending,
        }
    }
    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
