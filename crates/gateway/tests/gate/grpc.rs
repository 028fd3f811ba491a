//! Calls of gRPC, framed as on the wire, over plain HTTP/2 and over TLS.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
};
use tokio_rustls::TlsConnector;

use crate::{
    harness::{Gate, open_to},
    pki::Authority,
    tls::tls,
};

type Body = UnsyncBoxBody<Bytes, hyper::Error>;
type Sender = http2::SendRequest<Body>;

/// One message as it is on the wire: not compressed, its length, itself.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("a short text").to_be_bytes();
    [&[0], length.as_slice(), text.as_bytes()].concat().into()
}

/// Takes messages apart, however they were cut.
struct Messages<B> {
    body: B,
    buffer: BytesMut,
    trailers: Option<HeaderMap>,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> Messages<B> {
    fn new(body: B) -> Self {
        Self { body, buffer: BytesMut::new(), trailers: None }
    }

    /// The next message; `None` at the end, `Some(Err)` where it broke off.
    async fn next(&mut self) -> Option<Result<String, B::Error>> {
        loop {
            if let Some(length) = self.buffer.get(1..5) {
                let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
                if self.buffer.len() >= 5 + length {
                    let message = self.buffer.split_to(5 + length);
                    return Some(Ok(String::from_utf8_lossy(&message[5..]).into_owned()));
                }
            }
            match self.body.frame().await? {
                Err(error) => return Some(Err(error)),
                Ok(frame) => match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
            }
        }
    }

    async fn all(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(message) = self.next().await {
            match message {
                Ok(message) => all.push(message),
                Err(_) => panic!("it broke off"),
            }
        }
        all
    }

    fn outcome(&self) -> (String, String) {
        let trailers = self.trailers.as_ref().expect("trailers");
        outcome(trailers)
    }
}

fn outcome(fields: &HeaderMap) -> (String, String) {
    let text = |name: &str| fields.get(name).map_or("", |value| value.to_str().expect("text")).to_owned();
    (text("grpc-status"), text("grpc-message"))
}

fn streamed(frames: impl Stream<Item = Frame<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(frames.map(Ok)).boxed_unsync()
}

fn trailers(status: &'static str) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().expect("value"));
    Frame::trailers(trailers)
}

/// Tells when it is dropped.
struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A service that knows every kind of call.
async fn service(request: Request<Incoming>, left: Arc<Notify>) -> Response<Body> {
    assert_eq!(request.headers()["te"], "trailers");
    let method = request.uri().path().to_owned();
    let mut asked = Messages::new(request.into_body());
    let body = match method.as_str() {
        "/test.Echo/Unary" => {
            let said = asked.all().await.concat();
            streamed(futures_util::stream::iter([Frame::data(message(&format!("you said {said}"))), trailers("0")]))
        }
        "/test.Echo/Split" => {
            let said = asked.all().await.concat();
            let words: Vec<Frame<Bytes>> = said.split(' ').map(|word| Frame::data(message(word))).collect();
            streamed(futures_util::stream::iter(words.into_iter().chain([trailers("0")])))
        }
        "/test.Echo/Count" => {
            let count = asked.all().await.len();
            streamed(futures_util::stream::iter([Frame::data(message(&count.to_string())), trailers("0")]))
        }
        "/test.Echo/Talk" => {
            let answers = futures_util::stream::unfold(Some(asked), |asked| async move {
                let mut asked = asked?;
                match asked.next().await {
                    Some(Ok(said)) => Some((Frame::data(message(&said.to_uppercase())), Some(asked))),
                    _ => Some((trailers("0"), None)),
                }
            });
            streamed(answers)
        }
        "/test.Echo/Fail" => {
            let mut response = Response::new(streamed(futures_util::stream::empty()));
            response.headers_mut().insert("grpc-status", "5".parse().expect("value"));
            response.headers_mut().insert("grpc-message", "no such thing".parse().expect("value"));
            return response;
        }
        "/test.Echo/Hang" => {
            let _told = Told(left);
            std::future::pending().await
        }
        // One message, and then nothing any more.
        "/test.Echo/Drip" => {
            let told = Told(left);
            let first = futures_util::stream::once(async { Frame::data(message("one")) });
            streamed(first.chain(futures_util::stream::once(async move {
                let _told = told;
                std::future::pending().await
            })))
        }
        other => panic!("{other}"),
    };
    Response::builder().header("content-type", "application/grpc").body(body).expect("a response")
}

/// Starts the service. The signal says that somebody left a call.
async fn start() -> (SocketAddr, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let left = Arc::new(Notify::new());
    let signal = left.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let signal = signal.clone();
            let serve = hyper::service::service_fn(move |request| {
                let signal = signal.clone();
                async move { Ok::<_, hyper::Error>(service(request, signal).await) }
            });
            let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(http2.serve_connection(TokioIo::new(stream), serve));
        }
    });
    (address, left)
}

fn config(upstream: SocketAddr) -> String {
    format!("upstreams.u.protocol = \"http2\"\n{}", open_to(upstream))
}

async fn plain(gate: &Gate) -> Sender {
    let stream = TcpStream::connect(gate.address).await.expect("it listens");
    let (sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(driver);
    sender
}

fn call(method: &str, body: Body) -> Request<Body> {
    Request::post(format!("http://gate.test{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .expect("a request")
}

fn saying(text: &str) -> Body {
    streamed(futures_util::stream::iter([Frame::data(message(text))]))
}

/// Every kind of call.
async fn calls(sender: &mut Sender) {
    for (method, said, answers) in
        [("/test.Echo/Unary", "hello", vec!["you said hello"]), ("/test.Echo/Split", "a b c", vec!["a", "b", "c"])]
    {
        let answer = sender.send_request(call(method, saying(said))).await.expect("an answer");
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &"application/grpc".parse().expect("value"))
        );
        let mut answered = Messages::new(answer.into_body());
        assert_eq!(answered.all().await, answers);
        assert_eq!(answered.outcome().0, "0");
    }
    let many = futures_util::stream::iter((0..100).map(|n| Frame::data(message(&n.to_string()))));
    let answer = sender.send_request(call("/test.Echo/Count", streamed(many))).await.expect("an answer");
    assert_eq!(Messages::new(answer.into_body()).all().await, ["100"]);

    // Each answer comes before the next is asked for.
    let (say, said) = mpsc::channel::<&'static str>(1);
    let said = futures_util::stream::unfold(said, |mut said| async move {
        let text = said.recv().await?;
        Some((Frame::data(message(text)), said))
    });
    let talk = sender.send_request(call("/test.Echo/Talk", streamed(said)));
    let mut answered = Messages::new(talk.await.expect("an answer").into_body());
    for (text, loud) in [("hello", "HELLO"), ("and", "AND"), ("bye", "BYE")] {
        say.send(text).await.expect("the call runs");
        assert_eq!(answered.next().await.expect("a message").expect("whole"), loud);
    }
    drop(say);
    assert!(answered.next().await.is_none());
    assert_eq!(answered.outcome().0, "0");

    let answer = sender.send_request(call("/test.Echo/Fail", saying("x"))).await.expect("an answer");
    assert_eq!(outcome(answer.headers()), ("5".into(), "no such thing".into()));
}

#[tokio::test]
async fn every_kind_of_call_passes() {
    let (upstream, _left) = start().await;
    let gate = Gate::open(&config(upstream));
    calls(&mut plain(&gate).await).await;
}

#[tokio::test]
async fn every_kind_of_call_passes_over_tls() {
    let (upstream, _left) = start().await;
    let authority = Authority::new();
    let gate = Gate::open(&format!("{}{}", tls(&[&authority.sign("a", &["gate.test"])], ""), config(upstream)));
    let stream = TcpStream::connect(gate.address).await.expect("it listens");
    let name = ServerName::try_from("gate.test").expect("a name");
    let connector = TlsConnector::from(authority.client(None, &["h2"]));
    let stream = connector.connect(name, stream).await.expect("a handshake");
    let (mut sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(driver);
    calls(&mut sender).await;
}

#[tokio::test]
async fn refusals_are_outcomes() {
    let (upstream, _left) = start().await;
    let routes = r#"
[upstreams.away]
targets = ["http://127.0.0.1:1"]
protocol = "http2"
[[routes]]
name = "closed"
match = { path = "/closed/{*rest}" }
upstream = "away"
[[routes]]
name = "limited"
match = { path = "/limited/{*rest}" }
upstream = "away"
limits = [{ by = "ip", rate = "1/hour" }]
auth = "none"
[[routes]]
name = "admin"
match = { path = "/admin/{*rest}" }
upstream = "away"
permissions = ["orders:delete"]
[[routes]]
name = "strong"
match = { path = "/strong/{*rest}" }
upstream = "away"
acr = "mfa"
[[routes]]
name = "open"
match = { path = "/test.Echo/{*rest}" }
upstream = "u"
auth = "none"
"#;
    let text = format!("upstreams.u = {{ targets = [\"http://{upstream}\"], protocol = \"http2\" }}\n{routes}");
    let gate = Gate::open(&text);
    let mut sender = plain(&gate).await;
    let mut ask = async |path: &str, key: bool| {
        let mut call = call(path, saying("x"));
        if key {
            call.headers_mut().insert("x-api-key", "pk_live_ada".parse().expect("value"));
        }
        sender.send_request(call).await.expect("an answer")
    };
    let answer = ask("/closed/x", false).await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"application/grpc".parse().expect("value"))
    );
    assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"portcullis\"");
    assert_eq!(answer.headers()["grpc-status"], "16");
    assert!(outcome(answer.headers()).1.starts_with("credentials.missing: "));
    assert!(http_body::Body::is_end_stream(answer.body()), "there is nothing behind the head");
    assert_eq!(ask("/admin/x", true).await.headers()["grpc-status"], "7");
    let answer = ask("/strong/x", true).await;
    assert_eq!(answer.headers()["grpc-status"], "16");
    assert!(outcome(answer.headers()).1.starts_with("auth.step_up_required: "));
    assert!(answer.headers()["www-authenticate"].to_str().expect("text").ends_with(", acr_values=\"mfa\""));
    assert_eq!(ask("/nowhere", false).await.headers()["grpc-status"], "12");
    assert_eq!(ask("/limited/x", false).await.headers()["grpc-status"], "14", "the target is away");
    let answer = ask("/limited/x", false).await;
    assert_eq!(answer.headers()["grpc-status"], "8");
    assert!(answer.headers().contains_key("retry-after"));
    // Operators see what was meant.
    let told = gate.ledger.finished(6).await;
    assert_eq!(told.iter().map(|told| told.status).collect::<Vec<_>>(), [401, 403, 401, 404, 502, 429]);
    // Whoever does not speak gRPC gets a document.
    assert_eq!(gate.get("/closed/x", "").await.problem().0, 401);
}

#[tokio::test]
async fn a_deadline_ends_the_call_on_both_sides() {
    let (upstream, left) = start().await;
    let gate = Gate::open(&config(upstream));
    let mut sender = plain(&gate).await;
    let mut ask = async |path: &str| {
        let mut call = call(path, saying("x"));
        call.headers_mut().insert("grpc-timeout", "50m".parse().expect("value"));
        sender.send_request(call).await.expect("an answer")
    };
    let answer = ask("/test.Echo/Hang").await;
    assert_eq!(outcome(answer.headers()).0, "4");
    left.notified().await;
    // Also when the answer has begun.
    let mut answered = Messages::new(ask("/test.Echo/Drip").await.into_body());
    assert_eq!(answered.all().await, ["one"]);
    assert_eq!(answered.outcome().0, "4");
    left.notified().await;
    // One that is long enough changes nothing.
    let mut call = call("/test.Echo/Unary", saying("x"));
    call.headers_mut().insert("grpc-timeout", "1H".parse().expect("value"));
    let answer = sender.send_request(call).await.expect("an answer");
    assert_eq!(Messages::new(answer.into_body()).all().await, ["you said x"]);
    let told = gate.ledger.finished(3).await;
    assert_eq!((told[0].status, told[0].code, told[0].fault), (408, Some("request.deadline"), "client"));
}

#[tokio::test]
async fn a_deadline_bounds_waiting_for_a_turn_too() {
    let (upstream, left) = start().await;
    let wait = "concurrency = { max = 1, queue = 1, queue_timeout = \"1h\" }";
    for text in [format!("{}\n{wait}\n", config(upstream)), format!("upstreams.u.{wait}\n{}", config(upstream))] {
        let gate = Gate::open(&text);
        let mut sender = plain(&gate).await;
        let first = sender.send_request(call("/test.Echo/Drip", saying("x"))).await.expect("an answer");
        let mut second = call("/test.Echo/Unary", saying("x"));
        second.headers_mut().insert("grpc-timeout", "50m".parse().expect("value"));
        assert_eq!(outcome(sender.send_request(second).await.expect("an answer").headers()).0, "4");
        drop(first);
        left.notified().await;
    }
}

#[tokio::test]
async fn a_caller_that_leaves_is_felt_by_the_service() {
    let (upstream, left) = start().await;
    let gate = Gate::open(&config(upstream));
    let mut sender = plain(&gate).await;
    let answer = sender.send_request(call("/test.Echo/Drip", saying("x"))).await.expect("an answer");
    drop(answer);
    left.notified().await;
    let hanging = tokio::spawn(sender.send_request(call("/test.Echo/Hang", saying("x"))));
    while gate.ledger.counts().0 < 2 {
        tokio::task::yield_now().await;
    }
    hanging.abort();
    left.notified().await;
    let told = gate.ledger.finished(2).await;
    assert!(told.iter().all(|told| told.fault == "client"), "{told:?}");
}

#[tokio::test]
async fn a_call_that_runs_when_the_gate_stops_is_told_so() {
    let (upstream, left) = start().await;
    let gate = Gate::open(&format!("http.drain_timeout = \"200ms\"\n{}", config(upstream)));
    let mut sender = plain(&gate).await;
    let answer = sender.send_request(call("/test.Echo/Drip", saying("x"))).await.expect("an answer");
    let mut answered = Messages::new(answer.into_body());
    assert_eq!(answered.next().await.expect("a message").expect("whole"), "one");
    let drained = tokio::spawn(gate.running.drain());
    assert!(answered.next().await.is_none());
    assert_eq!(answered.outcome(), ("14".into(), "The server is stopping".into()));
    left.notified().await;
    drop(sender);
    drained.await.expect("it drains");
}
