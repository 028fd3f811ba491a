//! TLS and HTTP/2 towards targets: whom the gate believes, and how it shares connections.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ServerConfig, server::WebPkiClientVerifier};
use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::TlsAcceptor;

use crate::{
    harness::{Client, Gate, Setup, Upstream},
    pki::{Authority, Signed},
};

/// A target that takes TLS with this certificate, and asks for one of these authorities' if told so. Answers
/// with the name that it was asked for and whether a certificate was shown.
async fn target(own: &Signed, clients: Option<&Authority>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.expect("versions");
    let builder = match clients {
        Some(clients) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(clients.der()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
        None => builder.with_no_client_auth(),
    };
    let mut config =
        builder.with_single_cert(vec![own.der.clone()], own.key_der.clone_key()).expect("a certificate and its key");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(tcp).await else { return };
                let session = stream.get_ref().1;
                let name = session.server_name().unwrap_or("nobody").to_owned();
                let shown = session.peer_certificates().map_or(0, <[_]>::len);
                let mut client = Client::from(stream);
                while client.message().await.is_some() {
                    let body = format!("{name} {shown}");
                    client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
                }
            });
        }
    });
    address
}

/// One open route to this target, with these settings of the upstream.
fn to(address: SocketAddr, settings: &str) -> String {
    format!(
        "[upstreams.u]\ntargets = [\"https://localhost:{}\"]\n{settings}\n[[routes]]\nname = \"all\"\n\
         match = {{ path = \"/{{*rest}}\" }}\nupstream = \"u\"\nauth = \"none\"\n",
        address.port()
    )
}

async fn outcome(config: &str) -> Result<String, String> {
    let answer = Gate::open(config).get("/", "").await;
    match answer.status() {
        200 => Ok(answer.text()),
        _ => Err(answer.problem().1),
    }
}

fn unreachable() -> Result<String, String> {
    Err("upstream.unreachable".to_owned())
}

#[tokio::test]
async fn only_the_authorities_that_are_named_are_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let address = target(&authority.sign("t", &["localhost"]), None).await;
    let ca = |authority: &Authority| format!("tls = {{ ca = {:?} }}", authority.file());
    assert_eq!(outcome(&to(address, &ca(&authority))).await, Ok("localhost 0".into()));
    assert_eq!(outcome(&to(address, &ca(&other))).await, unreachable());
    assert_eq!(outcome(&to(address, "")).await, unreachable(), "the public authorities have not signed it");
}

#[tokio::test]
async fn the_name_is_verified_unless_it_is_said_otherwise() {
    let (authority, other) = (Authority::new(), Authority::new());
    let address = target(&authority.sign("t", &["orders.internal"]), None).await;
    let with = |more: &str| to(address, &format!("tls = {{ ca = {:?}{more} }}", authority.file()));
    assert_eq!(outcome(&with("")).await, unreachable());
    let named = with(", server_name = \"orders.internal\"");
    assert_eq!(outcome(&named).await, Ok("orders.internal 0".into()));
    assert_eq!(outcome(&with(", verify = \"authority\"")).await, Ok("localhost 0".into()));
    // Another authority is still not believed.
    let wrong = to(address, &format!("tls = {{ ca = {:?}, verify = \"authority\" }}", other.file()));
    assert_eq!(outcome(&wrong).await, unreachable());
    assert_eq!(outcome(&to(address, "tls = { verify = \"insecure\" }")).await, Ok("localhost 0".into()));
}

#[tokio::test]
async fn the_gate_shows_its_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let address = target(&authority.sign("t", &["localhost"]), Some(&clients)).await;
    let own = clients.sign("gate", &["gate.internal"]);
    let ca = authority.file();
    let shown = format!("tls = {{ ca = {ca:?}, certificate = {:?}, key = {:?} }}", own.certificate, own.key);
    assert_eq!(outcome(&to(address, &shown)).await, Ok("localhost 1".into()));
    // Without one the target refuses, which shows in the handshake or with the first read.
    let refused = outcome(&to(address, &format!("tls = {{ ca = {ca:?} }}"))).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_refused_with_their_place() {
    let authority = Authority::new();
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let (a, b) = (authority.sign("a", &["a"]), authority.sign("b", &["b"]));
    let problem = |settings: String| {
        let problems = Setup::new(&to(address, &settings)).problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].path, "upstreams.u.tls");
        problems[0].message.clone()
    };
    assert!(problem("tls = { ca = \"/nowhere.pem\" }".into()).contains("/nowhere.pem"));
    assert!(problem(format!("tls = {{ ca = {:?} }}", a.key)).contains("no certificate"));
    let mixed = problem(format!("tls = {{ certificate = {:?}, key = {:?} }}", a.certificate, b.key));
    assert!(mixed.contains("together"), "{mixed}");
    assert!(problem("tls = { server_name = \"no name\" }".into()).contains("no name"));
}

/// A target that speaks HTTP/2 by prior knowledge, and answers once `go` says so. Counts its connections.
async fn http2_target(go: watch::Receiver<bool>) -> (SocketAddr, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, asked) = (connections.clone(), requests.clone());
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let (go, asked) = (go.clone(), asked.clone());
            let service = service_fn(move |_| {
                let (mut go, asked) = (go.clone(), asked.clone());
                async move {
                    asked.fetch_add(1, Ordering::SeqCst);
                    go.wait_for(|go| *go).await.expect("the test runs");
                    Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
                }
            });
            let serving = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(tcp), service);
            tokio::spawn(serving);
        }
    });
    (address, connections, requests)
}

#[tokio::test]
async fn a_full_connection_is_joined_by_another_up_to_the_bound() {
    let (go, gone) = watch::channel(false);
    let (address, connections, requests) = http2_target(gone).await;
    let text = format!(
        "[upstreams.u]\ntargets = [\"http://{address}\"]\nprotocol = \"http2\"\nmax_streams = 3\nmax_connections = 2\n\
         [[routes]]\nname = \"all\"\nmatch = {{ path = \"/{{*rest}}\" }}\nupstream = \"u\"\nauth = \"none\"\n"
    );
    let gate = Arc::new(Gate::open(&text));
    let ask = || {
        let gate = gate.clone();
        tokio::spawn(async move { gate.get("/", "").await.status() })
    };
    let mut running = Vec::new();
    // Three fit on the first, three on the second, and the rest share them.
    for (count, expected) in [(3, 1), (6, 2), (10, 2)] {
        while running.len() < count {
            running.push(ask());
        }
        while requests.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
        assert_eq!(connections.load(Ordering::SeqCst), expected, "for {count} requests");
    }
    go.send(true).expect("the target runs");
    for answer in running {
        assert_eq!(answer.await.expect("it ends"), 200);
    }
    // Room again: no further connection.
    assert_eq!(gate.get("/", "").await.status(), 200);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn connections_are_ready_before_anybody_asks() {
    let upstream = Upstream::ok().await;
    let text = format!("upstreams.u.min_idle = 3\n{}", crate::harness::open_to(upstream.address));
    let gate = Gate::open(&text);
    while upstream.connections.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2)).await;
    assert_eq!((client.answer().await.status(), client.answer().await.status()), (200, 200));
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 3, "they are used");
}
