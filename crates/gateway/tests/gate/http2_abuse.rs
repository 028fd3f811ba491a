//! HTTP/2 by hand, frame by frame: what no honest client sends.

use tokio::io::AsyncWriteExt as _;

use crate::harness::{Client, Gate, Upstream, open_to, serve};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// RFC 9113 §4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame").to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Fields as literals without indexing and without Huffman (RFC 7541 §6.2.2), whatever they hold.
fn fields(list: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in list {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).ok().filter(|n| *n < 127).expect("a short text"));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

const ASK: [(&str, &str); 4] = [(":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", "gate.test")];

/// A connection with the preface and settings exchanged, as far as a test needs it.
async fn open(gate: &Gate) -> Client {
    let mut client = gate.connect().await;
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send(frame(SETTINGS, 0, 0, &[])).await;
    client
}

/// The next frame: its kind, its stream and its payload. `None` when the connection has ended.
async fn next(client: &mut Client) -> Option<(u8, u32, Vec<u8>)> {
    while client.buffer.len() < 9 {
        if !client.more().await {
            return None;
        }
    }
    let head = client.exactly(9).await;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Some((head[3], stream, client.exactly(length).await))
}

/// What becomes of a stream: `HEADERS` for an answer, `RST_STREAM`, `GOAWAY`, or `None` for an end without
/// a word.
async fn fate(client: &mut Client, stream: u32) -> Option<u8> {
    loop {
        match next(client).await? {
            (GOAWAY, ..) => return Some(GOAWAY),
            (kind @ (HEADERS | RST_STREAM), on, _) if on == stream => return Some(kind),
            _ => {}
        }
    }
}

/// The status of an answer, which hyper's encoder writes indexed: the static table's 8 is 200, 12 is 400.
async fn status(client: &mut Client, stream: u32) -> Option<u8> {
    loop {
        match next(client).await? {
            (HEADERS, on, block) if on == stream => {
                // A change of the table's size may come first.
                return block.into_iter().find(|byte| byte & 0x80 != 0).map(|byte| byte & 0x7f);
            }
            (RST_STREAM, on, _) if on == stream => return None,
            (GOAWAY, ..) => return None,
            _ => {}
        }
    }
}

/// Fields that would become another request, or another length of this one, in HTTP/1.
#[tokio::test]
async fn what_http1_would_misread_reaches_no_upstream() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let malformed: [&[(&str, &str)]; 12] = [
        &[("transfer-encoding", "chunked")],
        &[("connection", "x-portcullis-user")],
        &[("upgrade", "x")],
        &[("te", "gzip")],
        &[("x", "a\r\nX-Portcullis-User: root")],
        &[("x", "a\nb")],
        &[("x", "a\0b")],
        &[("x y", "z")],
        &[("X-Upper", "z")],
        &[("x\r\nhost", "z")],
        &[(":path", "/admin")],
        &[("content-length", "3"), ("content-length", "4")],
    ];
    for more in malformed {
        let mut client = open(&gate).await;
        let block = fields(&[&ASK[..], more].concat());
        client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).await;
        // Refused by the frame layer, or with 400.
        match status(&mut client, 1).await {
            None | Some(12) => {}
            other => panic!("{more:?}: {other:?}"),
        }
    }
    let incomplete: [&[(&str, &str)]; 4] = [
        &[(":method", "GET"), (":scheme", "http"), (":authority", "a")],
        &[(":method", "GET"), (":path", "/x"), (":authority", "a"), (":protocol", "websocket")],
        &[(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "a")],
        &[("host", "a"), (":method", "GET"), (":scheme", "http"), (":path", "/x")],
    ];
    for pseudo in incomplete {
        let mut client = open(&gate).await;
        client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(pseudo))).await;
        assert_ne!(status(&mut client, 1).await, Some(8), "{pseudo:?}");
    }
    assert_eq!(upstream.seen.lock().len(), 0, "nothing has reached the upstream");
}

/// A length that the frames do not keep would let the upstream wait, or read the next request as a body.
#[tokio::test]
async fn a_forged_length_reaches_no_upstream_as_a_whole_request() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    for (announced, sent) in [("5", "abc"), ("3", "abcde"), ("0", "abc")] {
        let mut client = open(&gate).await;
        let block = fields(&[&ASK[..], &[("content-length", announced)]].concat());
        client.send(frame(HEADERS, END_HEADERS, 1, &block)).await;
        client.send(frame(DATA, END_STREAM, 1, sent.as_bytes())).await;
        assert_ne!(status(&mut client, 1).await, Some(8), "{announced} announced, {sent:?} sent");
    }
    assert!(upstream.seen.lock().iter().all(|seen| seen.body.is_empty()), "no body of another length");
}

/// However the end of a body is told, the upstream is told once.
#[tokio::test]
async fn a_body_that_ends_with_an_empty_frame_ends_once() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = serve(move |mut connection| {
        let tell = tell.clone();
        async move {
            while let Some(request) = connection.message().await {
                tell.send(request.raw).expect("the test runs");
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            }
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = open(&gate).await;
    for stream in [1, 3] {
        client.send(frame(HEADERS, END_HEADERS, stream, &fields(&ASK))).await;
        client.send(frame(DATA, 0, stream, b"hello")).await;
        client.send(frame(DATA, 0, stream, b"")).await;
        client.send(frame(DATA, END_STREAM, stream, b"")).await;
        assert_eq!(status(&mut client, stream).await, Some(8));
        let raw = told.recv().await.expect("a request");
        let text = String::from_utf8_lossy(&raw);
        assert!(text.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), "{text:?}");
        assert_eq!(text.matches("\r\n0\r\n").count(), 1, "{text:?}");
    }
}

/// Streams that are opened and reset at once (CVE-2023-44487) end the connection, and nobody else's.
#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let upstream = serve(|mut connection| async move { while connection.more().await {} }).await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = open(&gate).await;
    let block = fields(&ASK);
    let mut ended = false;
    for n in 0..20_000_u32 {
        let stream = n * 2 + 1;
        let mut burst = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        burst.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        if client.stream.write_all(&burst).await.is_err() {
            ended = true;
            break;
        }
    }
    // Whatever was still in the sockets' buffers, the last word is an end.
    ended |= fate(&mut client, u32::MAX).await.is_none_or(|kind| kind == GOAWAY);
    assert!(ended);
    assert_eq!(gate.get("/nowhere/../x%zz", "").await.status(), 400, "others are served");
}

/// A head without end, in CONTINUATION frames (CVE-2024-27316), is not collected.
#[tokio::test]
async fn a_head_without_end_ends_the_connection() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut client = open(&gate).await;
    client.send(frame(HEADERS, END_STREAM, 1, &fields(&ASK))).await;
    let value = "x".repeat(120);
    let piece = fields(&[("x", value.as_str()); 100]);
    let mut ended = false;
    for _ in 0..5_000 {
        if client.stream.write_all(&frame(CONTINUATION, 0, 1, &piece)).await.is_err() {
            ended = true;
            break;
        }
    }
    ended |= fate(&mut client, 1).await.is_none_or(|kind| kind != HEADERS);
    assert!(ended);
    assert_eq!(upstream.seen.lock().len(), 0);
    assert_eq!(gate.get("/x", "").await.status(), 200, "others are served");
}

/// One entry of the table, named thousands of times: a few bytes that unpack to megabytes.
#[tokio::test]
async fn a_small_head_that_unpacks_to_a_large_one_is_refused() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut client = open(&gate).await;
    let mut block = fields(&ASK);
    // A literal with indexing (RFC 7541 §6.2.1): the dynamic table's first entry is index 62.
    let value = "y".repeat(120);
    block.extend([0x40, 1, b'x', 120]);
    block.extend_from_slice(value.as_bytes());
    block.extend(std::iter::repeat_n(0x80 | 62, 12_000));
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).await;
    // 431 or a reset: never a request with a megabyte of fields.
    assert_ne!(status(&mut client, 1).await, Some(8));
    assert_eq!(upstream.seen.lock().len(), 0);
}

/// Frames that ask for an answer, from a client that reads none: the gate stops reading, and holds nothing.
#[tokio::test]
async fn floods_of_questions_are_not_answered_into_memory() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    for question in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])] {
        let mut client = open(&gate).await;
        let burst = question.repeat(1_000);
        // 64 MiB of questions: they stop being taken, or the connection ends, long before.
        let mut left = 64 << 20;
        let flood = async {
            while left > 0 {
                if client.stream.write_all(&burst).await.is_err() {
                    break;
                }
                left = usize::saturating_sub(left, burst.len());
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), flood).await;
        assert!(left > 0, "all of it was taken");
        assert_eq!(gate.get("/x", "").await.status(), 200, "others are served");
    }
}
