//! HTTP/2 to a target: one connection for each data-plane thread, shared by its requests.
//!
//! Many requests share a connection, so here a task of its own drives it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::Mutex;

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

/// The connection of each data-plane thread.
pub(super) struct Shared(Box<[Mutex<Option<Sender>>]>);

impl Shared {
    pub(super) fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| Mutex::default()).collect())
    }

    /// The live connection of this thread, made now if there is none. Whoever comes meanwhile waits for
    /// the same one.
    pub(super) async fn get(&self, worker: usize, target: &Target, connector: &Connector) -> io::Result<Sender> {
        let mut slot = self.0[worker % self.0.len()].lock().await;
        if let Some(sender) = slot.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
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
        *slot = Some(sender.clone());
        Ok(sender)
    }
}

/// A response body whose connection is driven by a task of its own. Counts as a running request until it
/// is dropped.
pub(crate) struct DrivenBody {
    incoming: Incoming,
    _running: Running,
    /// How long the target may pause within the body.
    pause: Option<Duration>,
    timer: Timer,
}

impl DrivenBody {
    pub(super) fn new(incoming: Incoming, running: Running, pause: Option<Duration>) -> Self {
        Self { incoming, _running: running, pause, timer: Timer::default() }
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
