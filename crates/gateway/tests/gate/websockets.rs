//! WebSockets over HTTP/2 (RFC 8441), in every pair of protocols.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Empty;
use hyper::{body::Incoming, client::conn::http2, ext::Protocol, upgrade::Upgraded};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Answer, Client, Gate, Upstream, open_to, serve};

type Sender = http2::SendRequest<Empty<Bytes>>;

async fn connect(gate: &Gate) -> Sender {
    let stream = TcpStream::connect(gate.address).await.expect("it listens");
    let (sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(driver);
    sender
}

fn opening(protocol: &'static str) -> Request<Empty<Bytes>> {
    let mut request = Request::connect("http://gate.test/ws?room=1")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "chat")
        .header("x-api-key", "pk_live_ada")
        .body(Empty::new())
        .expect("a request");
    request.extensions_mut().insert(Protocol::from_static(protocol));
    request
}

async fn opened(response: Response<Incoming>) -> Client<TokioIo<Upgraded>> {
    assert_eq!(response.status(), 200);
    for gone in ["upgrade", "connection", "sec-websocket-accept", "sec-websocket-key"] {
        assert!(!response.headers().contains_key(gone), "{gone}");
    }
    Client::from(TokioIo::new(hyper::upgrade::on(response).await.expect("a stream")))
}

fn accept(key: &str) -> String {
    use base64::Engine as _;
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(hash)
}

/// Takes WebSockets over HTTP/1.1, and echoes what comes until `!`.
async fn http1_upstream(wrong: bool) -> SocketAddr {
    serve(move |mut connection| async move {
        let asked: Answer = connection.message().await.expect("a request");
        assert_eq!(asked.start, "GET /ws?room=1 HTTP/1.1");
        assert_eq!((asked.field("upgrade"), asked.field("connection")), (Some("websocket"), Some("upgrade")));
        assert_eq!((asked.field("sec-websocket-version"), asked.field("sec-websocket-protocol")), (Some("13"), Some("chat")));
        assert!(asked.field("x-portcullis-user").is_some() || asked.field("x-api-key").is_none());
        let key = asked.field("sec-websocket-key").expect("a key");
        let accept = if wrong { "bm90IHRoYXQ=".to_owned() } else { accept(key) };
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\n";
        connection.send(format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n\x01\x05hello")).await;
        let got = connection.until("!").await;
        connection.send([b"echo:", got.as_slice()].concat()).await;
        connection.rest().await;
    })
    .await
}

#[tokio::test]
async fn an_http2_client_reaches_an_http1_upstream() {
    let gate = Gate::open(&open_to(http1_upstream(false).await).replace("auth = \"none\"", ""));
    let mut sender = connect(&gate).await;
    let answer = sender.send_request(opening("websocket")).await.expect("an answer");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
    let mut client = opened(answer).await;
    client.until("hello").await;
    client.send("anything at all!").await;
    client.until("echo:anything at all!").await;
    // Others are served beside it.
    let other = Request::get("http://gate.test/t/nobody").body(Empty::new()).expect("a request");
    assert_eq!(sender.send_request(other).await.expect("an answer").status(), 404);
    drop(client);
    let told = gate.ledger.finished(2).await;
    let socket = told.iter().find(|told| told.path == "/ws").expect("the socket");
    assert_eq!((socket.status, socket.bytes_in, socket.bytes_out, socket.subject), (101, 16, 28, true));
}

#[tokio::test]
async fn it_needs_what_its_route_needs_and_is_no_way_around() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address).replace("auth = \"none\"", ""));
    let mut sender = connect(&gate).await;
    let mut ask = async |change: fn(&mut Request<Empty<Bytes>>)| {
        let mut request = opening("websocket");
        change(&mut request);
        sender.send_request(request).await.expect("an answer").status().as_u16()
    };
    assert_eq!(ask(|request| drop(request.headers_mut().remove("x-api-key"))).await, 401);
    // A page of another site, with the cookie of its visitor.
    let cookie = |request: &mut Request<Empty<Bytes>>| {
        request.headers_mut().remove("x-api-key");
        request.headers_mut().insert("cookie", "__Host-portcullis_session=ada".parse().expect("value"));
        request.headers_mut().insert("origin", "http://evil.test".parse().expect("value"));
    };
    assert_eq!(ask(cookie).await, 403);
    let other = |request: &mut Request<Empty<Bytes>>| {
        request.extensions_mut().insert(Protocol::from_static("connect-udp"));
    };
    assert_eq!(ask(other).await, 501);
    // A CONNECT that names no protocol asks for a tunnel to anywhere.
    let mut request = Request::connect("gate.test:443").body(Empty::new()).expect("a request");
    request.headers_mut().insert("x-api-key", "pk_live_ada".parse().expect("value"));
    assert!(sender.send_request(request).await.is_err_and(|_| true) || upstream.seen.lock().is_empty());
    assert!(upstream.seen.lock().is_empty());
}

#[tokio::test]
async fn what_is_not_granted_is_not_open() {
    // To the client a 200 would mean that it is.
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let answer = connect(&gate).await.send_request(opening("websocket")).await.expect("an answer");
    assert_eq!(answer.status(), 502);
    let gate = Gate::open(&open_to(http1_upstream(true).await));
    let answer = connect(&gate).await.send_request(opening("websocket")).await.expect("an answer");
    assert_eq!(answer.status(), 502, "the wrong key was accepted");
    let upstream = Upstream::answering("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno").await;
    let gate = Gate::open(&open_to(upstream.address));
    let answer = connect(&gate).await.send_request(opening("websocket")).await.expect("an answer");
    assert_eq!(answer.status(), 426);
}

/// Takes WebSockets over HTTP/2, where it is asked for one by this protocol.
async fn http2_upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let take = hyper::service::service_fn(|mut request: Request<Incoming>| async move {
                let protocol = request.extensions().get::<Protocol>().map(|protocol| protocol.as_ref().to_vec());
                let mut response = Response::new(Empty::<Bytes>::new());
                if request.method() != Method::CONNECT {
                    *response.status_mut() = http::StatusCode::UPGRADE_REQUIRED;
                    return Ok::<_, hyper::Error>(response);
                }
                assert_eq!(protocol.as_deref(), Some(b"websocket".as_slice()));
                assert_eq!(request.uri().path_and_query().map(|target| target.as_str()), Some("/ws?room=1"));
                for gone in ["upgrade", "connection", "sec-websocket-key"] {
                    assert!(!request.headers().contains_key(gone), "{gone}");
                }
                let stream = hyper::upgrade::on(&mut request);
                tokio::spawn(async move {
                    let mut socket = Client::from(TokioIo::new(stream.await.expect("a stream")));
                    let got = socket.until("!").await;
                    socket.send([b"echo:", got.as_slice()].concat()).await;
                    socket.rest().await;
                });
                Ok(response)
            });
            let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            http2.enable_connect_protocol();
            tokio::spawn(http2.serve_connection(TokioIo::new(stream), take));
        }
    });
    address
}

#[tokio::test]
async fn an_http2_upstream_takes_them_where_it_is_said_to() {
    let upstream = http2_upstream().await;
    let protocol = "upstreams.u.protocol = \"http2\"\n";
    let gate = Gate::open(&format!("{protocol}upstreams.u.websocket = true\n{}", open_to(upstream)));
    let answer = connect(&gate).await.send_request(opening("websocket")).await.expect("an answer");
    let mut client = opened(answer).await;
    client.send("over both!").await;
    client.until("echo:over both!").await;

    // And for a client that speaks HTTP/1.1.
    let mut client = gate.connect().await;
    client
        .send(
            "GET /ws?room=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.field("upgrade")), (101, Some("websocket")));
    assert_eq!(answer.field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    client.send("from the old!").await;
    client.until("echo:from the old!").await;

    let gate = Gate::open(&format!("{protocol}{}", open_to(upstream)));
    let answer = connect(&gate).await.send_request(opening("websocket")).await.expect("an answer");
    assert_eq!(answer.status(), 426, "an ordinary request");
}

#[tokio::test]
async fn both_ends_are_told_when_the_gate_stops() {
    let gate = Gate::open(&format!("http.drain_timeout = \"200ms\"\n{}", open_to(http1_upstream(false).await)));
    let mut sender = connect(&gate).await;
    let mut client = opened(sender.send_request(opening("websocket")).await.expect("an answer")).await;
    client.until("hello").await;
    let drained = tokio::spawn(gate.running.drain());
    assert_eq!(client.exactly(4).await, b"\x88\x02\x03\xe9");
    drop((client, sender));
    drained.await.expect("it drains");
}
