//! Targets that are learned while the gate runs: from a file, a DNS server, a Consul agent and a Kubernetes API,
//! each spoken to in its own protocol.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
};

use hickory_resolver::proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Name, RData, Record, rdata},
};
use parking_lot::Mutex;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    harness::{Client, Gate, Upstream, serve},
    pki::{Authority, Signed},
};

/// One route to everything, to an upstream that learns its targets so.
fn learning(discover: &str) -> String {
    format!(
        "upstreams.u.discover = {{ {discover}, networks = [\"127.0.0.0/8\"], interval = \"100ms\" }}\n[[routes]]\nname = \"all\"\nmatch = {{ path = \"/{{*rest}}\" }}\nupstream = \"u\"\nauth = \"none\"\n"
    )
}

/// Asks until exactly these targets answer.
async fn leads_to(gate: &Gate, targets: &[&Upstream]) {
    let wanted: HashSet<String> = targets.iter().map(|target| target.address.to_string()).collect();
    loop {
        let mut answered = HashSet::new();
        for _ in 0..(2 * targets.len()).max(1) {
            let before = gate.ledger.counts().1;
            gate.get("/", "").await;
            answered.extend(gate.ledger.finished(before + 1).await[before].upstream.clone());
        }
        if answered == wanted {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Whether the source fails, once that is (or is not) so.
async fn until_failing(gate: &Gate, failing: bool) {
    let upstream = gate.running.table().upstreams().next().expect("u").clone();
    while upstream.discovery_error().is_some() != failing {
        tokio::task::yield_now().await;
    }
}

fn write(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).expect("written");
    std::fs::rename(beside, path).expect("renamed");
}

#[tokio::test]
async fn a_file_is_watched() {
    let (a, b) = (Upstream::ok().await, Upstream::ok().await);
    let dir = std::env::temp_dir().join(format!("portcullis-{}", uuid::Uuid::from_u128(u128::from(a.address.port()))));
    std::fs::create_dir_all(&dir).expect("a folder");
    let path = dir.join("targets.toml");
    write(&path, &format!("targets = [\"http://{}\"]", a.address));
    let gate = Gate::open(&learning(&format!("from = \"file\", path = {path:?}")));
    leads_to(&gate, &[&a]).await;
    write(&path, &format!("targets = [{{ url = \"http://{}\", weight = 1 }}, \"http://{}\"]", a.address, b.address));
    leads_to(&gate, &[&a, &b]).await;
    // The target that stayed kept its connections.
    assert!(a.connections.load(std::sync::atomic::Ordering::SeqCst) <= 2);
    // What is wrong changes nothing.
    for wrong in ["targets = [", "targets = [\"ftp://x\"]", "targets = [\"http://u:p@127.0.0.1\"]", "other = 1"] {
        write(&path, wrong);
        until_failing(&gate, true).await;
        assert_eq!(gate.get("/", "").await.status(), 200);
        write(&path, &format!("targets = [\"http://{}\"]", b.address));
        until_failing(&gate, false).await;
    }
    leads_to(&gate, &[&b]).await;
    std::fs::remove_dir_all(&dir).expect("removed");
    until_failing(&gate, true).await;
    leads_to(&gate, &[&b]).await;
}

/// A DNS server with records that a test changes.
struct DnsServer {
    address: SocketAddr,
    records: Arc<Mutex<Vec<(Name, RData)>>>,
    code: Arc<Mutex<ResponseCode>>,
}

impl DnsServer {
    async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let records: Arc<Mutex<Vec<(Name, RData)>>> = Arc::default();
        let code = Arc::new(Mutex::new(ResponseCode::NoError));
        let (known, answer_code) = (records.clone(), code.clone());
        tokio::spawn(async move {
            let mut buffer = [0; 1_500];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
                let query = question.queries[0].clone();
                let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
                answer.metadata.message_type = MessageType::Response;
                answer.metadata.response_code = *answer_code.lock();
                answer.add_query(query.clone());
                if *answer_code.lock() == ResponseCode::NoError {
                    for (name, data) in known.lock().iter() {
                        if name == query.name() && data.record_type() == query.query_type() {
                            answer.add_answer(Record::from_rdata(name.clone(), 0, data.clone()));
                        }
                    }
                }
                let _ = socket.send_to(&answer.to_vec().expect("a message"), client).await;
            }
        });
        Self { address, records, code }
    }
    fn set(&self, records: &[(&str, RData)]) {
        *self.records.lock() =
            records.iter().map(|(name, data)| (name.parse().expect("a name"), data.clone())).collect();
    }
}

fn a(ip: IpAddr) -> RData {
    match ip {
        IpAddr::V4(v4) => RData::A(rdata::A(v4)),
        IpAddr::V6(v6) => RData::AAAA(rdata::AAAA(v6)),
    }
}

#[tokio::test]
async fn addresses_and_services_come_from_dns() {
    let (one, two) = (Upstream::ok().await, Upstream::ok().await);
    let server = DnsServer::start().await;
    server.set(&[("orders.test.", a(one.address.ip())), ("orders.test.", a("10.9.9.9".parse().expect("ip")))]);
    let gate = Gate::open(&learning(&format!(
        "from = \"dns\", name = \"orders.test\", port = {}, resolver = \"{}\"",
        one.address.port(),
        server.address
    )));
    // The other address is in none of the networks.
    leads_to(&gate, &[&one]).await;
    assert_eq!(gate.running.table().upstreams().next().expect("u").numbers().targets, 1);

    let srv = |priority, target: &Upstream, host: &str| {
        RData::SRV(rdata::SRV::new(priority, 1, target.address.port(), host.parse().expect("a name")))
    };
    let host = ("host.test.", a(one.address.ip()));
    server.set(&[
        host.clone(),
        ("_http._tcp.test.", srv(1, &one, "host.test.")),
        ("_http._tcp.test.", srv(2, &two, "host.test.")),
    ]);
    let gate = Gate::open(&learning(&format!(
        "from = \"srv\", name = \"_http._tcp.test\", resolver = \"{}\"",
        server.address
    )));
    leads_to(&gate, &[&one]).await;
    server.set(&[
        host.clone(),
        ("_http._tcp.test.", srv(1, &one, "host.test.")),
        ("_http._tcp.test.", srv(1, &two, "host.test.")),
    ]);
    leads_to(&gate, &[&one, &two]).await;
    // A server in trouble, and one that knows nothing, change nothing.
    for code in [ResponseCode::ServFail, ResponseCode::NXDomain] {
        *server.code.lock() = code;
        until_failing(&gate, true).await;
        leads_to(&gate, &[&one, &two]).await;
        *server.code.lock() = ResponseCode::NoError;
        until_failing(&gate, false).await;
    }
    server.set(&[host, ("_http._tcp.test.", srv(1, &two, "host.test."))]);
    leads_to(&gate, &[&two]).await;
}

/// What a fake API says, and a bell for those who wait for it to change.
#[derive(Default)]
struct Api {
    state: Mutex<(u64, String, u16)>,
    changed: Notify,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

impl Api {
    fn set(&self, body: String) {
        let mut state = self.state.lock();
        *state = (state.0 + 1, body, 200);
        self.changed.notify_waiters();
    }
    fn fail(&self, status: u16) {
        let mut state = self.state.lock();
        *state = (state.0 + 1, "no".into(), status);
        self.changed.notify_waiters();
    }
    /// Waits until the state is newer than this.
    async fn newer_than(&self, index: u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.state.lock().0 > index {
                return;
            }
            changed.await;
        }
    }
    async fn reply(&self, connection: &mut Client) {
        let (index, body, status) = self.state.lock().clone();
        let head = format!("HTTP/1.1 {status} X\r\nX-Consul-Index: {index}\r\nContent-Length: {}\r\n\r\n", body.len());
        connection.send(format!("{head}{body}")).await;
    }
    fn remember(&self, request: &crate::harness::Answer, header: &str) {
        self.asked.lock().push((request.start.clone(), request.field(header).map(str::to_owned)));
    }
}

/// The number after `name=` in a request line.
fn number(start: &str, name: &str) -> Option<u64> {
    let (_, rest) = start.split_once(&format!("{name}="))?;
    rest.split(['&', ' ']).next()?.parse().ok()
}

fn token_file() -> String {
    let path = std::env::temp_dir().join(format!("portcullis-token-{}", std::process::id()));
    std::fs::write(&path, "s3cret\n").expect("written");
    path.display().to_string()
}

#[tokio::test]
async fn instances_come_from_consul() {
    let (one, two) = (Upstream::ok().await, Upstream::ok().await);
    let api = Arc::new(Api::default());
    let fake = api.clone();
    let address = serve(move |mut connection| {
        let api = fake.clone();
        async move {
            while let Some(request) = connection.message().await {
                api.remember(&request, "x-consul-token");
                // A blocking query waits for what it has not seen.
                if let Some(index) = number(&request.start, "index") {
                    api.newer_than(index).await;
                }
                api.reply(&mut connection).await;
            }
        }
    })
    .await;
    let entry = |own: &str, node: &str, port: u16| {
        format!(
            "{{\"Node\":{{\"Address\":\"{node}\"}},\"Service\":{{\"Address\":\"{own}\",\"Port\":{port},\"Weights\":{{\"Passing\":2,\"Warning\":1}}}},\"Checks\":[]}}"
        )
    };
    let (first, second) = (one.address.port(), two.address.port());
    api.set(format!("[{}]", entry("", "127.0.0.1", first)));
    let gate = Gate::open(&learning(&format!(
        "from = \"consul\", name = \"orders\", url = \"http://{address}\", tag = \"v2\", datacenter = \"dc1\", token_file = {:?}",
        token_file()
    )));
    leads_to(&gate, &[&one]).await;
    let (start, token) = api.asked.lock()[0].clone();
    assert_eq!(start, "GET /v1/health/service/orders?passing=true&tag=v2&dc=dc1 HTTP/1.1");
    assert_eq!(token.as_deref(), Some("s3cret"));
    // Names and foreign addresses are no targets.
    let foreign = [entry("evil.test", "127.0.0.1", 80), entry("169.254.169.254", "127.0.0.1", 80)].join(",");
    api.set(format!("[{},{},{foreign}]", entry("", "127.0.0.1", first), entry("127.0.0.1", "10.0.0.1", second)));
    leads_to(&gate, &[&one, &two]).await;
    assert_eq!(gate.running.table().upstreams().next().expect("u").numbers().targets, 2);
    assert!(number(&api.asked.lock()[1].0, "index").is_some(), "the second question waits for news");
    api.fail(500);
    until_failing(&gate, true).await;
    leads_to(&gate, &[&one, &two]).await;
    api.set(format!("[{}]", entry("127.0.0.1", "10.0.0.1", second)));
    until_failing(&gate, false).await;
    leads_to(&gate, &[&two]).await;
}

#[tokio::test]
async fn endpoints_come_from_kubernetes() {
    let (one, two) = (Upstream::ok().await, Upstream::ok().await);
    let api = Arc::new(Api::default());
    let fake = api.clone();
    let address = serve(move |mut connection| {
        let api = fake.clone();
        async move {
            while let Some(request) = connection.message().await {
                api.remember(&request, "authorization");
                if let Some(version) = number(&request.start, "resourceVersion") {
                    api.newer_than(version).await;
                    connection
                        .send(
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{\"type\":\"MODIFIED\"}\n\r\n",
                        )
                        .await;
                    connection.rest().await;
                    return;
                }
                api.reply(&mut connection).await;
            }
        }
    })
    .await;
    let slice = |ready: bool, port: u16| {
        format!(
            "{{\"addressType\":\"IPv4\",\"endpoints\":[{{\"addresses\":[\"127.0.0.1\"],\"conditions\":{{\"ready\":{ready}}}}}],\"ports\":[{{\"name\":\"http\",\"port\":{port}}}]}}"
        )
    };
    let (first, second) = (one.address.port(), two.address.port());
    let list = |version: u64, slices: &[String]| {
        format!("{{\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"items\":[{}]}}", slices.join(","))
    };
    api.set(list(1, &[slice(true, first), slice(false, second)]));
    let gate = Gate::open(&learning(&format!(
        "from = \"kubernetes\", name = \"orders\", namespace = \"shop\", url = \"http://{address}\", token_file = {:?}",
        token_file()
    )));
    leads_to(&gate, &[&one]).await;
    let (start, token) = api.asked.lock()[0].clone();
    assert_eq!(
        start,
        "GET /apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dorders HTTP/1.1"
    );
    assert_eq!(token.as_deref(), Some("Bearer s3cret"));
    api.set(list(2, &[slice(true, first), slice(true, second)]));
    leads_to(&gate, &[&one, &two]).await;
    assert_eq!(number(&api.asked.lock()[1].0, "resourceVersion"), Some(1));
    api.fail(403);
    until_failing(&gate, true).await;
    leads_to(&gate, &[&one, &two]).await;
    api.set(list(4, &[slice(true, second)]));
    until_failing(&gate, false).await;
    leads_to(&gate, &[&two]).await;
}

/// An API over TLS. Its first question on each connection is answered so; one that waits for news is left waiting.
async fn over_tls(own: &Signed, answer: String) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.expect("versions").with_no_client_auth();
    let config = builder.with_single_cert(vec![own.der.clone()], own.key_der.clone_key()).expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(tcp).await else { return };
                let mut client = Client::from(stream);
                let Some(request) = client.message().await else { return };
                if number(&request.start, "index").or_else(|| number(&request.start, "resourceVersion")).is_some() {
                    client.rest().await;
                    return;
                }
                let head = format!("HTTP/1.1 200 OK\r\nX-Consul-Index: 1\r\nContent-Length: {}\r\n\r\n", answer.len());
                client.send(format!("{head}{answer}")).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn apis_over_tls_are_believed_by_their_authority_alone() {
    let one = Upstream::ok().await;
    let port = one.address.port();
    let (authority, other) = (Authority::new(), Authority::new());
    let own = authority.sign("api", &["127.0.0.1"]);
    for (from, answer) in [
        (
            "consul",
            format!(
                "[{{\"Node\":{{\"Address\":\"127.0.0.1\"}},\"Service\":{{\"Address\":\"\",\"Port\":{port}}},\"Checks\":[]}}]"
            ),
        ),
        (
            "kubernetes",
            format!(
                "{{\"metadata\":{{\"resourceVersion\":\"1\"}},\"items\":[{{\"addressType\":\"IPv4\",\"endpoints\":[{{\"addresses\":[\"127.0.0.1\"],\"conditions\":{{\"ready\":true}}}}],\"ports\":[{{\"name\":\"http\",\"port\":{port}}}]}}]}}"
            ),
        ),
    ] {
        let api = over_tls(&own, answer).await;
        let ask = |authority: &Authority| {
            learning(&format!(
                "from = \"{from}\", name = \"orders\", url = \"https://{api}\", token_file = {:?}, ca_file = {:?}",
                token_file(),
                authority.file()
            ))
        };
        let gate = Gate::open(&ask(&authority));
        leads_to(&gate, &[&one]).await;
        let gate = Gate::open(&ask(&other));
        until_failing(&gate, true).await;
        assert_eq!(gate.get("/", "").await.problem(), (503, "upstream.none".into()), "{from}");
    }
}

/// A reload that changes something else keeps what was learned.
#[tokio::test]
async fn what_was_learned_survives_a_reload() {
    let one = Upstream::ok().await;
    let server = DnsServer::start().await;
    server.set(&[("orders.test.", a(one.address.ip()))]);
    let config = learning(&format!(
        "from = \"dns\", name = \"orders.test\", port = {}, resolver = \"{}\"",
        one.address.port(),
        server.address
    ));
    let gate = Gate::open(&config);
    leads_to(&gate, &[&one]).await;
    *server.code.lock() = ResponseCode::ServFail;
    gate.reload(&format!("upstreams.u.timeout = \"7s\"\n{config}"));
    assert_eq!(gate.get("/", "").await.status(), 200);
}
