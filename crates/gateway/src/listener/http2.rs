//! Serves one client over HTTP/2, which hyper speaks. The gate adds what hyper leaves to others: how long a
//! connection may idle, and how long the client may take nothing of what is sent.

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::{
    connection::{Connection, Requests},
    socket_over_http2::Opening,
    taking::{Streams, Taken},
};
use crate::{
    body::ClientBody,
    http1::{Bounds, Timer},
    pipeline::{self, Arrival, Gate},
};

/// Windows that let one stream fill a fast link, and bound what a slow upstream makes us hold.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Streams a client may reset before we have answered them (CVE-2023-44487).
const MAX_RESETS: usize = 32;

/// Serves until the connection ends.
pub(super) async fn serve<S>(
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    stream: S,
    bounds: Bounds,
    max_streams: u32,
    stop: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let requests = Requests::default();
    let mut builder = http2::Builder::new(Streams { write_timeout: bounds.write_timeout });
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(max_streams)
        .max_header_list_size(u32::try_from(bounds.heads.head).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(MAX_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let patient = Patient::new(stream, bounds, requests.clone());
    let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        let (gate, connection, active) = (gate.clone(), connection.clone(), requests.enter());
        async move {
            let socket = Opening::take(&mut request, &gate.ids);
            let (parts, body) = request.into_parts();
            let arrival = Arrival { parts: Box::new(parts), body: ClientBody::Http2(body), bad: None };
            let served = pipeline::serve(&gate, &connection, arrival).await;
            let response = match socket {
                Some(socket) => socket.answer(served, &gate, active),
                None => served.response.map(|body| body.holding(active)),
            };
            Ok::<_, std::convert::Infallible>(response.map(Taken::new))
        }
    });
    let mut serving = pin!(builder.serve_connection(TokioIo::new(patient), service));
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
}

/// A connection that ends when it was idle, or stuck, for too long.
pub(super) struct Patient<S> {
    stream: S,
    bounds: Bounds,
    requests: Requests,
    read_timer: Timer,
    write_timer: Timer,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, bounds: Bounds, requests: Requests) -> Self {
        Self { stream, bounds, requests, read_timer: Timer::default(), write_timer: Timer::default() }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_timer.clear();
            return written;
        }
        ready!(self.write_timer.poll(cx, self.bounds.write_timeout));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take what is sent")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_ready() {
            this.read_timer.clear();
            return read;
        }
        loop {
            ready!(this.read_timer.poll(cx, this.bounds.idle_timeout));
            this.read_timer.clear();
            // While a request is being answered, the client owes us nothing.
            if !this.requests.is_any() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, written)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
