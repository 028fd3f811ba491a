//! One client's HTTP/1 connection: reads heads and bodies, and writes answers.
//!
//! The connection's task reads heads and writes answers; whoever forwards a request reads its body, from
//! wherever that runs. So the connection is shared behind a lock that is held for one system call at a
//! time. A body belongs to its request: a handle that outlives the request reads nothing of the next one.
//!
//! While an answer is waited for and no body is left to read, the connection watches for a client that
//! hangs up. What such a client sends ahead is kept, within a bound.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use http_body::Frame;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    decode::{Decoder, Framing, Piece},
    encode::{self, Sent},
    request_head::{HeadReader, RequestHead},
    timer::Timer,
    wire::{Outbox, join, poll_read},
};
use crate::guard::{BadHead, HeadLimits};

/// RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Most bytes kept of a client that sends on before it is answered.
const MAX_AHEAD: usize = 16 << 10;

/// How much of an unwanted body is read before the connection is closed, and for how long: closing with
/// bytes unread would reset the connection and lose the answer.
const LINGER_BYTES: usize = 256 << 10;
const LINGER_TIME: Duration = Duration::from_secs(2);

/// How much of a body that nobody wanted is read so that another request can follow.
const MAX_DRAINED: usize = 64 << 10;

/// What one connection may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) heads: HeadLimits,
    /// For a head to arrive, once it has begun to.
    pub(crate) head_timeout: Duration,
    /// For the client to take something of what is sent.
    pub(crate) write_timeout: Duration,
    /// For the next request to begin.
    pub(crate) idle_timeout: Duration,
}

/// What a connection brings next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A request; its body, if it has one, can be read.
    Request(RequestHead),
    /// Something that is none. Nothing after it can be used.
    Bad(BadHead),
    /// HTTP/2 from the first byte on.
    Http2,
    /// Nothing more.
    End,
}

/// What the connection waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Awaits {
    Request,
    RestOfHead,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Server<S> {
    stream: S,
    bounds: Bounds,
    /// Read and not used yet.
    rest: Bytes,
    head: HeadReader,
    first: bool,
    /// The number of the request that is being answered.
    request: u64,
    /// Where the body of that request stands.
    body: Decoder,
    /// The client waits to be told to go on (RFC 9110 §10.1.1).
    asks_first: bool,
    /// It was answered without having been told.
    waits_to_go_on: bool,
    /// An interim answer is on its way out.
    interim: bool,
    broken: bool,
    out: Outbox,
    awaits: Awaits,
    read_timer: Timer,
    write_timer: Timer,
    /// Whoever watches the client once the body is read.
    watcher: Option<Waker>,
    drained: usize,
    lingered: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Server<S> {
    pub(crate) fn new(stream: S, bounds: Bounds) -> Self {
        Self {
            stream,
            bounds,
            rest: Bytes::new(),
            head: HeadReader::default(),
            first: true,
            request: 0,
            body: Decoder::request(Framing::Length(0), 0),
            asks_first: false,
            waits_to_go_on: false,
            interim: false,
            broken: false,
            out: Outbox::default(),
            awaits: Awaits::Request,
            read_timer: Timer::default(),
            write_timer: Timer::default(),
            watcher: None,
            drained: 0,
            lingered: 0,
        }
    }

    /// Whether nothing of another request has arrived.
    pub(crate) const fn is_idle(&self) -> bool {
        self.rest.is_empty()
    }

    /// Waits until something of a request has arrived. `false`: none will come.
    pub(crate) fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while self.rest.is_empty() {
            match poll_read(&mut self.stream, cx, 0) {
                Poll::Ready(Ok(more)) if !more.is_empty() => self.rest = more,
                Poll::Ready(_) => return Poll::Ready(false),
                Poll::Pending => {
                    ready!(self.poll_patience(cx));
                    return Poll::Ready(false);
                }
            }
        }
        Poll::Ready(true)
    }

    /// The next request. Bodies before it have been read.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        loop {
            if !self.rest.is_empty()
                && let Some(next) = self.take_next()
            {
                self.read_timer.clear();
                return Poll::Ready(next);
            }
            match poll_read(&mut self.stream, cx, 0) {
                Poll::Ready(Ok(more)) if !more.is_empty() => join(&mut self.rest, more),
                Poll::Ready(_) => return Poll::Ready(Next::End),
                Poll::Pending => {
                    ready!(self.poll_patience(cx));
                    return Poll::Ready(if self.rest.is_empty() { Next::End } else { Next::Bad(BadHead::Timeout) });
                }
            }
        }
    }

    fn take_next(&mut self) -> Option<Next> {
        if self.first && is_preface(&self.rest) {
            return (self.rest.len() >= PREFACE.len()).then_some(Next::Http2);
        }
        match self.head.take(&mut self.rest, &self.bounds.heads) {
            Ok(None) => None,
            Ok(Some(head)) => {
                self.first = false;
                self.request += 1;
                self.drained = 0;
                self.body = Decoder::request(head.framing, self.bounds.heads.head);
                let expects = head.parts.headers.get(http::header::EXPECT);
                self.asks_first = !self.body.is_done()
                    && head.parts.version == Version::HTTP_11
                    && expects.is_some_and(|what| what.as_bytes().eq_ignore_ascii_case(b"100-continue"));
                Some(Next::Request(head))
            }
            Err(bad) => Some(Next::Bad(bad)),
        }
    }

    /// Ready when the client has been waited for too long.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (awaits, timeout) = if self.rest.is_empty() {
            (Awaits::Request, self.bounds.idle_timeout)
        } else {
            (Awaits::RestOfHead, self.bounds.head_timeout)
        };
        if self.awaits != awaits {
            self.awaits = awaits;
            self.read_timer.clear();
        }
        self.read_timer.poll(cx, timeout)
    }

    /// Ready when the client has hung up. Its body, if there is one, is read first by whoever wants it.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.body.is_done() {
            if !self.watcher.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                self.watcher = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        while self.rest.len() < MAX_AHEAD {
            match ready!(poll_read(&mut self.stream, cx, 0)) {
                Ok(more) if !more.is_empty() => join(&mut self.rest, more),
                _ => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// Begins an answer. From here on, the client is not told to go on any more.
    pub(crate) fn begin_answer(&mut self, head: &encode::ResponseHead<'_>, sent: Sent) {
        self.waits_to_go_on = std::mem::take(&mut self.asks_first);
        self.interim = false;
        encode::response(self.out.encode(), head, sent);
    }

    /// Where the answer goes. Filled while it has room, then flushed.
    pub(crate) const fn out(&mut self) -> &mut Outbox {
        &mut self.out
    }

    /// Writes what waits to be written.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.out.poll_flush(&mut self.stream, cx);
        if flushed.is_pending() {
            ready!(self.write_timer.poll(cx, self.bounds.write_timeout));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take what is sent")));
        }
        self.write_timer.clear();
        flushed
    }

    /// After the answer: reads what is left of the request's body, if that is little, so that the next
    /// request can follow. Whether it can.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        // A handle that is still held somewhere reads nothing any more.
        self.request += 1;
        while !self.body.is_done() {
            // A client that was never told to go on may send its body or not: nobody could tell.
            if self.broken || self.waits_to_go_on || self.drained > MAX_DRAINED {
                return Poll::Ready(false);
            }
            match self.body.next(&mut self.rest) {
                Ok(Piece::Data(data)) => self.drained += data.len(),
                Ok(Piece::Trailers(_) | Piece::End) => {}
                Err(_) => self.broken = true,
                Ok(Piece::More) => match poll_read(&mut self.stream, cx, 0) {
                    Poll::Ready(Ok(more)) if !more.is_empty() => self.rest = more,
                    Poll::Ready(_) => self.broken = true,
                    Poll::Pending => return self.read_timer.poll(cx, LINGER_TIME).map(|()| false),
                },
            }
        }
        self.read_timer.clear();
        Poll::Ready(!self.broken)
    }

    /// Reads and forgets what the client still sends, within bounds, after telling it that no more will
    /// come from here.
    pub(crate) fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.lingered == 0 {
            // Whether that worked or not, there is nothing more to say.
            let _ = ready!(std::pin::Pin::new(&mut self.stream).poll_shutdown(cx));
            self.lingered = 1;
            self.read_timer.clear();
        }
        while self.lingered < LINGER_BYTES {
            match poll_read(&mut self.stream, cx, 0) {
                Poll::Pending => return self.read_timer.poll(cx, LINGER_TIME),
                Poll::Ready(Ok(more)) if !more.is_empty() => self.lingered += more.len(),
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// The connection and what was read ahead, once it speaks something else.
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.rest)
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        loop {
            match self.body.next(&mut self.rest) {
                Ok(Piece::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(Piece::Trailers(trailers)) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Ok(Piece::End) => return Poll::Ready(None),
                Err(_) => return Poll::Ready(Some(Err(self.break_body()))),
                Ok(Piece::More) => {}
            }
            if std::mem::take(&mut self.asks_first) {
                self.out.encode().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                self.interim = true;
            }
            if self.interim {
                match self.out.poll_flush(&mut self.stream, cx) {
                    Poll::Ready(Ok(())) => self.interim = false,
                    Poll::Ready(Err(_)) => return Poll::Ready(Some(Err(self.break_body()))),
                    Poll::Pending => {}
                }
            }
            match ready!(poll_read(&mut self.stream, cx, self.body.remaining().unwrap_or(0))) {
                Ok(more) if !more.is_empty() => self.rest = more,
                _ => return Poll::Ready(Some(Err(self.break_body()))),
            }
        }
    }

    fn break_body(&mut self) -> BodyBroken {
        self.broken = true;
        BodyBroken
    }
}

fn is_preface(data: &[u8]) -> bool {
    let shown = data.len().min(PREFACE.len());
    data[..shown] == PREFACE[..shown]
}

/// The body of a request broke off, or broke its framing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the request body broke off")]
pub(crate) struct BodyBroken;

/// A connection as the body of one of its requests sees it.
trait Source: Send {
    fn poll_body_of(&mut self, request: u64, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>>;
    fn remaining(&self) -> Option<u64>;
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Source for Server<S> {
    fn poll_body_of(&mut self, request: u64, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if self.request != request || self.broken {
            return Poll::Ready(Some(Err(BodyBroken)));
        }
        let frame = self.poll_body(cx);
        if (self.body.is_done() || self.broken)
            && let Some(watcher) = self.watcher.take()
            // This very task looks after the client next.
            && !watcher.will_wake(cx.waker())
        {
            watcher.wake();
        }
        frame
    }

    fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }
}

/// The body of one request.
pub(crate) struct ServerBody {
    server: Arc<Mutex<dyn Source>>,
    request: u64,
    remaining: Option<u64>,
    ended: bool,
}

impl ServerBody {
    /// The body of the request that was read last; `None` if it has none.
    pub(crate) fn of<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        server: &Arc<Mutex<Server<S>>>,
    ) -> Option<Self> {
        let (request, remaining) = {
            let open = server.lock();
            (open.request, open.body.remaining())
        };
        let server: Arc<Mutex<dyn Source>> = server.clone();
        (remaining != Some(0)).then(|| Self { server, request, remaining, ended: false })
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let mut server = self.server.lock();
        let frame = ready!(server.poll_body_of(self.request, cx));
        match &frame {
            Some(Ok(_)) => self.remaining = server.remaining(),
            Some(Err(_)) | None => self.ended = true,
        }
        Poll::Ready(frame)
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.ended || self.remaining == Some(0)
    }

    /// How much is to come, where that is known.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        self.remaining
    }
}

impl std::fmt::Debug for ServerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBody").field("remaining", &self.remaining).finish_non_exhaustive()
    }
}

/// How the body of an answer is sent, and whether the connection must end with it.
pub(crate) fn framing(
    status: StatusCode,
    version: Version,
    to_head: bool,
    headers: &HeaderMap,
    length: Option<u64>,
) -> Sent {
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        return Sent::Nothing;
    }
    if to_head || status == StatusCode::NOT_MODIFIED {
        // What a GET would have had, where that is known (RFC 9110 §8.6).
        let said = headers.get(http::header::CONTENT_LENGTH);
        let said = said.and_then(|value| super::response_head::parse_length(value.as_bytes()));
        return said.or(length.filter(|length| *length > 0)).map_or(Sent::Nothing, Sent::Announced);
    }
    match length {
        Some(length) => Sent::Length(length),
        None if version == Version::HTTP_10 => Sent::UntilClose,
        None => Sent::Chunked,
    }
}
