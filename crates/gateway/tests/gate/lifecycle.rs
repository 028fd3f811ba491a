//! Opening, changing and closing the gate.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use gateway::{BindError, StartError};
use tokio::sync::Notify;

use crate::harness::{Client, Gate, Setup, Upstream, open_to, serve};

#[tokio::test]
async fn a_busy_port_is_a_clear_error() {
    let first = Setup { workers: 2, ..Setup::new("") }.open();
    let second = Setup { workers: 2, listen: first.address, ..Setup::new("") };
    let error = second.try_open().err().expect("the port is taken");
    assert!(matches!(error, StartError::Bind(BindError::Busy(address)) if address == first.address));
    assert!(error.to_string().contains("already in use"), "{error}");
}

#[tokio::test]
async fn draining_lets_requests_finish() {
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (reached.clone(), go.clone());
    let upstream = serve(move |mut connection| {
        let (reached, go) = signals.clone();
        async move {
            connection.message().await;
            reached.notify_one();
            go.notified().await;
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").await;
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut idle = gate.connect().await;
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    reached.notified().await;
    let Gate { running, address, .. } = gate;
    let drained = tokio::spawn(running.drain());
    assert_eq!(idle.rest().await, b"", "idle connections are closed at once");
    // Nobody new is let in: refused, or never answered.
    let refused = async {
        while let Ok(stream) = tokio::net::TcpStream::connect(address).await {
            assert_eq!(Client::from(stream).rest().await, b"");
        }
    };
    refused.await;
    assert!(!drained.is_finished());
    go.notify_one();
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.text()), (200, "done".into()));
    drained.await.expect("it drains");
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn draining_does_not_wait_for_ever() {
    let upstream = serve(|mut connection| async move { while connection.more().await {} }).await;
    let gate = Gate::open(&format!("http.drain_timeout = \"50ms\"\n{}", open_to(upstream)));
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    while gate.ledger.counts().0 == 0 {
        tokio::task::yield_now().await;
    }
    gate.running.drain().await;
    assert_eq!(client.rest().await, b"");
    assert_eq!(gate.ledger.finished(1).await[0].status, 499, "what was cut is recorded too");
}

#[tokio::test]
async fn two_hundred_reloads_under_load_fail_no_request() {
    let (a, b) = (Upstream::ok().await, Upstream::ok().await);
    let gate = Arc::new(Setup { workers: 2, ..Setup::new(&open_to(a.address)) }.open());
    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..8)
        .map(|n| {
            let (gate, stop, answered) = (gate.clone(), stop.clone(), answered.clone());
            tokio::spawn(async move {
                let mut client = gate.connect().await;
                while !stop.load(Ordering::Relaxed) {
                    let body = if n % 2 == 0 { "Content-Length: 3\r\n\r\nabc" } else { "\r\n" };
                    client.send(format!("PUT /x HTTP/1.1\r\nHost: a\r\n{body}")).await;
                    assert_eq!(client.answer().await.status(), 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for n in 0..200 {
        // Every other reload sends the requests elsewhere, and takes away the upstream they came from.
        gate.reload(&open_to(if n % 2 == 0 { b.address } else { a.address }));
        let before = answered.load(Ordering::Relaxed);
        while answered.load(Ordering::Relaxed) < before + 4 {
            assert!(clients.iter().all(|client| !client.is_finished()), "a request failed");
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no request failed");
    }
    assert!(!a.seen.lock().is_empty() && !b.seen.lock().is_empty());
    // An answer arrives a moment before its record.
    let answered = answered.load(Ordering::Relaxed);
    gate.ledger.finished(answered).await;
    assert_eq!(gate.ledger.counts(), (answered, answered));
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_upstream() {
    let (reached, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (reached.clone(), left.clone());
    let upstream = serve(move |mut connection| {
        let (reached, left) = signals.clone();
        async move {
            connection.message().await;
            reached.notify_one();
            connection.rest().await;
            left.notify_one();
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    reached.notified().await;
    drop(client);
    left.notified().await;
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.fault), (499, "client"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("http.max_connections = 1\n{}", open_to(upstream.address)));
    let mut first = gate.connect().await;
    first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(first.answer().await.status(), 200);
    let mut second = gate.connect().await;
    second.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    first.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(first.answer().await.status(), 200);
    assert_eq!(upstream.seen.lock().len(), 2, "the second connection waits");
    drop(first);
    assert_eq!(second.answer().await.status(), 200);
}
