//! TLS towards clients: which certificate they get, which they need, and what upstreams learn of it.

use std::{io, sync::Arc};

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    harness::{Client, Gate, Upstream, open_to},
    pki::{Authority, Signed},
};

/// `[tls]` with these certificates and further settings, before everything else.
pub(crate) fn tls(certificates: &[&Signed], more: &str) -> String {
    let entries: Vec<String> = certificates.iter().map(|signed| signed.entry()).collect();
    format!("tls.certificates = [{}]\n{more}\n", entries.join(", "))
}

async fn try_connect(gate: &Gate, config: &Arc<ClientConfig>, name: &str) -> io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(gate.address).await?;
    TlsConnector::from(config.clone()).connect(ServerName::try_from(name.to_owned()).expect("a name"), tcp).await
}

pub(crate) async fn connect(gate: &Gate, config: &Arc<ClientConfig>, name: &str) -> Client<TlsStream<TcpStream>> {
    Client::from(try_connect(gate, config, name).await.expect("a handshake"))
}

fn served(client: &Client<TlsStream<TcpStream>>) -> Vec<u8> {
    client.stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
}

const GET: &str = "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n";

#[tokio::test]
async fn requests_over_tls_are_told_to_be_secure() {
    let authority = Authority::new();
    let upstream = Upstream::ok().await;
    let certificate = authority.sign("a", &["a.test"]);
    let settings = tls(&[&certificate], "tls.hsts = \"365d\"\ntls.hsts_subdomains = true");
    let gate = Gate::open(&format!("{settings}{}", open_to(upstream.address)));
    let mut client = connect(&gate, &authority.client(None, &["http/1.1"]), "a.test").await;
    client.send(GET).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.text()), (200, "ok".to_owned()));
    assert_eq!(answer.field("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
    let seen = upstream.only();
    assert_eq!(seen.field("x-forwarded-proto"), Some("https"));
    assert_eq!(seen.field("forwarded"), Some("for=127.0.0.1;proto=https"));
}

#[tokio::test]
async fn http2_is_agreed_on_by_alpn() {
    let authority = Authority::new();
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("{}{}", tls(&[&authority.sign("a", &["a.test"])], ""), open_to(upstream.address)));
    let stream = try_connect(&gate, &authority.client(None, &["h2", "http/1.1"]), "a.test").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(driver);
    let request = Request::get("https://a.test/x").body(Empty::<Bytes>::new()).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_2));
    assert_eq!(upstream.only().field("x-forwarded-proto"), Some("https"));
    // A protocol that is not spoken ends the handshake.
    let other = try_connect(&gate, &authority.client(None, &["spdy/3"]), "a.test").await;
    assert!(other.is_err(), "no common protocol");
}

#[tokio::test]
async fn each_name_gets_its_certificate() {
    let authority = Authority::new();
    let first = authority.sign("first", &["first.test"]);
    let wild = authority.sign("wild", &["*.b.test"]);
    let exact = authority.sign("exact", &["x.b.test"]);
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("{}{}", tls(&[&first, &wild, &exact], ""), open_to(upstream.address)));
    let config = authority.client(None, &[]);
    for (name, expected) in [("first.test", &first), ("y.b.test", &wild), ("x.b.test", &exact)] {
        assert_eq!(served(&connect(&gate, &config, name).await), expected.der.to_vec(), "{name}");
    }
    // A name that no certificate has gets the first, which the client then refuses.
    assert!(try_connect(&gate, &config, "other.test").await.is_err());
}

#[tokio::test]
async fn new_files_are_served_and_running_connections_stay() {
    let authority = Authority::new();
    let old = authority.sign("a", &["a.test"]);
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("{}{}", tls(&[&old], ""), open_to(upstream.address)));
    let config = authority.client(None, &[]);
    let mut running = connect(&gate, &config, "a.test").await;
    assert_eq!(served(&running), old.der.to_vec());

    let new = authority.sign("a", &["a.test"]);
    while served(&connect(&gate, &config, "a.test").await) != new.der.to_vec() {}
    running.send(GET).await;
    assert_eq!(running.answer().await.status(), 200, "the old connection serves on");
}

#[tokio::test]
async fn only_tls_1_3_unless_asked_for() {
    let authority = Authority::new();
    let upstream = Upstream::ok().await;
    let signed = authority.sign("a", &["a.test"]);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der()).expect("an authority");
    let old = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("TLS 1.2")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let old = Arc::new(old);
    let strict = Gate::open(&format!("{}{}", tls(&[&signed], ""), open_to(upstream.address)));
    assert!(try_connect(&strict, &old, "a.test").await.is_err());
    let lenient = Gate::open(&format!("{}{}", tls(&[&signed], "tls.min_version = \"1.2\""), open_to(upstream.address)));
    let mut client = connect(&lenient, &old, "a.test").await;
    client.send(GET).await;
    assert_eq!(client.answer().await.status(), 200);
}

/// Routes with every way to ask for a certificate.
fn routes(upstream: &Upstream) -> String {
    let route = |name: &str, more: &str| {
        format!("[[routes]]\nname = \"{name}\"\nmatch = {{ path = \"/{name}\" }}\nupstream = \"u\"\n{more}\n")
    };
    [
        format!("upstreams.u.targets = [\"http://{}\"]\n", upstream.address),
        route("open", "auth = \"none\""),
        route("machine", "auth = [\"mtls\"]\nforward_credentials = true"),
        route("orders", "auth = [\"mtls\"]\nclient_sans = [\"uri:spiffe://corp/orders/*\", \"dns:*.orders.test\"]"),
        route("either", "auth = [\"mtls\", \"api_key\"]"),
        route("both", "auth = [\"api_key\"]\nclient_sans = [\"dns:a.orders.test\"]"),
    ]
    .concat()
}

async fn status(client: &mut Client<TlsStream<TcpStream>>, path: &str, fields: &str) -> (u16, Option<String>) {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n")).await;
    let answer = client.answer().await;
    match answer.status() {
        200 => (200, None),
        _ => {
            let (status, code) = answer.problem();
            (status, Some(code))
        }
    }
}

#[tokio::test]
async fn routes_ask_for_certificates_and_their_names() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let upstream = Upstream::ok().await;
    let more = format!("tls.client_ca = {:?}\ntls.client_auth = \"optional\"", clients.file());
    let gate = Gate::open(&format!("{}{}", tls(&[&authority.sign("a", &["a.test"])], &more), routes(&upstream)));
    let refused = |code: &str| (403, Some(code.to_owned()));
    let key = "X-API-Key: pk_live_ada\r\n";

    let mut nobody = connect(&gate, &authority.client(None, &[]), "a.test").await;
    assert_eq!(status(&mut nobody, "/open", "").await, (200, None));
    assert_eq!(status(&mut nobody, "/machine", "").await, refused("certificate.required"));
    assert_eq!(status(&mut nobody, "/orders", "").await, refused("certificate.required"));
    assert_eq!(status(&mut nobody, "/either", "").await, (401, Some("credentials.missing".into())));
    assert_eq!(status(&mut nobody, "/either", key).await, (200, None));
    assert_eq!(status(&mut nobody, "/both", key).await, refused("certificate.required"));

    let stranger = clients.sign("stranger", &["other.test"]);
    let mut stranger = connect(&gate, &authority.client(Some(&stranger), &[]), "a.test").await;
    assert_eq!(status(&mut stranger, "/machine", "").await, (200, None));
    assert_eq!(status(&mut stranger, "/orders", "").await, refused("certificate.refused"));
    assert_eq!(status(&mut stranger, "/either", "").await, (200, None));
    assert_eq!(status(&mut stranger, "/both", key).await, refused("certificate.refused"));
    // A key that is no good is not made good by a certificate.
    assert_eq!(status(&mut stranger, "/either", "X-API-Key: pk_live_x\r\n").await.0, 401);

    let orders = clients.sign("orders", &["spiffe://corp/orders/eu"]);
    let mut orders = connect(&gate, &authority.client(Some(&orders), &[]), "a.test").await;
    assert_eq!(status(&mut orders, "/orders", "").await, (200, None));
    let named = clients.sign("named", &["a.orders.test"]);
    let mut named = connect(&gate, &authority.client(Some(&named), &[]), "a.test").await;
    assert_eq!(status(&mut named, "/orders", "").await, (200, None));
    assert_eq!(status(&mut named, "/both", key).await, (200, None));
    assert_eq!(status(&mut named, "/both", "").await.0, 401, "a certificate is asked for on top");
}

#[tokio::test]
async fn upstreams_are_told_of_the_certificate_and_nobody_can_forge_it() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let upstream = Upstream::ok().await;
    let more = format!("tls.client_ca = {:?}\ntls.client_auth = \"optional\"", clients.file());
    let gate = Gate::open(&format!("{}{}", tls(&[&authority.sign("a", &["a.test"])], &more), routes(&upstream)));
    let forged = "X-Portcullis-Certificate-Names: \"dns:evil\"\r\nX_Portcullis_Certificate_Subject: CN=evil\r\n\
                  X-Portcullis-Certificate-Fingerprint: 00\r\nConnection: x-portcullis-certificate-names\r\n\
                  Authorization: Bearer for-the-upstream\r\n";
    let own = clients.sign("own", &["m.orders.test", "spiffe://corp/m"]);
    let mut machine = connect(&gate, &authority.client(Some(&own), &[]), "a.test").await;
    assert_eq!(status(&mut machine, "/machine", forged).await, (200, None));
    let seen = upstream.seen.lock().pop().expect("a request");
    assert_eq!(seen.field("x-portcullis-certificate-names"), Some("\"dns:m.orders.test\", \"uri:spiffe://corp/m\""));
    assert!(seen.field("x-portcullis-certificate-subject").is_some_and(|s| s.contains("CN=") && !s.contains("evil")));
    let fingerprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &own.der);
    let hex: String = fingerprint.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.field("x-portcullis-certificate-fingerprint"), Some(hex.as_str()));
    assert!(seen.all("x_portcullis_certificate_subject").is_empty());
    assert_eq!(seen.field("authorization"), Some("Bearer for-the-upstream"), "it is no credential here");

    let mut nobody = connect(&gate, &authority.client(None, &[]), "a.test").await;
    assert_eq!(status(&mut nobody, "/open", forged).await, (200, None));
    let seen = upstream.seen.lock().pop().expect("a request");
    assert!(!String::from_utf8_lossy(&seen.raw).to_lowercase().contains("certificate"), "{:?}", seen.fields);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_in_the_handshake() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let upstream = Upstream::ok().await;
    let signed = authority.sign("a", &["a.test"]);
    let open = |auth: &str| {
        let more = format!("tls.client_ca = {:?}\ntls.client_auth = \"{auth}\"", clients.file());
        Gate::open(&format!("{}{}", tls(&[&signed], &more), open_to(upstream.address)))
    };
    // In TLS 1.3 the client learns of it with its first read.
    let ends = |config: Arc<ClientConfig>, gate: Gate| async move {
        match try_connect(&gate, &config, "a.test").await {
            Ok(mut stream) => stream.read(&mut [0; 1]).await.is_err(),
            Err(_) => true,
        }
    };
    let foreign = authority.sign("foreign", &["m.test"]);
    assert!(ends(authority.client(Some(&foreign), &[]), open("optional")).await);
    assert!(ends(authority.client(Some(&foreign), &[]), open("required")).await);
    assert!(ends(authority.client(None, &[]), open("required")).await);
    let own = clients.sign("own", &["m.test"]);
    let gate = open("required");
    let mut client = connect(&gate, &authority.client(Some(&own), &[]), "a.test").await;
    client.send(GET).await;
    assert_eq!(client.answer().await.status(), 200);
}

#[tokio::test]
async fn whoever_never_ends_the_handshake_is_cut_off() {
    let authority = Authority::new();
    let upstream = Upstream::ok().await;
    let settings = tls(&[&authority.sign("a", &["a.test"])], "tls.handshake_timeout = \"200ms\"");
    let gate = Gate::open(&format!("{settings}{}", open_to(upstream.address)));
    for sent in [b"".as_slice(), b"\x16\x03\x01\x02\x00\x01", GET.as_bytes()] {
        let mut client = gate.connect().await;
        client.send(sent).await;
        let answer = client.rest().await;
        assert!(!answer.starts_with(b"HTTP"), "nothing is served without TLS");
    }
}

#[tokio::test]
async fn the_other_port_redirects() {
    let authority = Authority::new();
    let upstream = Upstream::ok().await;
    let more = "tls.redirect_listen = \"127.0.0.1:0\"\ntls.redirect_port = 443";
    let gate = Gate::open(&format!("{}{}", tls(&[&authority.sign("a", &["a.test"])], more), open_to(upstream.address)));
    let address = gate.running.redirect_address().expect("it redirects");
    let ask = |request: &'static str| async move {
        let mut client = Client::connect(address).await;
        client.send(request).await;
        client.answer().await
    };
    let answer = ask("POST /a/b?c=d HTTP/1.1\r\nHost: A.test:8080\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!((answer.status(), answer.field("location")), (308, Some("https://a.test/a/b?c=d")));
    assert_eq!(answer.field("connection"), Some("close"));
    assert_eq!(ask("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n").await.status(), 400);
    assert_eq!(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await.status(), 400);
    assert!(upstream.seen.lock().is_empty());
}

#[tokio::test]
async fn what_cannot_be_served_is_said_at_the_start() {
    let authority = Authority::new();
    let (a, b) = (authority.sign("a", &["a.test"]), authority.sign("b", &["b.test"]));
    let start = |settings: String| {
        let text = format!("{settings}\n{}", open_to(([127, 0, 0, 1], 9).into()));
        crate::harness::Setup::new(&text).try_open().err().expect("it cannot start").to_string()
    };
    let mixed = format!("tls.certificates = [{{ certificate = {:?}, key = {:?} }}]", a.certificate, b.key);
    let error = start(mixed);
    assert!(error.contains("a.pem") && error.contains("b.key") && error.contains("together"), "{error}");
    let missing = format!("tls.certificates = [{{ certificate = \"/nowhere.pem\", key = {:?} }}]", b.key);
    assert!(start(missing).contains("/nowhere.pem cannot be read"));
    let swapped = format!("tls.certificates = [{{ certificate = {:?}, key = {:?} }}]", a.key, a.certificate);
    assert!(start(swapped).contains("no certificate"));
    let empty = format!("{}tls.client_ca = {:?}", tls(&[&a], ""), a.key);
    assert!(start(empty).contains("no certificate"));
}
