//! What the gate does not let in.

use crate::harness::{Gate, Upstream, open_to, serve};

/// Every one of these could be read in two ways, or by two servers differently.
#[tokio::test]
async fn ambiguous_requests_are_refused_and_nothing_reaches_the_upstream() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let post = |fields: &str, body: &str| format!("POST /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}");
    let table = [
        (post("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\nG"), 400, "request.framing"),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 6", "0\r\n\r\nG"), 400, "request.framing"),
        (post("Content-Length: 5\r\nContent-Length: 6", "hello"), 400, "request.framing"),
        (post("Content-Length: 5\r\nContent-Length: 5", "hello"), 400, "request.framing"),
        (post("Content-Length: 5, 5", "hello"), 400, "request.framing"),
        (post("Content-Length: +5", "hello"), 400, "request.framing"),
        (post("Content-Length: 0x5", "hello"), 400, "request.framing"),
        (post("Content-Length:", "hello"), 400, "request.framing"),
        (post("Content-Length: 99999999999999999999", ""), 400, "request.framing"),
        (post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 400, "request.framing"),
        (post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 400, "request.framing"),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400, "request.framing"),
        ("POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(), 400, "request.framing"),
        (post("Content-Length : 5", "hello"), 400, "request.head"),
        (post("X: a\r\n folded", ""), 400, "request.head"),
        (post("X: a\nY: b", ""), 400, "request.head"),
        (post("X: a\rY: b", ""), 400, "request.head"),
        (post("X: a\0b", ""), 400, "request.head"),
        ("GET  /x HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.head"),
        ("GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.head"),
        ("GET /x HTTP/1.1\r\n\r\n".into(), 400, "request.host"),
        ("GET /x HTTP/1.0\r\n\r\n".into(), 400, "request.host"),
        ("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".into(), 400, "request.host"),
        ("GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n".into(), 400, "request.host"),
        ("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.host"),
        ("GET /x HTTP/3.0\r\nHost: a\r\n\r\n".into(), 505, "request.version"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".into(), 501, "request.method"),
        ("TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n".into(), 501, "request.method"),
        ("GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.path"),
        ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.path"),
        ("GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.path"),
        ("GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.path"),
        ("GET /a/..;/b HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.path"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400, "request.path"),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(9_000)), 414, "request.target_too_long"),
        (format!("GET /x HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(33_000)), 431, "request.head_too_large"),
        (format!("GET /x HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(101)), 431, "request.head_too_large"),
    ];
    for (request, status, code) in &table {
        let answer = gate.ask(request).await;
        assert_eq!(answer.problem(), (*status, (*code).to_owned()), "{request:?}");
    }
    assert_eq!(upstream.seen.lock().len(), 0);
    assert_eq!(gate.ledger.finished(table.len()).await.len(), table.len());
    assert_eq!(gate.ledger.counts(), (table.len(), table.len()), "each is recorded once");
}

#[tokio::test]
async fn after_a_bad_head_the_connection_is_over() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut client = gate.connect().await;
    client
        .send(
            "GET /first HTTP/1.1\r\nHost: a\r\n\r\n\
             GET /second HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n\
             GET /third HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer().await.status(), 200);
    let refused = client.answer().await;
    assert_eq!(refused.problem(), (400, "request.framing".into()));
    assert_eq!(refused.field("connection"), Some("close"));
    assert_eq!(client.rest().await, b"");
    assert!(upstream.only().start.starts_with("GET /first "));
}

/// Whatever is read as a request, every later stage must understand: a refusal of another kind would be no
/// problem document and would not be recorded.
#[tokio::test]
async fn every_character_a_target_may_have_is_served_or_refused_by_the_gate() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut asked = 0;
    for byte in (0_u8..=255).filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        for place in ["/a", "/?a"] {
            let mut request = format!("GET {place}").into_bytes();
            request.push(byte);
            request.extend_from_slice(b"b HTTP/1.1\r\nHost: a\r\n\r\n");
            let mut client = gate.connect().await;
            client.send(request).await;
            let answer = client.answer().await;
            assert!(answer.field("x-request-id").is_some(), "{byte:#x} after {place}: {}", answer.start);
            asked += 1;
        }
    }
    assert_eq!(gate.ledger.finished(asked).await.len(), asked);
}

#[tokio::test]
async fn heads_may_arrive_byte_by_byte() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut client = gate.connect().await;
    for byte in b"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" {
        client.send([*byte]).await;
    }
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((client.answer().await.status(), client.answer().await.status()), (200, 200));
    let seen = upstream.seen.lock();
    assert_eq!((seen[0].body.as_slice(), seen[1].start.as_str()), (b"hello".as_slice(), "GET /next HTTP/1.1"));
}

#[tokio::test]
async fn a_body_that_breaks_its_framing_is_the_clients_fault() {
    let upstream = serve(|mut connection| async move { while connection.more().await {} }).await;
    let gate = Gate::open(&open_to(upstream));
    let answer =
        gate.ask("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nXX\r\n").await;
    assert_eq!(answer.problem(), (400, "request.body".into()));
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.code, told.fault), (Some("request.body"), "client"));
}

// How long is too long is tested beside the guard, where time stands still until it is told to pass.
#[tokio::test]
async fn slow_heads_are_not_waited_for() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("http.head_timeout = \"50ms\"\n{}", open_to(upstream.address)));
    let mut slow = gate.connect().await;
    slow.send("GET / HTTP/1.1\r\nHost:").await;
    assert_eq!(slow.answer().await.problem(), (408, "request.timeout".into()));
    assert_eq!(slow.rest().await, b"");
}

#[tokio::test]
async fn idle_connections_are_closed_without_a_word() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("http.idle_timeout = \"50ms\"\n{}", open_to(upstream.address)));
    assert_eq!(gate.connect().await.rest().await, b"");
    assert_eq!(gate.ledger.counts(), (0, 0), "an idle connection is no request");
}

#[tokio::test]
async fn bodies_are_bounded_by_announcement_and_by_count() {
    let upstream = serve(|mut connection| async move { while connection.more().await {} }).await;
    let gate = Gate::open(&format!("http = {{ max_body = \"1KiB\", body_timeout = \"50ms\" }}\n{}", open_to(upstream)));
    let announced = gate.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n").await;
    assert_eq!(announced.problem(), (413, "request.too_large".into()));
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let counted = gate
        .ask(&format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"))
        .await;
    assert_eq!(counted.problem(), (413, "request.too_large".into()));
    let paused = gate.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc").await;
    assert_eq!(paused.problem(), (408, "request.timeout".into()));
}

#[tokio::test]
async fn a_refused_upload_still_gets_its_answer() {
    let upstream = Upstream::ok().await;
    let text = open_to(upstream.address).replace("auth = \"none\"", "");
    let gate = Gate::open(&text);
    let mut client = gate.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").await;
    client.send(vec![b'x'; 100_000]).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.field("connection")), (401, Some("close")));
    assert_eq!(client.rest().await, b"");
}

/// A small body that nobody wanted does not cost the connection, and is never taken for the next request.
#[tokio::test]
async fn a_small_body_that_was_not_read_is_passed_over() {
    let upstream = Upstream::ok().await;
    let closed = open_to(upstream.address).replace("auth = \"none\"", "");
    let gate = Gate::open(&closed);
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let chunked = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let mut client = gate.connect().await;
    for _ in 0..3 {
        let length = hidden.len();
        client.send(format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{hidden}")).await;
        let refused = client.answer().await;
        assert_eq!((refused.status(), refused.field("connection")), (401, None));
    }
    // How much is to come of this one nobody knows.
    client.send(format!("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}")).await;
    let refused = client.answer().await;
    assert_eq!((refused.status(), refused.field("connection")), (401, Some("close")));
    assert_eq!(client.rest().await, b"");
    assert_eq!(gate.ledger.finished(4).await.len(), 4);
}

/// An upstream that answers before it has read the request gets its answer through, and the rest of the
/// request is not taken for another one.
#[tokio::test]
async fn an_early_answer_passes_and_the_unread_body_goes_nowhere() {
    let upstream = serve(|mut connection| async move {
        connection.until("\r\n\r\n").await;
        connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull").await;
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client
        .send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.body.as_slice()), (413, b"full".as_slice()));
    assert_eq!(client.rest().await, b"");
    assert_eq!(gate.ledger.finished(1).await.len(), 1);
}

/// What is sent behind a request that asks to upgrade is no request before the answer, and no request of
/// ours after a granted one.
#[tokio::test]
async fn a_request_behind_an_upgrade_belongs_to_whoever_was_upgraded() {
    let upstream = serve(|mut connection| async move {
        connection.until("\r\n\r\n").await;
        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").await;
        let behind = connection.exactly(15).await;
        connection.send(behind).await;
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nGET /b HTTP/1.1").await;
    client.until("\r\n\r\n").await;
    assert_eq!(client.exactly(15).await, b"GET /b HTTP/1.1");
    drop(client);
    assert_eq!(gate.ledger.finished(1).await.len(), 1);
}
