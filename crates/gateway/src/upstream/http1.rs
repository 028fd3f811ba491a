//! HTTP/1.1 to a target: a connection is driven by the task of the request that uses it.
//!
//! There is no task for a connection and no hand-over between tasks, which is most of what a proxied
//! request costs otherwise. A connection is lent to one request, driven by whoever waits for its head and
//! then by whoever reads its body, and goes back to its thread's pool once the answer is complete. Whoever
//! drops it earlier (a client that went away) closes it, which tells the target to stop.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    deadline::Deadline,
    target::{Running, Target},
};
use crate::{
    body::RequestBody,
    http1::{Client, Error, RequestHead, Timer},
    stream::Stream,
};

/// Idle connections of one target: a list for each data-plane thread, so that its lock is never waited for.
pub(super) struct Pool(Box<[Mutex<Vec<Idle>>]>);

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

/// An HTTP/1.1 connection to a target.
pub(super) struct Connection {
    client: Client<Stream>,
    timer: Timer,
    worker: usize,
    /// Whether it has carried a request before: it may then be closed at any moment.
    reused: bool,
}

/// Why there is no answer.
pub(super) struct Unanswered {
    /// Absent when the time was up.
    pub(super) error: Option<Error>,
    /// Whether the connection was an old one that ended before a byte of an answer: the target may well
    /// not have seen the request.
    pub(super) stale: bool,
}

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
            if since.elapsed() < max_age && connection.client.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request, unless there are enough.
    pub(super) fn put(&self, mut connection: Box<Connection>, max: usize) {
        connection.reused = true;
        let mut idle = self.of(connection.worker).lock();
        if idle.len() < max {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// How many wait for a request.
    pub(super) fn idle(&self, worker: usize) -> usize {
        self.of(worker).lock().len()
    }

    /// Closes what has waited too long, or was closed by the target.
    pub(super) fn prune(&self, worker: usize, max_age: Duration) {
        let now = Instant::now();
        self.of(worker).lock().retain_mut(|idle| now - idle.since < max_age && idle.connection.client.is_quiet());
    }
}

impl Connection {
    /// Speaks HTTP/1.1 on a fresh connection.
    pub(super) fn open(stream: Stream, worker: usize) -> Box<Self> {
        Box::new(Self { client: Client::new(stream), timer: Timer::default(), worker, reused: false })
    }

    /// The connection and what was read ahead, for one that has changed its protocol.
    pub(super) fn into_parts(self: Box<Self>) -> (Stream, Bytes) {
        self.client.into_parts()
    }

    /// Sends the request and drives the connection until the response head is there.
    pub(super) async fn exchange(
        mut self: Box<Self>,
        head: &RequestHead<'_>,
        body: RequestBody,
        deadline: &Deadline,
    ) -> Result<(Response<()>, Box<Self>), Unanswered> {
        self.client.begin(head, body);
        let answered = std::future::poll_fn(|cx| match self.client.poll_head(cx) {
            Poll::Ready(answer) => Poll::Ready(answer.map_err(Some)),
            Poll::Pending => deadline.poll(&mut self.timer, cx).map(|()| Err(None)),
        })
        .await;
        match answered {
            Ok(response) => Ok((response, self)),
            Err(error) => {
                let stale = self.reused && matches!(error, Some(Error::Closed(_)));
                Err(Unanswered { error, stale })
            }
        }
    }
}

/// A response body that drives its connection while it is read.
pub(crate) struct Http1Body {
    /// Absent once it is given back or closed.
    connection: Option<Box<Connection>>,
    running: Option<Running>,
    max_idle: usize,
    /// How long the target may pause within the body.
    pause: Option<Duration>,
}

impl Http1Body {
    pub(super) fn new(connection: Box<Connection>, running: Running, max_idle: usize, pause: Option<Duration>) -> Self {
        let mut body = Self { connection: Some(connection), running: Some(running), max_idle, pause };
        body.settle();
        body
    }

    /// Once all is read, the connection goes back, if it is fit for another request.
    fn settle(&mut self) {
        let Some(connection) = self.connection.take_if(|connection| connection.client.is_end()) else { return };
        if let Some(running) = self.running.take()
            && connection.client.is_reusable()
        {
            let target: &Target = running.target();
            target.http1.put(connection, self.max_idle);
        }
    }
}

impl HttpBody for Http1Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let pause = self.pause;
        let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
        let frame = match (connection.client.poll_body(cx), pause) {
            (Poll::Ready(frame), _) => {
                connection.timer.clear();
                frame
            }
            (Poll::Pending, Some(pause)) => {
                std::task::ready!(connection.timer.poll(cx, pause));
                Some(Err(Error::Io(std::io::ErrorKind::TimedOut.into())))
            }
            (Poll::Pending, None) => return Poll::Pending,
        };
        if matches!(frame, Some(Err(_))) {
            // A broken answer leaves nothing to reuse.
            self.connection = None;
        } else {
            self.settle();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.connection.is_none()
    }
    fn size_hint(&self) -> SizeHint {
        match &self.connection {
            None => SizeHint::with_exact(0),
            Some(connection) => connection.client.remaining().map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
