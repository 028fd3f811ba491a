//! The guard's glue: what is passed on does not depend on how it was cut, on either side.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use kernel::principal::Network;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_util::task::TaskTracker;

use super::{
    connection::{Bounds, Connection, Shared},
    head_guard::{HeadGuard, STAND_IN},
};
use crate::{guard::HeadLimits, transform::Peer};

/// A connection that gives one piece at a time, then ends.
struct Pieces(Vec<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match self.0.first_mut() {
            None => Poll::Ready(Ok(())),
            Some(piece) if piece.is_empty() => {
                self.0.remove(0);
                // Every cut is a pause.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(piece) => {
                let count = piece.len().min(buf.remaining());
                buf.put_slice(&piece[..count]);
                piece.drain(..count);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn bounds() -> Bounds {
    let long = Duration::from_secs(3_600);
    let heads = HeadLimits { head: 1_024, headers: 20, target: 256 };
    Bounds { heads, head_timeout: long, write_timeout: long, idle_timeout: long }
}

/// Everything that is passed on when read in bites of this size, until the end or a stand-in.
async fn passed(pieces: Vec<Vec<u8>>, bite: usize) -> Vec<u8> {
    let mut guard = HeadGuard::new(Pieces(pieces), bounds(), Arc::new(Shared::default()));
    let mut all = Vec::new();
    let mut buffer = vec![0; bite];
    while let Ok(count @ 1..) = guard.read(&mut buffer).await {
        all.extend_from_slice(&buffer[..count]);
        if all.ends_with(STAND_IN) {
            break;
        }
    }
    all
}

const GOOD: &[u8] = b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
    POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n\
    GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";
const BAD: &[u8] = b"GET /4 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\n\r\n";

proptest! {
    #[test]
    fn the_same_is_passed_on_however_it_is_cut(cuts in prop::collection::vec(0_usize..240, 0..8), bite in 1_usize..64, bad: bool) {
        let stream = if bad { [GOOD, BAD].concat() } else { GOOD.to_vec() };
        let expected = if bad { [GOOD, STAND_IN].concat() } else { GOOD.to_vec() };
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<Vec<u8>> = cuts.windows(2).map(|pair| stream[pair[0]..pair[1]].to_vec()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        prop_assert_eq!(runtime.block_on(passed(pieces, bite)), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_gets_its_own_time_however_long_the_connection_was_idle() {
    let bounds = Bounds { head_timeout: Duration::from_secs(10), idle_timeout: Duration::from_secs(75), ..bounds() };
    let (mut client, server) = tokio::io::duplex(1_024);
    let mut guard = HeadGuard::new(server, bounds, Arc::new(Shared::default()));
    let begun = tokio::time::Instant::now();
    let mut buffer = [0; 256];
    let reading = guard.read(&mut buffer);
    let writing = async {
        tokio::time::sleep(Duration::from_secs(70)).await;
        client.write_all(b"GET / HT").await.expect("it is open");
        std::future::pending::<()>().await;
    };
    let count = tokio::select! {
        count = reading => count.expect("a stand-in"),
        () = writing => unreachable!("never ends"),
    };
    assert_eq!(&buffer[..count], STAND_IN);
    assert_eq!(begun.elapsed().as_secs(), 80, "idle for 70 seconds, then 10 for the head");
}

/// Reads to the end and tells after how many seconds it came.
async fn ends_after(mut guard: HeadGuard<tokio::io::DuplexStream>) -> u64 {
    let begun = tokio::time::Instant::now();
    guard.read_to_end(&mut Vec::new()).await.expect("an orderly end");
    begun.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_and_a_busy_one_does_not() {
    let bounds = Bounds { idle_timeout: Duration::from_secs(75), ..bounds() };
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    // Before the first request, after one, and in HTTP/2.
    for sent in [b"".as_slice(), GOOD, preface] {
        let (mut client, server) = tokio::io::duplex(1_024);
        client.write_all(sent).await.expect("it is open");
        assert_eq!(ends_after(HeadGuard::new(server, bounds, Arc::new(Shared::default()))).await, 75);

        let (mut client, server) = tokio::io::duplex(1_024);
        client.write_all(sent).await.expect("it is open");
        let shared = Arc::new(Shared::default());
        let none: Arc<[Network]> = Arc::new([]);
        let peer = Peer::new([127, 0, 0, 1].into(), &none);
        let connection = Connection::new(peer, 0, shared.clone(), TaskTracker::new());
        let active = connection.enter();
        let answer = async {
            tokio::time::sleep(Duration::from_secs(100)).await;
            drop(active);
            std::future::pending::<()>().await;
        };
        let seconds = tokio::select! {
            seconds = ends_after(HeadGuard::new(server, bounds, shared)) => seconds,
            () = answer => unreachable!("never ends"),
        };
        assert_eq!(seconds, 150, "a request ran for the first 100 seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off() {
    let bounds = Bounds { write_timeout: Duration::from_secs(30), ..bounds() };
    let (_client, server) = tokio::io::duplex(16);
    let mut guard = HeadGuard::new(server, bounds, Arc::new(Shared::default()));
    let begun = tokio::time::Instant::now();
    let error = guard.write_all(&[0; 64]).await.expect_err("nobody reads");
    assert_eq!((error.kind(), begun.elapsed().as_secs()), (std::io::ErrorKind::TimedOut, 30));
}
