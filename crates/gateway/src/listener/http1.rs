//! Serves one client over HTTP/1: a request, its answer, the next request.
//!
//! One task does it all, the forwarding included. It ends with the connection, or hands the connection on:
//! to a tunnel when an upgrade is granted, to [`super::http2`] when the client speaks that.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, Version, header, request::Parts};
use http_body::Body as _;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{connection::Connection, date};
use crate::{
    body::ClientBody,
    http1::{self, Ahead, Bounds, Next, ResponseHead, Sent, Server, ServerBody, Timer},
    list,
    pipeline::{self, Arrival, Gate, Served},
    record::{Record, Recorded},
    upstream::Tunnel,
};

type Shared<S> = Arc<Mutex<Server<S>>>;

/// How long a connection waits for its next request with everything at hand that serving one needs. Then it
/// gives that back, which is most of its memory.
const REST_AFTER: Duration = Duration::from_millis(100);

/// Serves until the connection ends. Returns it if it turns out to speak HTTP/2.
pub(super) async fn serve<S>(
    gate: &Gate,
    connection: &Arc<Connection>,
    stream: S,
    bounds: Bounds,
    stop: &CancellationToken,
) -> Option<Ahead<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let server = Arc::new(Mutex::new(Server::new(stream, bounds)));
    let mut stopped = pin!(stop.cancelled());
    loop {
        let arrived = poll_fn(|cx| match server.lock().poll_arrival(cx) {
            Poll::Pending => stopped.as_mut().poll(cx).map(|()| false),
            arrived => arrived,
        });
        if !arrived.await {
            return None;
        }
        match Box::pin(busy(gate, connection, &server, stop)).await {
            Pause::Rests => {}
            Pause::Ended => return None,
            Pause::Http2 => return Arc::into_inner(server).map(|server| handed_on(server.into_inner())),
            Pause::Upgraded(tunnel, mut record) => {
                let client = handed_on(Arc::into_inner(server)?.into_inner());
                let (bytes_in, bytes_out) = tunnel.run(client, &gate.farewell).await;
                record.tunnelled(bytes_in, bytes_out);
                return None;
            }
        }
    }
}

/// Why a connection serves no more requests, for now or for good.
enum Pause {
    /// None came for a while.
    Rests,
    Ended,
    Http2,
    Upgraded(Tunnel, Box<Record>),
}

/// Serves requests as long as they come.
async fn busy<S>(gate: &Gate, connection: &Connection, server: &Shared<S>, stop: &CancellationToken) -> Pause
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stopped = pin!(stop.cancelled());
    let mut patience = Timer::default();
    loop {
        patience.clear();
        let next = poll_fn(|cx| {
            let mut open = server.lock();
            match open.poll_next(cx) {
                // A request that has begun to arrive is waited for.
                Poll::Pending if open.is_idle() => {
                    if stopped.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(Err(Pause::Ended));
                    }
                    patience.poll(cx, REST_AFTER).map(|()| Err(Pause::Rests))
                }
                next => next.map(Ok),
            }
        });
        let (about, arrival) = match next.await {
            Err(pause) => return pause,
            Ok(Next::End) => return Pause::Ended,
            Ok(Next::Http2) => return Pause::Http2,
            Ok(Next::Bad(bad)) => {
                let parts = stand_in();
                let about = About { keep_alive: false, ..About::of(&parts) };
                (about, Arrival { parts, body: ClientBody::Empty, bad: Some(bad) })
            }
            Ok(Next::Request(head)) => {
                let about = About { keep_alive: head.keep_alive, ..About::of(&head.parts) };
                let body = ServerBody::of(server).map_or(ClientBody::Empty, ClientBody::Http1);
                (about, Arrival { parts: head.parts, body, bad: None })
            }
        };
        let spoilt = arrival.bad.is_some();
        let served = {
            let mut serving = pin!(pipeline::serve(gate, connection, arrival));
            poll_fn(|cx| match serving.as_mut().poll(cx) {
                Poll::Ready(served) => Poll::Ready(Some(served)),
                // Nothing is read behind a bad head.
                Poll::Pending if spoilt => Poll::Pending,
                Poll::Pending => server.lock().poll_gone(cx).map(|()| None),
            })
            .await
        };
        let Some(Served { response, tunnel }) = served else { return Pause::Ended };
        let mut answer = Answer::new(gate, server, response, &about, stop.is_cancelled());
        if poll_fn(|cx| answer.poll(server, cx)).await.is_err() {
            return Pause::Ended;
        }
        let ends = answer.ends;
        // The record ends here, before anything that may take its time.
        drop(answer);
        if let Some((tunnel, record)) = tunnel {
            return Pause::Upgraded(tunnel, record);
        }
        let read = !spoilt && poll_fn(|cx| server.lock().poll_drain(cx)).await;
        if !read {
            poll_fn(|cx| server.lock().poll_linger(cx)).await;
        }
        if ends || !read {
            return Pause::Ended;
        }
    }
}

fn handed_on<S: AsyncRead + AsyncWrite + Unpin>(server: Server<S>) -> Ahead<S> {
    let (stream, ahead) = server.into_parts();
    Ahead::new(stream, ahead)
}

/// What stands for a head that made no sense, so that the refusal is made and recorded like any other.
fn stand_in() -> Box<Parts> {
    let mut parts = Box::new(Request::new(()).into_parts().0);
    parts.headers.insert(header::HOST, header::HeaderValue::from_static("refused"));
    parts
}

/// What must be known of a request to write its answer.
struct About {
    version: Version,
    to_head: bool,
    keep_alive: bool,
    /// Whether the client understands trailers (RFC 9110 §6.5.1).
    trailers: bool,
}

impl About {
    fn of(parts: &Parts) -> Self {
        let trailers = list::has(&parts.headers, header::TE, "trailers");
        Self { version: parts.version, to_head: parts.method == Method::HEAD, keep_alive: true, trailers }
    }
}

/// The client has gone, or the answer broke off: the connection is of no more use.
struct Ended;

/// An answer on its way out.
struct Answer {
    body: Recorded,
    sent: Sent,
    /// Bytes of an announced length that are still to come.
    left: u64,
    trailers: bool,
    complete: bool,
    /// Whether the connection ends with it.
    ends: bool,
}

impl Answer {
    /// Writes its head.
    fn new<S: AsyncRead + AsyncWrite + Unpin>(
        gate: &Gate,
        server: &Shared<S>,
        response: Response<Recorded>,
        about: &About,
        stopping: bool,
    ) -> Self {
        let (parts, body) = response.into_parts();
        let length = body.size_hint().exact();
        let sent = http1::framing(parts.status, about.version, about.to_head, &parts.headers, length);
        let said = parts.headers.get(header::CONNECTION);
        let upgrade = parts.status == http::StatusCode::SWITCHING_PROTOCOLS;
        let ends = stopping
            || !about.keep_alive
            || sent == Sent::UntilClose
            || said.is_some_and(|said| said.as_bytes().eq_ignore_ascii_case(b"close"));
        let connection = match (upgrade, ends, about.version) {
            (true, ..) => Some("upgrade"),
            (_, true, _) => Some("close"),
            (_, false, Version::HTTP_10) => Some("keep-alive"),
            _ => None,
        };
        let write = |date: Option<&str>| {
            let head = ResponseHead {
                version: about.version,
                status: parts.status,
                headers: &parts.headers,
                connection,
                date,
            };
            server.lock().begin_answer(&head, sent);
        };
        if parts.headers.contains_key(header::DATE) {
            write(None);
        } else {
            date::with(gate.clock.now(), |date| write(Some(date)));
        }
        let left = if let Sent::Length(length) = sent { length } else { 0 };
        let complete = matches!(sent, Sent::Nothing | Sent::Announced(_) | Sent::Length(0));
        Self { body, sent, left, trailers: about.trailers, complete, ends }
    }

    /// Drives it to its end.
    fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        server: &Shared<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Ended>> {
        loop {
            let waits = self.poll_fill(server, cx)?.is_pending();
            let mut open = server.lock();
            ready!(open.poll_flush(cx)).map_err(|_| Ended)?;
            if self.complete {
                return Poll::Ready(Ok(()));
            }
            if waits {
                return open.poll_gone(cx).map(|()| Err(Ended));
            }
        }
    }

    /// Takes of the body what there is room for. The connection is not held while the body is asked: it
    /// may have to ask the connection for more of the request.
    fn poll_fill<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        server: &Shared<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Ended>> {
        let chunked = self.sent == Sent::Chunked;
        while !self.complete && server.lock().out().has_room() {
            let frame = ready!(std::pin::Pin::new(&mut self.body).poll_frame(cx));
            let mut open = server.lock();
            let out = open.out();
            match frame.transpose().map_err(|_| Ended)?.map(http_body::Frame::into_data) {
                Some(Ok(data)) => self.data(out, data, chunked)?,
                Some(Err(frame)) => {
                    if chunked {
                        let trailers = frame.trailers_ref().filter(|_| self.trailers);
                        http1::last_chunk(out.encode(), trailers);
                        self.complete = true;
                    }
                }
                None if chunked => {
                    http1::last_chunk(out.encode(), None);
                    self.complete = true;
                }
                // Less than was announced: only the end of the connection can tell.
                None if self.left > 0 => return Poll::Ready(Err(Ended)),
                None => self.complete = true,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn data(&mut self, out: &mut http1::Outbox, data: Bytes, chunked: bool) -> Result<(), Ended> {
        if let Sent::Length(_) = self.sent {
            // More than was announced would be the next answer to the client.
            self.left = self.left.checked_sub(data.len() as u64).ok_or(Ended)?;
            self.complete = self.left == 0;
        }
        out.body(data, chunked);
        Ok(())
    }
}
