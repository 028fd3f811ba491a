//! A service in this process behind the same pipeline.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use gateway::{body::RequestBody, route::Route, upstream::InProcess};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kernel::RequestContext;
use tokio::sync::{Notify, mpsc};

use crate::harness::{Gate, Setup, Upstream, open_to};

async fn answer(request: Request<RequestBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let context = parts.extensions.get::<RequestContext>().expect("a context").clone();
    assert!(parts.uri.path() != "/id/panic", "as asked");
    assert!(!parts.headers.keys().any(|name| name.as_str().contains("portcullis")), "identity is not in headers");
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(Response::new(Full::from(error.to_string()))),
    };
    let text = format!(
        "{} {} host={} tenant={} caller={} ip={} secure={} id={} thread={} body={}",
        parts.method,
        parts.uri,
        parts.headers["host"].to_str().expect("text"),
        context.tenant.slug,
        context.principal.is_some(),
        context.client_ip,
        context.secure,
        context.request_id,
        std::thread::current().name().unwrap_or_default(),
        String::from_utf8_lossy(&body),
    );
    Ok(Response::new(Full::from(text)))
}

/// A gate with identity's stand-in under `/id`, on a runtime of its own.
fn open(upstream: &Upstream) -> (Gate, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("identity")
        .enable_all()
        .build()
        .expect("a runtime");
    let service = InProcess::new("identity", tower::service_fn(answer), runtime.handle().clone());
    let route = Route::in_process("identity", "/id/{*rest}".parse().expect("a pattern"), service);
    let gate = Setup { builtin: vec![route], ..Setup::new(&open_to(upstream.address)) }.open();
    (gate, runtime)
}

#[tokio::test]
async fn a_service_is_told_who_calls_and_runs_elsewhere() {
    let upstream = Upstream::ok().await;
    let (gate, runtime) = open(&upstream);
    let reply = gate
        .ask(
            "POST /t/acme/id/x?y=1 HTTP/1.1\r\nHost: gate.test\r\nX-Portcullis-User: root\r\nContent-Length: 3\r\n\r\nabc",
        )
        .await;
    let id = reply.field("x-request-id").expect("an id");
    let expected = format!(
        "POST /id/x?y=1 host=gate.test tenant=acme caller=false ip=127.0.0.1 secure=false id={id} thread=identity body=abc"
    );
    assert_eq!((reply.status(), reply.text()), (200, expected));
    let known = gate.get("/id/me", "X-API-Key: pk_live_ada\r\n").await.text();
    assert!(known.contains("tenant=default caller=true"), "{known}");
    let told = gate.ledger.finished(2).await;
    assert_eq!((told[0].route.as_str(), told[0].upstream.as_deref()), ("identity", Some("identity")));
    assert_eq!((told[0].bytes_in, told[1].subject), (3, true));
    runtime.shutdown_background();
}

#[tokio::test]
async fn what_goes_wrong_inside_is_our_fault() {
    let upstream = Upstream::ok().await;
    let (gate, runtime) = open(&upstream);
    assert_eq!(gate.get("/id/panic", "").await.problem(), (500, "internal".into()));
    assert_eq!(gate.ledger.finished(1).await[0].fault, "gate");
    assert_eq!(gate.get("/id/x", "").await.status(), 200, "and the service goes on");
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whatever_the_service_says() {
    let upstream = Upstream::ok().await;
    let (gate, runtime) = open(&upstream);
    let chunk = format!("{:x}\r\n{}\r\n", 6 << 20, "x".repeat(6 << 20));
    let reply = gate
        .ask(&format!("POST /id/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"))
        .await;
    assert_eq!(reply.problem(), (413, "request.too_large".into()));
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_call_that_began_runs_to_its_end_and_knows_when_nobody_waits() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (done, mut ended) = mpsc::unbounded_channel();
    let signals = (begun.clone(), go.clone(), done);
    let slow = tower::service_fn(move |request: Request<RequestBody>| {
        let (begun, go, done) = signals.clone();
        async move {
            let caller = request.extensions().get::<RequestContext>().expect("a context").caller.clone();
            let before = caller.has_gone();
            begun.notify_one();
            go.notified().await;
            done.send((before, caller.has_gone())).expect("the test waits");
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let service = InProcess::new("identity", slow, tokio::runtime::Handle::current());
    let route = Route::in_process("identity", "/{*rest}".parse().expect("a pattern"), service);
    let gate = Setup { builtin: vec![route], ..Setup::new("") }.open();
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    begun.notified().await;
    drop(client);
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.fault), (499, "client"));
    go.notify_one();
    assert_eq!(ended.recv().await, Some((false, true)));
}
