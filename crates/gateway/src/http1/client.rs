//! One connection to an HTTP/1.1 server, as a state machine that whoever waits drives.
//!
//! There is no task behind it and no channel to one: sending the request's body, reading the head and
//! reading the answer's body are polls of the same value, by the task that wants the answer. While the
//! answer is read, the rest of the request's body goes on being sent, so an echo of any size passes.
//!
//! Deliberately absent: pipelining (one request at a time), and 1xx answers, which end here, but for 101.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    decode::{BadFraming, Decoder, Framing, Piece},
    encode::{self, RequestHead, Sent},
    response_head::{self, MAX_HEAD},
    wire::{Outbox, join, poll_read},
};
use crate::body::{BodyError, RequestBody};

/// Most bytes of trailers.
const MAX_TRAILERS: usize = 16 << 10;

/// Most interim answers before the answer.
const MAX_INTERIM: u8 = 32;

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The connection ended, and not a byte of an answer had come.
    #[error("it closed the connection without an answer")]
    Closed(#[source] Option<io::Error>),
    /// It ended in the middle of the answer.
    #[error("its answer breaks off")]
    Incomplete,
    /// The answer is none.
    #[error("{0}")]
    Invalid(&'static str),
    /// The connection failed in the middle of the answer.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The request's own body failed.
    #[error("{0}")]
    Request(BodyError),
}

impl From<BadFraming> for Error {
    fn from(_: BadFraming) -> Self {
        Self::Invalid("its body breaks its framing")
    }
}

/// A connection, and how far its exchange has come.
#[derive(Debug)]
pub(crate) struct Client<S> {
    stream: S,
    /// Read and not used yet.
    rest: Bytes,
    out: Outbox,
    sending: Sending,
    method: Method,
    decoder: Decoder,
    interim: u8,
    keep_alive: bool,
}

/// How much of a request's body is to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Left {
    Bytes(u64),
    Chunks,
}

/// What is left to send of the request.
#[derive(Debug)]
enum Sending {
    Nothing,
    Body {
        body: RequestBody,
        left: Left,
    },
    /// The server takes no more. It may have answered already.
    Refused(Option<io::Error>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Speaks HTTP/1.1 on this connection.
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            rest: Bytes::new(),
            out: Outbox::default(),
            sending: Sending::Nothing,
            method: Method::GET,
            decoder: Decoder::response(Framing::Length(0), MAX_TRAILERS),
            interim: 0,
            keep_alive: true,
        }
    }

    /// Whether an idle connection is still open and silent, as far as the reactor knows. A server that
    /// speaks unasked is not to be believed.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        poll_read(&mut self.stream, &mut cx, 0).is_pending()
    }

    /// Whether another request may follow: the answer is read, the request was sent, and nothing is left over.
    pub(crate) const fn is_reusable(&self) -> bool {
        self.keep_alive
            && self.decoder.is_done()
            && matches!(self.sending, Sending::Nothing)
            && self.out.is_empty()
            && self.rest.is_empty()
    }

    /// Begins a request. Nothing is sent before the first poll.
    pub(crate) fn begin(&mut self, head: &RequestHead<'_>, body: RequestBody) {
        let sent = match (body.is_end_stream(), body.size_hint().exact()) {
            (true, _) if expects_body(head.method) => Sent::Length(0),
            (true, _) => Sent::Nothing,
            (false, Some(length)) => Sent::Length(length),
            (false, None) => Sent::Chunked,
        };
        encode::request(self.out.encode(), head, sent);
        self.sending = match sent {
            _ if body.is_end_stream() => Sending::Nothing,
            Sent::Length(length) => Sending::Body { body, left: Left::Bytes(length) },
            _ => Sending::Body { body, left: Left::Chunks },
        };
        self.method = head.method.clone();
        self.interim = 0;
        // Until the answer says otherwise.
        self.keep_alive = false;
    }

    /// Begins a request that is already on its way, so that only the answer matters.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn begin_plain(&mut self, method: &Method) {
        self.method = method.clone();
    }

    /// Sends what can be sent. Ready when all is, or when the server takes no more.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let waits = self.poll_fill(cx)?.is_pending();
            if let Err(error) = ready!(self.out.poll_flush(&mut self.stream, cx)) {
                self.out.clear();
                self.sending = Sending::Refused(Some(error));
            }
            if waits {
                return Poll::Pending;
            }
            if !matches!(self.sending, Sending::Body { .. }) {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Takes of the request's body what there is room for.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.out.has_room()
            && let Sending::Body { body, left } = &mut self.sending
        {
            let Some(frame) = ready!(Pin::new(body).poll_frame(cx)) else {
                match left {
                    Left::Bytes(0) => {}
                    Left::Bytes(_) => return Poll::Ready(Err(Error::Request(BodyError::Broken))),
                    Left::Chunks => encode::last_chunk(self.out.encode(), None),
                }
                self.sending = Sending::Nothing;
                break;
            };
            match (frame.map_err(Error::Request)?.into_data(), &mut *left) {
                (Ok(data), Left::Chunks) => self.out.body(data, true),
                (Ok(data), Left::Bytes(left)) => {
                    // More than was announced would be the next request to the server.
                    *left = left.checked_sub(data.len() as u64).ok_or(Error::Request(BodyError::Broken))?;
                    self.out.body(data, false);
                }
                (Err(frame), Left::Chunks) => {
                    encode::last_chunk(self.out.encode(), frame.trailers_ref());
                    self.sending = Sending::Nothing;
                }
                // Trailers need chunks.
                (Err(_), Left::Bytes(_)) => {}
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Drives the exchange until the head of the answer is there.
    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<()>, Error>> {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            return Poll::Ready(Err(error));
        }
        loop {
            match ready!(poll_read(&mut self.stream, cx, 0)) {
                Ok(more) if more.is_empty() => return Poll::Ready(Err(self.ended(None))),
                Err(error) => return Poll::Ready(Err(self.ended(Some(error)))),
                Ok(more) => {
                    // A head ends with a line: without the end of one, there is nothing new to see.
                    let complete = memchr::memchr(b'\n', &more).is_some() || self.rest.len() >= MAX_HEAD;
                    join(&mut self.rest, more);
                    if complete && let Some(response) = self.take_head()? {
                        return Poll::Ready(Ok(response));
                    }
                }
            }
        }
    }

    /// The head of the answer, once it is complete.
    fn take_head(&mut self) -> Result<Option<Response<()>>, Error> {
        while let Some(head) = response_head::take(&mut self.rest, &self.method).map_err(Error::Invalid)? {
            if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS {
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Err(Error::Invalid("it sends too many interim answers"));
                }
                continue;
            }
            self.decoder = Decoder::response(head.framing, MAX_TRAILERS);
            self.keep_alive = head.keep_alive && head.status != StatusCode::SWITCHING_PROTOCOLS;
            let mut response = Response::new(());
            *response.status_mut() = head.status;
            *response.version_mut() = head.version;
            *response.headers_mut() = head.headers;
            return Ok(Some(response));
        }
        Ok(None)
    }

    /// What the end of the connection means before the head of an answer is complete.
    fn ended(&mut self, error: Option<io::Error>) -> Error {
        let error = match &mut self.sending {
            Sending::Refused(refused) => refused.take().or(error),
            Sending::Nothing | Sending::Body { .. } => error,
        };
        if self.rest.is_empty() && self.interim == 0 { Error::Closed(error) } else { Error::Incomplete }
    }

    /// Reads the answer's body, and goes on sending the request's.
    pub(crate) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            match self.decoder.next(&mut self.rest)? {
                Piece::Data(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Piece::Trailers(trailers) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Piece::End => return Poll::Ready(None),
                Piece::More => {}
            }
            let expected = self.decoder.remaining().unwrap_or(0);
            let more = ready!(poll_read(&mut self.stream, cx, expected))?;
            if more.is_empty() {
                return Poll::Ready(if self.decoder.close() { None } else { Some(Err(Error::Incomplete)) });
            }
            self.rest = more;
        }
    }

    /// Whether all of the answer's body has been given out.
    pub(crate) const fn is_end(&self) -> bool {
        self.decoder.is_done()
    }

    /// How much of the answer's body is to come, where that is known.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        self.decoder.remaining()
    }

    /// The connection and what was read ahead, once it has changed its protocol.
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.rest)
    }
}

/// Whether a request of this method without a body should say so (RFC 9110 §8.6).
fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
