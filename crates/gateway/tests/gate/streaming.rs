//! Bodies pass as they come, both ways, over every pair of protocols.

use bytes::Bytes;
use http::{HeaderMap, Request, Version};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::{body::Frame, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Gate, Upstream, open_to, serve};

#[tokio::test]
async fn events_arrive_when_they_are_sent() {
    let (ask, mut asked) = tokio::sync::mpsc::channel::<()>(1);
    let (say, said) = tokio::sync::watch::channel(0);
    let upstream = serve(move |mut connection| {
        let (ask, mut said) = (ask.clone(), said.clone());
        async move {
            connection.message().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            for n in 1..=3 {
                ask.send(()).await.expect("the test runs");
                said.wait_for(|said| *said >= n).await.expect("the test runs");
                connection.send(format!("9\r\ndata: {n}\n\n\r\n")).await;
            }
            connection.send("0\r\n\r\n").await;
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    for n in 1..=3 {
        asked.recv().await.expect("the upstream waits");
        say.send(n).expect("the upstream runs");
        // Arrives although the response has not ended, and before the next is sent.
        client.until(&format!("data: {n}\n\n\r\n")).await;
    }
    client.until("0\r\n\r\n").await;
}

#[tokio::test]
async fn an_upload_waits_for_the_upstream() {
    const SIZE: usize = 64 << 20;
    let (go, gone) = tokio::sync::watch::channel(false);
    let upstream = serve(move |mut connection| {
        let mut gone = gone.clone();
        async move {
            connection.until("\r\n\r\n").await;
            gone.wait_for(|gone| *gone).await.expect("the test runs");
            let mut left = SIZE;
            while left > 0 {
                let count = left.min(1 << 16);
                connection.exactly(count).await;
                left -= count;
            }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await;
    let gate = Gate::open(&format!("http.max_body = \"1GiB\"\n{}", open_to(upstream)));
    let mut client = gate.connect().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n")).await;
    // As long as the upstream does not read, the client cannot get rid of more than fits into buffers:
    // half of it never does, however long one waits.
    let piece = vec![b'x'; 1 << 16];
    let mut sent = 0;
    let half = async {
        while sent < SIZE / 2 {
            client.stream.writable().await.expect("it is open");
            sent += client.stream.try_write(&piece).unwrap_or(0);
        }
    };
    let taken = tokio::time::timeout(std::time::Duration::from_millis(300), half).await;
    assert!(taken.is_err(), "{sent} bytes were taken for an upstream that reads nothing");
    go.send(true).expect("the upstream runs");
    while sent < SIZE {
        let count = piece.len().min(SIZE - sent);
        client.send(&piece[..count]).await;
        sent += count;
    }
    assert_eq!(client.answer().await.status(), 200);
    assert_eq!(gate.ledger.finished(1).await[0].bytes_in, SIZE as u64);
}

#[tokio::test]
async fn who_asks_before_sending_is_told_to_go_on_or_not() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let ask = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let mut client = gate.connect().await;
    client.send(ask).await;
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send("hello").await;
    assert_eq!(client.answer().await.status(), 200);
    let seen = upstream.only();
    assert_eq!((seen.body.as_slice(), seen.field("expect")), (b"hello".as_slice(), None));

    let gate = Gate::open(&open_to(upstream.address).replace("auth = \"none\"", ""));
    let mut client = gate.connect().await;
    client.send(ask).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.field("connection")), (401, Some("close")));
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn trailers_are_kept() {
    let upstream = serve(|mut connection| async move {
        connection.message().await;
        connection
            .send("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")
            .await;
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    // HTTP/1.1 sends trailers to whoever says that they are welcome (RFC 9110 §6.5.1).
    let answer = gate.get("/", "TE: trailers\r\n").await;
    assert!(
        String::from_utf8_lossy(&answer.raw).to_ascii_lowercase().ends_with("x-sum: 7\r\n\r\n"),
        "{:?}",
        answer.raw
    );
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    for (status, length) in [("204 No Content", ""), ("304 Not Modified", "Content-Length: 5\r\n")] {
        let upstream = Upstream::answering(&format!("HTTP/1.1 {status}\r\n{length}\r\n")).await;
        let gate = Gate::open(&open_to(upstream.address));
        let mut client = gate.connect().await;
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            assert!(client.answer().await.start.ends_with(status));
        }
        assert!(gate.ledger.finished(2).await.iter().all(|told| told.bytes_out == 0 && told.fault == "none"));
    }
    let upstream = serve(|mut connection| async move {
        while connection.message().await.is_some() {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
        }
    })
    .await;
    let gate = Gate::open(&open_to(upstream));
    let mut client = gate.connect().await;
    for _ in 0..2 {
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let head = String::from_utf8_lossy(&client.until("\r\n\r\n").await).into_owned();
        assert!(head.contains("content-length: 5"), "{head}");
    }
    assert!(gate.ledger.finished(2).await.iter().all(|told| told.status == 200 && told.bytes_out == 0));
}

async fn http2(gate: &Gate) -> http2::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(gate.address).await.expect("it listens");
    let (sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(driver);
    sender
}

fn request(uri: String, body: &'static str) -> Request<Full<Bytes>> {
    Request::post(uri).body(Full::from(body)).expect("a request")
}

#[tokio::test]
async fn http2_clients_are_served_and_held_to_the_same_rules() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let mut sender = http2(&gate).await;
    let mut ask = request("http://gate.test/a/../b?q=1".into(), "hello");
    ask.headers_mut().append("cookie", "a=1".parse().expect("value"));
    ask.headers_mut().append("cookie", "b=2".parse().expect("value"));
    ask.headers_mut().insert("x_portcullis_user", "root".parse().expect("value"));
    let answer = sender.send_request(ask).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    assert_eq!(answer.into_body().collect().await.expect("a body").to_bytes(), "ok");
    let seen = upstream.only();
    assert_eq!((seen.start.as_str(), seen.body.as_slice()), ("POST /b?q=1 HTTP/1.1", b"hello".as_slice()));
    assert_eq!(seen.field("cookie"), Some("a=1; b=2"));
    assert_eq!(seen.field("x-forwarded-host"), Some("gate.test"));
    assert_eq!(seen.field("x_portcullis_user"), None);

    let mut contradiction = request("http://gate.test/".into(), "");
    contradiction.headers_mut().insert("host", "other.test".parse().expect("value"));
    let answer = sender.send_request(contradiction).await.expect("an answer");
    assert_eq!(answer.status(), 400);
    let answer = sender.send_request(request("http://gate.test/a%2fb".into(), "")).await.expect("an answer");
    assert_eq!(answer.status(), 400);
    // One bad request does not end the others' connection.
    let answer = sender.send_request(request("http://gate.test/c".into(), "")).await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("http.idle_timeout = \"50ms\"\n{}", open_to(upstream.address)));
    let stream = TcpStream::connect(gate.address).await.expect("it listens");
    let (sender, driver) =
        http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    // The sender is still there: it is the gate that ends the connection.
    let _ended = driver.await;
    assert!(sender.is_closed());
}

/// Echoes the body and sends a trailer, over HTTP/2 with prior knowledge.
async fn http2_upstream() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let echo = hyper::service::service_fn(|request: Request<hyper::body::Incoming>| async move {
                assert_eq!(request.version(), Version::HTTP_2);
                let te = request.headers().get("te").is_some_and(|te| te == "trailers");
                let path = request.uri().path().to_owned();
                let body = request.into_body().collect().await?.to_bytes();
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().expect("value"));
                trailers.insert("x-te", if te { "yes" } else { "no" }.parse().expect("value"));
                let frames = [Ok(Frame::data(Bytes::from(path))), Ok(Frame::data(body)), Ok(Frame::trailers(trailers))];
                let body = StreamBody::new(futures_util::stream::iter::<[Result<_, hyper::Error>; 3]>(frames));
                Ok::<_, hyper::Error>(http::Response::new(body))
            });
            tokio::spawn(
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), echo),
            );
        }
    });
    address
}

#[tokio::test]
async fn http2_passes_to_http2_with_its_trailers() {
    let upstream = http2_upstream().await;
    let gate = Gate::open(&format!("upstreams.u.protocol = \"http2\"\n{}", open_to(upstream)));
    let sender = http2(&gate).await;
    let calls = (0..20).map(|n| {
        let mut sender = sender.clone();
        async move {
            let mut call = request(format!("http://gate.test/{n}"), "-body");
            call.headers_mut().insert("te", "trailers".parse().expect("value"));
            let answer = sender.send_request(call).await.expect("an answer");
            let collected = answer.into_body().collect().await.expect("a body");
            assert_eq!(collected.trailers().and_then(|t| t.get("grpc-status")).expect("a trailer"), "0");
            assert_eq!(collected.trailers().and_then(|t| t.get("x-te")).expect("a trailer"), "yes");
            assert_eq!(collected.to_bytes(), format!("/{n}-body"));
        }
    });
    futures_util::future::join_all(calls).await;
    // And for a client that speaks HTTP/1.1.
    let answer = gate.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!((answer.status(), answer.text()), (200, "/xhi".into()));
}
