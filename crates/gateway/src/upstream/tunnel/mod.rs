//! A connection that has changed its protocol: bytes both ways until one side is done.
//!
//! The bytes are the peers' own. The one thing the gate says in between is that it goes away, to peers that speak
//! WebSocket: between two frames, to both sides.

mod frames;

use std::{
    io,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{Either, select};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use self::frames::{Frames, GOING_AWAY, GOING_AWAY_MASKED};
use super::{http2::Slot, target::Running};
use crate::{http1::Ahead, stream::Stream};

/// How long one side may go on after the other is done. Protocols that close in turn need a moment; a side
/// that never closes must not hold the connection.
const LINGER: Duration = Duration::from_secs(5);

/// What is read at once.
const PIECE: usize = 16 << 10;

/// The target's side of an upgrade it has granted.
pub(crate) struct Tunnel {
    target: Far,
    websocket: bool,
    running: Running,
}

/// How the target is reached.
enum Far {
    Http1(Box<Ahead<Stream>>),
    /// One stream among others (RFC 8441).
    Http2(Box<TokioIo<Upgraded>>, Slot),
}

impl Tunnel {
    /// `ahead`: what the target has sent behind its answer.
    pub(super) fn http1(target: Stream, ahead: Bytes, websocket: bool, running: Running) -> Self {
        Self { target: Far::Http1(Box::new(Ahead::new(target, ahead))), websocket, running }
    }

    /// A WebSocket over HTTP/2.
    pub(super) fn http2(target: Upgraded, slot: Slot, running: Running) -> Self {
        Self { target: Far::Http2(Box::new(TokioIo::new(target)), slot), websocket: true, running }
    }

    /// Passes bytes both ways until both sides are done, or one has been for long enough, or the gate goes away.
    /// Returns how many came from the client and how many went to it.
    pub(crate) async fn run(self, client: impl AsyncRead + AsyncWrite, farewell: &CancellationToken) -> (u64, u64) {
        let Self { target, websocket, running } = self;
        let farewell = websocket.then_some(farewell);
        let passed = match target {
            Far::Http1(target) => both(client, target, farewell).await,
            Far::Http2(target, slot) => {
                let passed = both(client, target, farewell).await;
                drop(slot);
                passed
            }
        };
        drop(running);
        passed
    }
}

async fn both(
    client: impl AsyncRead + AsyncWrite,
    target: impl AsyncRead + AsyncWrite,
    farewell: Option<&CancellationToken>,
) -> (u64, u64) {
    let (from_client, to_client) = tokio::io::split(client);
    let (from_target, to_target) = tokio::io::split(target);
    let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
    let upward = Way { count: &up, farewell, close: GOING_AWAY_MASKED };
    let downward = Way { count: &down, farewell, close: GOING_AWAY };
    // An error is how most of these end: one side just goes away.
    let (upward, downward) = (pin!(upward.pass(from_client, to_target)), pin!(downward.pass(from_target, to_client)));
    let _ = match select(upward, downward).await {
        Either::Left((_, rest)) => tokio::time::timeout(LINGER, rest).await,
        Either::Right((_, rest)) => tokio::time::timeout(LINGER, rest).await,
    };
    (up.load(Ordering::Relaxed), down.load(Ordering::Relaxed))
}

/// One direction.
struct Way<'a> {
    count: &'a AtomicU64,
    /// When to close it, where that can be said between frames.
    farewell: Option<&'a CancellationToken>,
    close: &'static [u8],
}

impl Way<'_> {
    /// Passes bytes until there are none, and says so to the other side.
    async fn pass(self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        let mut frames = self.farewell.map(|_| Frames::default());
        let mut told = pin!(async {
            match self.farewell {
                Some(farewell) => farewell.cancelled().await,
                None => std::future::pending().await,
            }
        });
        let mut leaving = false;
        loop {
            if leaving && frames.as_ref().is_none_or(Frames::is_between) {
                return leave(from, to, self.close, &mut piece).await;
            }
            let length = tokio::select! {
                biased;
                () = told.as_mut(), if !leaving => {
                    leaving = true;
                    continue;
                }
                read = from.read(&mut piece) => read?,
            };
            if length == 0 {
                return to.shutdown().await;
            }
            let mut bytes = &piece[..length];
            match &mut frames {
                // Up to the end of the frame that has begun.
                Some(frames) if leaving => bytes = &bytes[..frames.pass_one(bytes).unwrap_or(length)],
                Some(frames) => frames.pass(bytes),
                None => {}
            }
            to.write_all(bytes).await?;
            to.flush().await?;
            self.count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
    }
}

/// Closes the WebSocket towards one side, and reads what the other side still has to say: its answer to being
/// closed too.
async fn leave(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    close: &[u8],
    piece: &mut [u8],
) -> io::Result<()> {
    to.write_all(close).await?;
    to.shutdown().await?;
    while from.read(piece).await? > 0 {}
    Ok(())
}
