//! A connection that has changed its protocol: bytes both ways until one side is done.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::target::Running;
use crate::{http1::Ahead, stream::Stream};

/// How long one side may go on after the other is done. Protocols that close in turn need a moment; a side
/// that never closes must not hold the connection.
const LINGER: Duration = Duration::from_secs(5);

/// What is read at once.
const PIECE: usize = 16 << 10;

/// The target's side of an upgrade it has granted.
pub(crate) struct Tunnel {
    target: Ahead<Stream>,
    running: Running,
}

impl Tunnel {
    /// `ahead`: what the target has sent behind its answer.
    pub(super) const fn new(target: Stream, ahead: Bytes, running: Running) -> Self {
        Self { target: Ahead::new(target, ahead), running }
    }

    /// Passes bytes both ways until both sides are done, or one has been for long enough. Returns how many
    /// came from the client and how many went to it.
    pub(crate) async fn run(self, client: impl AsyncRead + AsyncWrite) -> (u64, u64) {
        let Self { target, running } = self;
        let (from_client, to_client) = tokio::io::split(client);
        let (from_target, to_target) = tokio::io::split(target);
        let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
        // An error is how most of these end: one side just goes away.
        let (upward, downward) = (pass(from_client, to_target, &up), pass(from_target, to_client, &down));
        tokio::pin!(upward, downward);
        let _ = match select(upward, downward).await {
            Either::Left((_, rest)) => tokio::time::timeout(LINGER, rest).await,
            Either::Right((_, rest)) => tokio::time::timeout(LINGER, rest).await,
        };
        drop(running);
        (up.load(Ordering::Relaxed), down.load(Ordering::Relaxed))
    }
}

/// Passes bytes until there are none, and says so to the other side.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, count: &AtomicU64) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&piece[..length]).await?;
        to.flush().await?;
        count.fetch_add(length as u64, Ordering::Relaxed);
    }
}
