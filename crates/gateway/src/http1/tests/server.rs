//! What a connection's bytes mean, however they are cut, and what time does to it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

use super::request_head::LIMITS;
use crate::{
    guard::BadHead,
    http1::{Bounds, Next, Server, ServerBody},
};

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
    Bounds { heads: LIMITS, head_timeout: long, write_timeout: long, idle_timeout: long }
}

/// Everything a connection brings: each request with its body, then how it went on.
async fn read(pieces: Vec<Vec<u8>>) -> (Vec<String>, String) {
    let server = Arc::new(Mutex::new(Server::new(Pieces(pieces), bounds())));
    let mut requests = Vec::new();
    loop {
        match poll_fn(|cx| server.lock().poll_next(cx)).await {
            Next::Request(head) => {
                let mut seen = format!("{} {}", head.parts.method, head.parts.uri);
                if let Some(mut body) = ServerBody::of(&server) {
                    while let Some(frame) = poll_fn(|cx| body.poll_frame(cx)).await {
                        let Ok(frame) = frame else { return (requests, "broken body".into()) };
                        match frame.into_data() {
                            Ok(data) => seen.push_str(&String::from_utf8_lossy(&data)),
                            Err(trailers) => seen.push_str(&format!("{:?}", trailers.trailers_ref())),
                        }
                    }
                }
                requests.push(seen);
            }
            Next::Bad(bad) => return (requests, format!("{bad:?}")),
            Next::Http2 => return (requests, "HTTP/2".into()),
            Next::End => return (requests, "end".into()),
        }
    }
}

fn cut(stream: &[u8], cuts: &[usize]) -> (Vec<String>, String) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut.min(&stream.len())).chain([0, stream.len()]).collect();
    cuts.sort_unstable();
    let pieces = cuts.windows(2).map(|pair| stream[pair[0]..pair[1]].to_vec()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(read(pieces))
}

const STREAM: &[u8] = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello\r\n\r\nyou\
    POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;e=\"1\"\r\nhe\r\nl\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n\
    \r\nGET /4 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\
    GET /5 HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn bodies_end_where_they_say_and_the_next_request_begins_there() {
    let (requests, then) = cut(STREAM, &[]);
    assert_eq!(then, "end");
    assert_eq!(requests.len(), 5, "{requests:?}");
    assert_eq!(requests[1], "POST /2hello\r\n\r\nyou");
    assert_eq!(requests[2], "POST /3he\r\nl0123456789Some({\"t\": \"x\"})");
    // A head that hides in a body is no head.
    let hidden = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
    let hiding = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len());
    assert_eq!(cut(hiding.as_bytes(), &[]).0.len(), 1);
}

#[test]
fn every_cut_gives_the_same_requests() {
    let tails: [(&[u8], &str); 4] = [
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nmore", "Host"),
        (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "LineEnding"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello", "broken body"),
        (b"", "end"),
    ];
    for (tail, expected) in tails {
        let stream = [STREAM, tail].concat();
        let whole = cut(&stream, &[]);
        assert_eq!(whole.1, expected);
        for at in 0..=stream.len() {
            assert_eq!(cut(&stream, &[at]), whole, "cut at {at}");
        }
        assert_eq!(cut(&stream, &(0..stream.len()).collect::<Vec<_>>()), whole, "byte by byte");
    }
}

#[test]
fn http2_is_known_however_it_is_cut() {
    let stream = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    for at in 0..=stream.len() {
        assert_eq!(cut(stream, &[at]).1, "HTTP/2", "cut at {at}");
    }
    // Only as the very first thing, and only exactly.
    let late = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), stream].concat();
    assert_eq!(cut(&late, &[]).1, "Version");
    assert_eq!(cut(b"PRI * HTTP/2.0\r\n\r\nXX", &[]).1, "Version");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Streams out of fragments that matter, cut anywhere: one meaning.
    #[test]
    fn the_cut_never_matters(
        fragments in prop::collection::vec(prop::sample::select(vec![
            "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "Host: a\r\n", "\r\n", "Content-Length: 4\r\n", "Content-Length: 0\r\n",
            "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "Upgrade: x\r\n", "4\r\n", "abcd", "0\r\n", "\n", "\r",
            " ", "X: y\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ";", "\0", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ]), 0..24),
        cuts in prop::collection::vec(0_usize..400, 0..6),
    ) {
        let stream = fragments.concat().into_bytes();
        prop_assert_eq!(cut(&stream, &cuts), cut(&stream, &[]));
    }
}

#[tokio::test]
async fn a_body_ends_with_its_request() {
    let (mut client, near) = tokio::io::duplex(1_024);
    client
        .write_all(b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecret")
        .await
        .expect("it is open");
    let server = Arc::new(Mutex::new(Server::new(near, bounds())));
    assert!(matches!(poll_fn(|cx| server.lock().poll_next(cx)).await, Next::Request(_)));
    let mut first = ServerBody::of(&server).expect("a body");
    // Answered without being read; somebody still holds it.
    assert!(poll_fn(|cx| server.lock().poll_drain(cx)).await);
    assert!(matches!(poll_fn(|cx| server.lock().poll_next(cx)).await, Next::Request(_)));
    assert!(matches!(poll_fn(|cx| first.poll_frame(cx)).await, Some(Err(_))), "the next body is not its own");
    let mut second = ServerBody::of(&server).expect("a body");
    let frame = poll_fn(|cx| second.poll_frame(cx)).await.expect("a frame").expect("whole");
    assert_eq!(frame.into_data().expect("data").as_ref(), b"secret");
}

async fn next(server: &mut Server<DuplexStream>) -> Next {
    poll_fn(|cx| server.poll_next(cx)).await
}

#[tokio::test(start_paused = true)]
async fn a_head_gets_its_own_time_however_long_the_connection_was_idle() {
    let bounds = Bounds { head_timeout: Duration::from_secs(10), idle_timeout: Duration::from_secs(75), ..bounds() };
    let (mut client, near) = tokio::io::duplex(1_024);
    let mut server = Server::new(near, bounds);
    let begun = tokio::time::Instant::now();
    let writing = async {
        tokio::time::sleep(Duration::from_secs(70)).await;
        client.write_all(b"GET / HT").await.expect("it is open");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        next = next(&mut server) => assert!(matches!(next, Next::Bad(BadHead::Timeout))),
        () = writing => unreachable!("never ends"),
    }
    assert_eq!(begun.elapsed().as_secs(), 80, "idle for 70 seconds, then 10 for the head");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_before_and_after_a_request() {
    let bounds = Bounds { idle_timeout: Duration::from_secs(75), ..bounds() };
    for sent in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let (mut client, near) = tokio::io::duplex(1_024);
        client.write_all(sent.as_bytes()).await.expect("it is open");
        let mut server = Server::new(near, bounds);
        if !sent.is_empty() {
            assert!(matches!(next(&mut server).await, Next::Request(_)));
            // However long the answer takes.
            tokio::time::sleep(Duration::from_secs(100)).await;
        }
        let begun = tokio::time::Instant::now();
        assert!(matches!(next(&mut server).await, Next::End));
        assert_eq!(begun.elapsed().as_secs(), 75);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off() {
    let bounds = Bounds { write_timeout: Duration::from_secs(30), ..bounds() };
    let (_client, near) = tokio::io::duplex(16);
    let mut server = Server::new(near, bounds);
    server.out().encode().extend_from_slice(&[0; 64]);
    let begun = tokio::time::Instant::now();
    let error = poll_fn(|cx| server.poll_flush(cx)).await.expect_err("nobody reads");
    assert_eq!((error.kind(), begun.elapsed().as_secs()), (std::io::ErrorKind::TimedOut, 30));
}

#[tokio::test(start_paused = true)]
async fn lingering_ends() {
    let (mut client, near) = tokio::io::duplex(1_024);
    let mut server = Server::new(near, bounds());
    client.write_all(b"what nobody wants").await.expect("it is open");
    let begun = tokio::time::Instant::now();
    poll_fn(|cx| server.poll_linger(cx)).await;
    assert_eq!(begun.elapsed().as_secs(), 2);
    assert_eq!(client.read(&mut [0; 8]).await.expect("an orderly end"), 0);
}
