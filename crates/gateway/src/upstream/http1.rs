//! HTTP/1.1 to a target: a connection is driven by the task of the request that uses it.
//!
//! There is no task for a connection and no hand-over between tasks, which is most of what a proxied
//! request costs otherwise. A connection is lent to one request, driven by whoever waits for its head and
//! then by whoever reads its body, and goes back to its thread's pool once the answer is complete. Whoever
//! drops it earlier (a client that went away) closes it, which tells the target to stop.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1},
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::target::Running;
use crate::{body::RequestBody, stream::Stream};

/// Idle connections of one target: a list for each data-plane thread, so that its lock is never waited for.
pub(super) struct Pool(Box<[Mutex<Vec<Idle>>]>);

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

/// An HTTP/1.1 connection and the handle to send on it.
pub(super) struct Connection {
    sender: http1::SendRequest<RequestBody>,
    driver: http1::Connection<TokioIo<Stream>, RequestBody>,
    worker: usize,
    /// Whether it has carried a request before: it may then be closed at any moment.
    pub(super) reused: bool,
}

/// Why there is no answer. The request comes back if the target cannot have seen it.
pub(super) type Unsent = TrySendError<Request<RequestBody>>;

impl Pool {
    pub(super) fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| Mutex::default()).collect())
    }

    fn of(&self, worker: usize) -> &Mutex<Vec<Idle>> {
        &self.0[worker % self.0.len()]
    }

    /// The connection that was used last, if it still lives.
    pub(super) fn take(&self, worker: usize, max_age: Duration) -> Option<Box<Connection>> {
        loop {
            let Idle { mut connection, since } = self.of(worker).lock().pop()?;
            if since.elapsed() < max_age && connection.is_alive() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request, unless there are enough.
    fn put(&self, mut connection: Box<Connection>, max: usize) {
        connection.reused = true;
        let mut idle = self.of(connection.worker).lock();
        if idle.len() < max {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Closes what has waited too long, or was closed by the target.
    pub(super) fn prune(&self, worker: usize, max_age: Duration) {
        let now = Instant::now();
        self.of(worker).lock().retain_mut(|idle| now - idle.since < max_age && idle.connection.is_alive());
    }
}

impl Connection {
    /// Speaks HTTP/1.1 on a fresh connection.
    pub(super) async fn open(stream: Stream, worker: usize) -> hyper::Result<Box<Self>> {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Box::new(Self { sender, driver, worker, reused: false }))
    }

    /// The two halves, for a connection that will change its protocol.
    pub(super) fn into_parts(
        self: Box<Self>,
    ) -> (http1::SendRequest<RequestBody>, http1::Connection<TokioIo<Stream>, RequestBody>) {
        (self.sender, self.driver)
    }

    /// Whether an idle connection is still open, as far as the reactor knows.
    fn is_alive(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(&mut self.driver).poll(&mut cx).is_pending() && self.sender.is_ready()
    }

    /// Sends the request and drives the connection until the response head is there.
    pub(super) async fn exchange(
        mut self: Box<Self>,
        request: Request<RequestBody>,
        running: Running,
        max_idle: usize,
    ) -> Result<Response<Http1Body>, Unsent> {
        let answer = self.sender.try_send_request(request);
        tokio::pin!(answer);
        let mut connection = Some(self);
        let response = std::future::poll_fn(|cx| {
            drive_until(&mut connection, cx, || answer.as_mut().poll(&mut Context::from_waker(Waker::noop())))
        })
        .await?;
        Ok(response.map(|incoming| Http1Body::new(incoming, connection, running, max_idle)))
    }
}

/// Asks whether something has come that only driving the connection can bring, and drives it if not.
///
/// The driver is first polled without a waker: the parts of the library that it talks to wake each other,
/// which is this very task, and each such wake would be a whole turn of the client's connection for
/// nothing. Only when there is nothing to be had does it learn whom to wake.
fn drive_until<T>(
    connection: &mut Option<Box<Connection>>,
    cx: &mut Context<'_>,
    mut ask: impl FnMut() -> Poll<T>,
) -> Poll<T> {
    for cx in [&mut Context::from_waker(Waker::noop()), cx] {
        if let Poll::Ready(done) = ask() {
            return Poll::Ready(done);
        }
        // Dropping a driver that has ended settles what is asked for, one way or the other.
        if connection.as_mut().is_some_and(|open| Pin::new(&mut open.driver).poll(cx).is_ready()) {
            *connection = None;
        }
    }
    ask()
}

/// A response body that drives its connection while it is read.
pub(crate) struct Http1Body {
    incoming: Incoming,
    /// Absent once it is given back or closed.
    connection: Option<Box<Connection>>,
    running: Option<Running>,
    max_idle: usize,
}

impl Http1Body {
    fn new(incoming: Incoming, connection: Option<Box<Connection>>, running: Running, max_idle: usize) -> Self {
        let mut body = Self { incoming, connection, running: Some(running), max_idle };
        if body.incoming.is_end_stream() {
            body.finish();
        }
        body
    }

    /// All is read: the connection goes back, if it is ready for another request.
    fn finish(&mut self) {
        let running = self.running.take();
        if let (Some(mut connection), Some(running)) = (self.connection.take(), running)
            && connection.is_alive()
        {
            running.target().clone().http1.put(connection, self.max_idle);
        }
    }
}

impl HttpBody for Http1Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { incoming, connection, .. } = &mut *self;
        let mut quiet = Context::from_waker(Waker::noop());
        let frame = ready!(drive_until(connection, cx, || Pin::new(&mut *incoming).poll_frame(&mut quiet)));
        match &frame {
            None => self.finish(),
            Some(Ok(_)) if self.incoming.is_end_stream() => self.finish(),
            // A broken answer leaves nothing to reuse.
            Some(Err(_)) => self.connection = None,
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
