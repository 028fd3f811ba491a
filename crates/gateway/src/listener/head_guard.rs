//! Stands between the socket and the HTTP library and lets only whole, judged heads through.
//!
//! A head is held back until it is complete and found good. In place of a bad one, the library is given a
//! head of our own, so that the pipeline can answer with a problem document; after it, nothing more is
//! read. Slow heads, idle connections and clients that do not take what is sent are timed here as well,
//! because only here is it known what the connection is waiting for.
//!
//! A head that arrives in one piece, which is nearly every one, is judged where it lies and not copied.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Bounds, Shared};
use crate::{
    guard::{BadHead, Outcome, Scanner},
    http1::Timer,
};

/// What the library reads in place of a bad head.
pub(super) const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Most bytes held of a client that sends on before its upgrade is answered.
const MAX_AHEAD: usize = 16 << 10;

/// How much of an unwanted body is read before the connection is closed, and for how long: closing with
/// bytes unread would reset the connection and lose the answer.
const LINGER_BYTES: usize = 256 << 10;
const LINGER_TIME: Duration = Duration::from_secs(2);

/// A client's connection under guard.
pub(super) struct HeadGuard<T> {
    inner: T,
    scanner: Scanner,
    bounds: Bounds,
    shared: Arc<Shared>,
    /// Read and not passed on: an incomplete head, or what follows one.
    held: BytesMut,
    /// How much of `held` may be passed on.
    ready: usize,
    phase: Phase,
    /// What `read_timer` runs for.
    awaits: Awaits,
    read_timer: Timer,
    write_timer: Timer,
    lingered: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Heads and bodies, or what has become of the connection after a preface.
    Normal,
    /// An upgrade was asked for and is not answered.
    Undecided,
    /// Upgraded: the bytes are nobody's business.
    Tunnel,
    /// A head was bad: its stand-in is the last that is passed on.
    Refused,
    /// A body broke its framing.
    Broken,
    /// Nothing was asked for long enough.
    Idle,
}

/// What is waited for of the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Awaits {
    /// Another request.
    Request,
    /// The rest of a head.
    Head,
}

impl<T: AsyncRead + AsyncWrite + Unpin> HeadGuard<T> {
    pub(super) fn new(inner: T, bounds: Bounds, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            scanner: Scanner::new(bounds.heads),
            bounds,
            shared,
            held: BytesMut::new(),
            ready: 0,
            phase: Phase::Normal,
            awaits: Awaits::Request,
            read_timer: Timer::default(),
            write_timer: Timer::default(),
            lingered: None,
        }
    }

    /// Passes on what may be passed of what is held.
    fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let count = self.ready.min(buf.remaining());
        if count == 0 {
            return false;
        }
        buf.put_slice(&self.held[..count]);
        self.held.advance(count);
        self.ready -= count;
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
        true
    }

    fn act(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::More => {}
            Outcome::Undecided => {
                self.phase = Phase::Undecided;
                self.shared.ask();
            }
            Outcome::BadHead(why) => self.refuse(why),
            Outcome::BadBody => self.phase = Phase::Broken,
        }
    }

    /// From here on only the stand-in is passed, after what was good before.
    fn refuse(&mut self, why: BadHead) {
        self.shared.spoil(self.scanner.heads(), why);
        self.held.truncate(self.ready);
        self.held.extend_from_slice(STAND_IN);
        self.ready = self.held.len();
        self.phase = Phase::Refused;
    }

    /// Judges what is held and not passed yet.
    fn judge_held(&mut self) {
        if self.held.len() > self.ready {
            let (passed, outcome) = self.scanner.advance(&self.held[self.ready..]);
            self.ready += passed;
            self.act(outcome);
        }
    }

    /// Reads once and judges what has come. Ready with `false` at the end of the stream.
    fn poll_more(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let fresh = &buf.filled()[before..];
        if fresh.is_empty() {
            return Poll::Ready(Ok(false));
        }
        if self.held.is_empty() {
            let (passed, outcome) = self.scanner.advance(fresh);
            self.held.extend_from_slice(&fresh[passed..]);
            buf.set_filled(before + passed);
            self.act(outcome);
        } else {
            self.held.extend_from_slice(fresh);
            buf.set_filled(before);
            self.judge_held();
        }
        Poll::Ready(Ok(true))
    }

    /// Nothing has come. Ready when that has lasted too long.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (awaits, timeout) = match self.phase {
            Phase::Normal if !self.held.is_empty() => (Awaits::Head, self.bounds.head_timeout),
            Phase::Normal if self.scanner.in_head() || self.scanner.is_raw() => {
                (Awaits::Request, self.bounds.idle_timeout)
            }
            // Bodies are timed by whoever wants them, tunnels by nobody.
            _ => return Poll::Pending,
        };
        if self.awaits != awaits {
            self.awaits = awaits;
            self.read_timer.clear();
        }
        loop {
            ready!(self.read_timer.poll(cx, timeout));
            self.read_timer.clear();
            if !self.shared.is_active() {
                return Poll::Ready(());
            }
            // A request is being answered: the client owes us nothing.
        }
    }

    fn give_up(&mut self) {
        if self.held.is_empty() {
            self.phase = Phase::Idle;
        } else {
            self.refuse(BadHead::Timeout);
        }
    }

    /// Holds what a client sends before its upgrade is answered. Ready with `true` when it is answered,
    /// with `false` at the end of the stream.
    fn poll_decision(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        if let Some(granted) = self.shared.poll_decision(cx) {
            if granted {
                self.scanner.upgraded();
                self.phase = Phase::Tunnel;
                self.ready = self.held.len();
            } else {
                self.scanner.declined();
                self.phase = Phase::Normal;
                self.judge_held();
            }
            return Poll::Ready(Ok(true));
        }
        while self.held.len() < MAX_AHEAD {
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
            let fresh = &buf.filled()[before..];
            if fresh.is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.held.extend_from_slice(fresh);
            buf.set_filled(before);
        }
        Poll::Pending
    }

    /// Reads and forgets what the client still sends, within bounds.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4_096];
        while self.lingered.unwrap_or_default() < LINGER_BYTES {
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buf) {
                Poll::Pending => return self.read_timer.poll(cx, LINGER_TIME),
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    *self.lingered.get_or_insert(0) += buf.filled().len();
                }
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }

    fn watch<O>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<O>>) -> Poll<io::Result<O>> {
        if written.is_ready() {
            self.write_timer.clear();
            return written;
        }
        ready!(self.write_timer.poll(cx, self.bounds.write_timeout));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take what is sent")))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for HeadGuard<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        loop {
            if this.deliver(buf) {
                return Poll::Ready(Ok(()));
            }
            match this.phase {
                Phase::Tunnel => return Pin::new(&mut this.inner).poll_read(cx, buf),
                // The answer closes the connection; there is nothing to wait for.
                Phase::Refused => return Poll::Pending,
                Phase::Broken => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the body breaks its framing")));
                }
                Phase::Idle => return Poll::Ready(Ok(())),
                Phase::Undecided => {
                    if !ready!(this.poll_decision(cx, buf))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Phase::Normal => match this.poll_more(cx, buf)? {
                    Poll::Pending => {
                        ready!(this.poll_patience(cx));
                        this.give_up();
                    }
                    Poll::Ready(false) => return Poll::Ready(Ok(())),
                    Poll::Ready(true) => {
                        if this.held.is_empty() || !this.scanner.in_head() {
                            this.read_timer.clear();
                        }
                        if buf.filled().len() > before {
                            return Poll::Ready(Ok(()));
                        }
                    }
                },
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for HeadGuard<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.watch(cx, written)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.watch(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingered.is_none() {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            let clean = matches!(self.phase, Phase::Tunnel | Phase::Idle) || self.scanner.is_raw();
            if clean || (self.phase == Phase::Normal && self.scanner.in_head() && self.held.is_empty()) {
                return Poll::Ready(Ok(()));
            }
            self.lingered = Some(0);
            self.read_timer.clear();
        }
        self.poll_linger(cx).map(Ok)
    }
}
