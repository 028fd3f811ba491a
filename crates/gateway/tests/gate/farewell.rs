//! What has no end of its own, when the gate stops.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::harness::{Client, Gate, open_to, serve};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

fn config(upstream: std::net::SocketAddr) -> String {
    format!("http.drain_timeout = \"200ms\"\n{}", open_to(upstream))
}

/// An upstream that sends the beginning of a chunked answer and then nothing.
async fn endless(media_type: &'static str) -> std::net::SocketAddr {
    serve(move |mut connection| async move {
        connection.message().await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.send(format!("{head}9\r\ndata: 1\n\n\r\n")).await;
        connection.rest().await;
    })
    .await
}

#[tokio::test]
async fn a_stream_of_events_ends_in_order() {
    let gate = Gate::open(&config(endless("text/event-stream; charset=utf-8").await));
    let mut client = gate.connect().await;
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("data: 1\n\n\r\n").await;
    let Gate { running, ledger, .. } = gate;
    running.drain().await;
    assert_eq!(client.rest().await, b"0\r\n\r\n", "the last chunk, and then the connection ends");
    let told = ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.fault), (200, "none"));
}

#[tokio::test]
async fn half_a_download_does_not_look_like_a_whole_one() {
    let gate = Gate::open(&config(endless("application/octet-stream").await));
    let mut client = gate.connect().await;
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("data: 1\n\n\r\n").await;
    gate.running.drain().await;
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_stream_of_events_that_ends_in_its_grace_is_left_alone() {
    let go = Arc::new(Notify::new());
    let signal = go.clone();
    let upstream = serve(move |mut connection| {
        let go = signal.clone();
        async move {
            connection.message().await;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            connection.send(format!("{head}1\r\na\r\n")).await;
            go.notified().await;
            connection.send("1\r\nb\r\n0\r\n\r\n").await;
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("1\r\na\r\n").await;
    let drained = tokio::spawn(gate.running.drain());
    go.notify_one();
    assert_eq!(client.rest().await, b"1\r\nb\r\n0\r\n\r\n");
    drained.await.expect("it drains");
}

/// Opens a WebSocket. Returns the client and the upstream's end.
async fn open() -> (Gate, Client, tokio::sync::mpsc::Receiver<Client>) {
    let (give, given) = tokio::sync::mpsc::channel(1);
    let upstream = serve(move |mut connection| {
        let give = give.clone();
        async move {
            connection.message().await;
            connection.send(SWITCHED).await;
            give.send(connection).await.expect("the test runs");
        }
    })
    .await;
    let gate = Gate::open(&config(upstream));
    let mut client = gate.connect().await;
    client.send(UPGRADE).await;
    assert_eq!(client.answer().await.status(), 101);
    (gate, client, given)
}

/// The code of a close frame from a client, which is masked.
fn unmasked(frame: &[u8]) -> u16 {
    assert_eq!((frame[0], frame[1]), (0x88, 0x82), "{frame:?}");
    u16::from_be_bytes([frame[6] ^ frame[2], frame[7] ^ frame[3]])
}

#[tokio::test]
async fn both_ends_of_a_websocket_are_told() {
    let (gate, mut client, mut given) = open().await;
    let mut upstream = given.recv().await.expect("a connection");
    upstream.send(b"\x81\x02hi").await;
    client.until("hi").await;
    let Gate { running, ledger, .. } = gate;
    let drained = tokio::spawn(running.drain());
    assert_eq!(client.exactly(4).await, b"\x88\x02\x03\xe9", "1001: going away");
    assert_eq!(unmasked(&upstream.exactly(8).await), 1001);
    drop((client, upstream));
    drained.await.expect("it drains");
    let told = ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.bytes_out), (101, 4));
}

#[tokio::test]
async fn a_frame_that_has_begun_comes_first() {
    let (gate, mut client, mut given) = open().await;
    let mut upstream = given.recv().await.expect("a connection");
    // The head and half of its payload.
    upstream.send(b"\x82\x7e\x01\x00").await;
    upstream.send([b'a'; 100]).await;
    client.exactly(104).await;
    let drained = tokio::spawn(gate.running.drain());
    assert_eq!(unmasked(&upstream.exactly(8).await), 1001, "the other direction is between two frames");
    upstream.send([[b'b'; 156].as_slice(), b"\x81\x05never"].concat()).await;
    let rest = client.exactly(160).await;
    assert_eq!((&rest[..156], &rest[156..]), ([b'b'; 156].as_slice(), b"\x88\x02\x03\xe9".as_slice()));
    drop((client, upstream));
    drained.await.expect("it drains");
}

#[tokio::test]
async fn peers_that_do_not_answer_are_not_waited_for() {
    let (gate, mut client, mut given) = open().await;
    let _upstream = given.recv().await.expect("a connection");
    gate.running.drain().await;
    assert_eq!(client.rest().await, b"\x88\x02\x03\xe9");
}

#[tokio::test]
async fn http2_is_told_to_go_away_and_its_streams_end() {
    let gate = Gate::open(&config(endless("text/event-stream").await));
    let stream = tokio::net::TcpStream::connect(gate.address).await.expect("it listens");
    let mut client = Client::from(stream);
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).expect("short");
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // GET, http, /, and an authority as a literal (RFC 7541).
    let head = [&[0x82, 0x86, 0x84, 0x01, 0x01][..], b"a"].concat();
    let begin = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[]), frame(1, 0x5, 1, &head)].concat();
    client.send(begin).await;
    client.until("data: 1\n\n").await;
    let Gate { running, .. } = gate;
    let drained = tokio::spawn(running.drain());
    let (mut away, mut ended) = (false, false);
    while !(away && ended) {
        let head = client.exactly(9).await;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = client.exactly(length).await;
        match (head[3], head[4], head[8]) {
            (7, ..) => away = true,
            (0, flags, 1) => ended = flags & 1 == 1,
            // Settings are agreed to, so is the question behind GOAWAY whether we are still there.
            (4, 0, _) => client.send(frame(4, 1, 0, &[])).await,
            (6, 0, _) => client.send(frame(6, 1, 0, &payload)).await,
            (3, ..) => panic!("the stream was reset"),
            _ => {}
        }
    }
    drained.await.expect("it drains");
}
