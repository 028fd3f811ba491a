//! When the far side fails, the answer says so.

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, sync::Notify};

use crate::harness::{Gate, Upstream, open_to, serve};

/// An address where nobody listens.
async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("an address")
}

#[tokio::test]
async fn who_failed_is_told_by_the_status() {
    let closing = serve(|mut connection| async move {
        connection.message().await;
    })
    .await;
    let babbling = serve(|mut connection| async move {
        connection.message().await;
        connection.send("SSH-2.0-OpenSSH_9\r\n\r\n").await;
    })
    .await;
    let two_lengths = serve(|mut connection| async move {
        connection.message().await;
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab").await;
    })
    .await;
    let silent = serve(|mut connection| async move { while connection.more().await {} }).await;
    let switching = serve(|mut connection| async move {
        connection.message().await;
        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").await;
    })
    .await;
    let table = [
        (switching, 502, "upstream.invalid_response"),
        (nowhere().await, 502, "upstream.unreachable"),
        (closing, 502, "upstream.invalid_response"),
        (babbling, 502, "upstream.invalid_response"),
        (two_lengths, 502, "upstream.invalid_response"),
        (silent, 504, "upstream.timeout"),
    ];
    for (i, (upstream, status, code)) in table.into_iter().enumerate() {
        let patience = if status == 504 { "50ms" } else { "1h" };
        let gate = Gate::open(&format!("upstreams.u.timeout = \"{patience}\"\n{}", open_to(upstream)));
        let answer = gate.get("/", "").await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{i}");
        assert!(!answer.text().contains(&upstream.to_string()), "the client need not know the target");
        let told = gate.ledger.finished(1).await.remove(0);
        assert_eq!((told.fault, told.code), ("upstream", Some(code)));
        assert_eq!(told.upstream, Some(upstream.to_string()), "the operator does");
    }
}

#[tokio::test]
async fn tls_is_spoken_to_https_targets_and_nothing_else() {
    let (hello, mut heard) = tokio::sync::mpsc::channel(1);
    let upstream = serve(move |mut connection| {
        let hello = hello.clone();
        async move {
            // A handshake record that names the host (RFC 8446 §5.1, RFC 6066 §3); then no TLS in return.
            let record = connection.until("localhost").await;
            hello.send(record).await.expect("the test runs");
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await;
    let gate = Gate::open(
        &open_to(upstream).replace(&format!("http://{upstream}"), &format!("https://localhost:{}", upstream.port())),
    );
    assert_eq!(gate.get("/", "").await.problem(), (502, "upstream.unreachable".into()));
    assert_eq!(heard.recv().await.expect("a record")[0], 0x16);
}

#[tokio::test]
async fn an_upstreams_own_error_is_passed_on_as_its_own() {
    let upstream = Upstream::answering("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops").await;
    let gate = Gate::open(&open_to(upstream.address));
    let answer = gate.get("/", "").await;
    assert_eq!((answer.status(), answer.text()), (500, "oops".into()));
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.fault, told.code), ("upstream", None));
}

#[tokio::test]
async fn another_target_is_tried_when_one_cannot_be_reached() {
    let upstream = Upstream::ok().await;
    let dead = nowhere().await;
    let gate = Gate::open(&open_to(upstream.address).replace(
        &format!("[\"http://{}\"]", upstream.address),
        &format!("[\"http://{dead}\", \"http://{}\"]", upstream.address),
    ));
    for _ in 0..6 {
        // With a body too: nothing of it has been sent.
        let answer = gate.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").await;
        assert_eq!(answer.status(), 200);
    }
    assert!(upstream.seen.lock().iter().all(|seen| seen.body == b"hello"));
    assert_eq!(upstream.seen.lock().len(), 6);
}

/// A kept connection that the target closes between two requests.
#[tokio::test]
async fn a_stale_connection_costs_no_request() {
    let upstream = serve(|mut connection| async move {
        // Answers once, and closes when the second request has come: the gate cannot know before.
        connection.message().await;
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        connection.more().await;
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    for _ in 0..4 {
        assert_eq!(gate.get("/", "").await.status(), 200);
    }
    // What may have been acted upon is not repeated.
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(gate.ask(post).await.problem(), (502, "upstream.invalid_response".into()));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_passed_off_as_whole() {
    let arrived = Arc::new(Notify::new());
    let signal = arrived.clone();
    let upstream = serve(move |mut connection| {
        let arrived = signal.clone();
        async move {
            connection.message().await;
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
            arrived.notified().await;
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("\r\n\r\nhalf").await;
    arrived.notify_one();
    assert_eq!(client.rest().await, b"", "the connection ends before the announced length");
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.fault, told.bytes_out), (200, "upstream", 4));
}
