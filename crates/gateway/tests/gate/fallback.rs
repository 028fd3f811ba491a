//! What a route answers when its upstream fails.

use crate::harness::{Gate, Upstream, open_to, serve};

const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

/// An address where nobody listens.
async fn nowhere() -> std::net::SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.and_then(|l| l.local_addr()).expect("an address")
}

#[tokio::test]
async fn a_fixed_answer_stands_in_for_a_failure() {
    let fallback =
        "fallback = { status = 200, headers = { content-type = \"application/json\" }, body = '{\"items\":[]}' }\n";
    let busy = Upstream::answering(BUSY).await;
    for upstream in [nowhere().await, busy.address] {
        let gate = Gate::open(&format!("{}{fallback}", open_to(upstream)));
        // Whatever the method: nothing is sent again.
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        for answer in [gate.get("/", "").await, gate.ask(post).await] {
            assert_eq!((answer.status(), answer.text()), (200, "{\"items\":[]}".into()));
            assert_eq!(answer.field("content-type"), Some("application/json"));
            assert!(answer.field("x-request-id").is_some());
        }
        let told = gate.ledger.finished(2).await.remove(0);
        assert_eq!((told.status, told.fault, told.bytes_out), (200, "none", 12));
        assert_eq!(gate.running.table().upstreams().next().expect("u").numbers().fallbacks, 2);
    }
    // A healthy answer, whatever it says, is passed on.
    let missing = Upstream::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let gate = Gate::open(&format!("{}{fallback}", open_to(missing.address)));
    assert_eq!(gate.get("/", "").await.status(), 404);
}

#[tokio::test]
async fn an_open_circuit_and_a_full_queue_have_their_fallback_too() {
    let busy = Upstream::answering(BUSY).await;
    let breaker = "upstreams.u.breaker = { min_requests = 1, open_for = \"1h\" }\n";
    let fallback = "fallback = { status = 203, on = [\"timeout\"] }\n";
    let gate = Gate::open(&format!("{breaker}{}{fallback}", open_to(busy.address)));
    assert_eq!(gate.get("/", "").await.status(), 503, "not one of `on`");
    assert_eq!(gate.get("/", "").await.status(), 203);
    assert_eq!(busy.seen.lock().len(), 1);

    let hung = serve(|mut connection| async move { while connection.more().await {} }).await;
    let gate = Gate::open(&format!("{}{fallback}concurrency = {{ max = 1 }}\n", open_to(hung)));
    let mut first = gate.connect().await;
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    while gate.ledger.counts().0 == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gate.get("/", "").await.status(), 203);
}

#[tokio::test]
async fn another_upstream_is_asked_instead() {
    let (busy, other) = (Upstream::answering(BUSY).await, Upstream::ok().await);
    let config = format!(
        "upstreams.other.targets = [\"http://{}\"]\n{}fallback = {{ upstream = \"other\" }}\n",
        other.address,
        open_to(busy.address)
    );
    let gate = Gate::open(&config);
    let answer = gate.get("/a/b?c=d", "X-Own: 1\r\n").await;
    assert_eq!((answer.status(), answer.text()), (200, "ok".into()));
    let seen = other.only();
    assert_eq!((seen.start.as_str(), seen.field("x-own")), ("GET /a/b?c=d HTTP/1.1", Some("1")));
    assert_eq!(gate.ledger.finished(1).await[0].upstream, Some(other.address.to_string()));
    // What may have been acted upon is not sent to somebody else, nor is half a body.
    for request in ["POST / HTTP/1.1\r\nHost: a\r\n\r\n", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"] {
        assert_eq!(gate.ask(request).await.text(), "busy");
    }
    other.only();
    // A request that nobody has seen may be.
    let gate = Gate::open(&config.replace(&busy.address.to_string(), &nowhere().await.to_string()));
    assert_eq!(gate.ask("POST / HTTP/1.1\r\nHost: a\r\n\r\n").await.text(), "ok");
}

#[tokio::test]
async fn an_answer_that_stops_is_cut() {
    let stalling = serve(|mut connection| async move {
        connection.message().await;
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
        while connection.more().await {}
    })
    .await;
    let of_upstream = format!("upstreams.u.body_timeout = \"50ms\"\n{}", open_to(stalling));
    let of_route = format!("{}body_timeout = \"50ms\"\n", open_to(stalling));
    for config in [of_upstream, of_route] {
        let gate = Gate::open(&config);
        let mut client = gate.connect().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        client.until("\r\n\r\nhalf").await;
        assert_eq!(client.rest().await, b"");
        let told = gate.ledger.finished(1).await.remove(0);
        assert_eq!((told.status, told.fault, told.bytes_out), (200, "upstream", 4));
    }
}

/// Pauses that are each shorter than the time-out add up to more than it.
#[tokio::test]
async fn an_answer_that_goes_on_is_not_cut() {
    let slow = serve(|mut connection| async move {
        connection.message().await;
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n").await;
        for _ in 0..10 {
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            connection.send("x").await;
        }
    })
    .await;
    let gate = Gate::open(&format!("upstreams.u.body_timeout = \"500ms\"\n{}", open_to(slow)));
    assert_eq!(gate.get("/", "").await.text(), "xxxxxxxxxx");
}
