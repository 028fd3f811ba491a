//! What a connection's bytes mean, however they are cut, and what time does to it.

use std::{future::poll_fn, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::{
    fuzzing::{bounds, read_requests},
    guard::BadHead,
    http1::{Bounds, Next, Server, ServerBody},
};

fn cut(stream: &[u8], cuts: &[usize]) -> (Vec<String>, String) {
    read_requests(stream, cuts)
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
