//! Connections that change their protocol.

use crate::harness::{Gate, Upstream, open_to, serve};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

#[tokio::test]
async fn a_websocket_passes_both_ways() {
    let upstream = serve(|mut connection| async move {
        let asked = connection.message().await.expect("a request");
        assert_eq!((asked.field("upgrade"), asked.field("connection")), (Some("websocket"), Some("upgrade")));
        assert!(asked.field("sec-websocket-key").is_some());
        // The first frame comes with the answer, as servers do.
        connection
            .send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello")
            .await;
        let got = connection.until("!").await;
        connection.send([b"echo:", got.as_slice()].concat()).await;
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client.send(UPGRADE).await;
    let answer = client.answer().await;
    eprintln!("A {:?}", answer.start);
    assert_eq!((answer.status(), answer.field("upgrade")), (101, Some("websocket")));
    assert_eq!(answer.field("connection"), Some("upgrade"));
    assert_eq!(answer.field("sec-websocket-accept"), Some("x"));
    client.until("hello").await;
    // Not HTTP at all, and nobody minds any more.
    client.send(b"\x81\x05GET / HTTP/1.1\nnonsense!").await;
    assert_eq!(client.rest().await, b"echo:\x81\x05GET / HTTP/1.1\nnonsense!");
    drop(client);
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.fault), (101, "none"));
    assert_eq!((told.bytes_in, told.bytes_out), (26, 36));
}

#[tokio::test]
async fn an_upgrade_that_is_not_granted_is_an_ordinary_request() {
    let upstream = Upstream::answering("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno").await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut client = gate.connect().await;
    // What stands behind the request is not smuggled past the guard: it is the next request.
    client.send(format!("{UPGRADE}GET /next HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.text()), (426, "no".into()));
    assert_eq!(client.answer().await.problem(), (400, "request.host".into()));
    assert_eq!(client.rest().await, b"");
    assert!(upstream.only().start.starts_with("GET /ws "));
}

#[tokio::test]
async fn an_upgrade_needs_what_its_route_needs() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address).replace("auth = \"none\"", ""));
    let mut client = gate.connect().await;
    client.send(UPGRADE).await;
    assert_eq!(client.answer().await.status(), 401);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: pk_live_ada\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 200, "the connection goes on");
}

#[tokio::test]
async fn http2_is_not_upgraded_to() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let fields = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    assert_eq!(gate.get("/", fields).await.status(), 200);
    let seen = upstream.only();
    assert_eq!((seen.field("upgrade"), seen.field("http2-settings"), seen.field("connection")), (None, None, None));
}
