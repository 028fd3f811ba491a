//! A gate on a free port, clients and upstreams that speak in bytes, and a recorder that remembers.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use gateway::{
    Gateway, GatewayParts, Running,
    authn::{Authn, REFUSED, Settings},
    config::{
        ForwardAuthConfig, GatewayConfig, GuardConfig, HttpConfig, ProxyProtocolConfig, RouteConfig, TlsConfig,
        UpstreamConfig,
    },
    limit::{Backend, LimitSettings, Limits},
    route::{Route, RouteTable, TableParts},
    transform::{Assertions, NoAssertions},
    upstream::StickyKey,
};
use kernel::{
    Amr, ApiKeyId, AuthMethod, Clock, OsRandom, Principal, Problem, SessionId, Subject, SystemClock, TenantId,
    Timestamp, UserId,
    assurance::Method,
    edge::{Access, Authenticator, Credential, Edge, Tenant, Tenants},
    exchange::{Exchange, Recorder, RouteRecorder},
};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// One finished request, as it was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) route: String,
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) fault: &'static str,
    pub(crate) client_ip: String,
    pub(crate) upstream: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) subject: bool,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// Remembers what it was told, by route.
#[derive(Default)]
pub(crate) struct Ledger {
    begun: AtomicUsize,
    told: Mutex<Vec<Told>>,
    news: Notify,
}

struct Page(String, Arc<Ledger>);

impl RouteRecorder for Page {
    fn begin(&self) {
        self.1.begun.fetch_add(1, Ordering::SeqCst);
    }
    fn end(&self, exchange: &Exchange<'_>) {
        self.1.told.lock().push(Told {
            route: self.0.clone(),
            path: exchange.path.to_owned(),
            host: exchange.host.to_owned(),
            status: exchange.status,
            code: exchange.code,
            fault: exchange.fault.as_str(),
            client_ip: exchange.client_ip.to_string(),
            upstream: exchange.upstream.map(str::to_owned),
            version: exchange.version.map(str::to_owned),
            subject: exchange.subject.is_some(),
            bytes_in: exchange.bytes_in,
            bytes_out: exchange.bytes_out,
        });
        self.1.news.notify_waiters();
    }
}

struct Book(Arc<Ledger>);

impl Recorder for Book {
    fn route(&self, name: &str) -> Arc<dyn RouteRecorder> {
        Arc::new(Page(name.to_owned(), self.0.clone()))
    }
}

impl Ledger {
    /// The first `count` finished requests, once there are so many.
    pub(crate) async fn finished(&self, count: usize) -> Vec<Told> {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            {
                let told = self.told.lock();
                if told.len() >= count {
                    return told.clone();
                }
            }
            news.await;
        }
    }

    /// Begun and finished requests.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.begun.load(Ordering::SeqCst), self.told.lock().len())
    }
}

/// Knows one API key, `pk_live_ada`, and one session, `ada`.
struct OneCaller(TenantId);

pub(crate) fn ada(tenant: TenantId) -> Principal {
    let id = |n: u128| uuid::Uuid::from_u128(n);
    Principal {
        tenant,
        subject: Subject::User(UserId::from_uuid(id(0xada))),
        method: AuthMethod::ApiKey,
        session: Some(SessionId::from_uuid(id(0x5e5))),
        token: None,
        api_key: Some(ApiKeyId::from_uuid(id(0xa91))),
        roles: ["reader".parse().expect("role"), "writer".parse().expect("role")].into(),
        narrowed_to: None,
        scope: "openid orders".into(),
        networks: [].into(),
        limits: [].into(),
        authenticated_at: Timestamp::EPOCH,
        amr: kernel::Amr::NONE,
        impersonator: None,
        expires_at: Timestamp::MAX,
    }
}

impl Authenticator for OneCaller {
    fn authenticate(&self, credential: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>> {
        let ada = ada(self.0);
        let known = match &credential {
            Credential::ApiKey(key) if key.expose() == "pk_live_ada" => Some(ada),
            Credential::SessionCookie(cookie) if cookie.expose() == "ada" => {
                Some(Principal { amr: Amr::of(Method::Password), ..ada })
            }
            _ => None,
        };
        let answer = known.map(Arc::new).ok_or(REFUSED.into());
        Box::pin(std::future::ready(answer))
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    http: HttpConfig,
    tls: Option<TlsConfig>,
    proxy_protocol: Option<ProxyProtocolConfig>,
    #[serde(default)]
    upstreams: BTreeMap<String, UpstreamConfig>,
    #[serde(default)]
    routes: Vec<RouteConfig>,
    #[serde(default)]
    guard: GuardConfig,
    forward_auth: Option<ForwardAuthConfig>,
}

/// The configuration in a text.
pub(crate) fn config(text: &str) -> GatewayConfig {
    let File { http, tls, proxy_protocol, upstreams, routes, guard, forward_auth } =
        toml::from_str(text).expect("the configuration parses");
    GatewayConfig { http, tls, proxy_protocol, guard, forward_auth, upstreams, routes, zone: None }
}

/// One upstream `u` at this address, and one open route to everything.
pub(crate) fn open_to(upstream: SocketAddr) -> String {
    format!(
        "upstreams.u.targets = [\"http://{upstream}\"]\n[[routes]]\nname = \"all\"\nmatch = {{ path = \"/{{*rest}}\" }}\nupstream = \"u\"\nauth = \"none\"\n"
    )
}

pub(crate) fn default_tenant() -> TenantId {
    TenantId::from_uuid(uuid::Uuid::from_u128(1))
}

fn edge() -> Arc<Edge> {
    let tenant = |id: u128, slug: &str| Tenant {
        id: TenantId::from_uuid(uuid::Uuid::from_u128(id)),
        slug: slug.into(),
        name: slug.into(),
        hosts: vec![format!("{slug}.test").into()],
        issuer: format!("http://{slug}.test").into(),
        suspended: slug == "closed",
    };
    let edge = Arc::new(Edge::new());
    let all = [tenant(1, "default"), tenant(2, "acme"), tenant(3, "closed")];
    edge.tenants.store(Arc::new(Tenants::new(all, default_tenant())));
    let roles = [("reader".parse().expect("role"), ["orders:read".parse().expect("grant")].into_iter().collect())];
    edge.access.store(Arc::new(Access::default().with(default_tenant(), roles.into_iter().collect())));
    edge
}

/// What a test's gate is made of.
pub(crate) struct Setup {
    pub(crate) config: GatewayConfig,
    pub(crate) workers: usize,
    pub(crate) trusted_proxies: Vec<&'static str>,
    pub(crate) builtin: Vec<Route>,
    pub(crate) assertions: Arc<dyn Assertions>,
    pub(crate) listen: SocketAddr,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Setup {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            config: config(text),
            workers: 1,
            trusted_proxies: Vec::new(),
            builtin: Vec::new(),
            assertions: Arc::new(NoAssertions),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Arc::new(SystemClock),
        }
    }

    pub(crate) fn try_open(self) -> Result<Gate, gateway::StartError> {
        let ledger = Arc::new(Ledger::default());
        let edge = edge();
        let clock = self.clock;
        let random = OsRandom::new();
        let table = RouteTable::build(TableParts {
            config: &self.config,
            builtin: self.builtin,
            recorder: &Book(ledger.clone()),
            workers: self.workers,
            random: &random,
            clock: &clock,
            sticky_key: &sticky_key(),
            previous: None,
        })
        .expect("the configuration is valid");
        let authenticator = Arc::new(OneCaller(default_tenant()));
        let running = Gateway::start(GatewayParts {
            explainer: None,
            listen: self.listen,
            workers: self.workers,
            http: self.config.http.clone(),
            tls: self.config.tls.clone(),
            proxy_protocol: self.config.proxy_protocol.clone(),
            trusted_proxies: self.trusted_proxies.iter().map(|n| n.parse().expect("network")).collect(),
            table,
            edge: edge.clone(),
            authn: Arc::new(Authn::new(edge, authenticator, clock.clone(), Settings::default())),
            limits: Arc::new(Limits::new(Backend::Local, LimitSettings::default(), clock.clone())),
            assertions: self.assertions,
            clock: clock.clone(),
            random: Arc::new(random),
        })?;
        Ok(Gate { address: running.address(), running, ledger, workers: self.workers, clock })
    }

    /// What is wrong with its configuration.
    pub(crate) fn problems(self) -> Vec<gateway::config::ConfigProblem> {
        let table = RouteTable::build(TableParts {
            config: &self.config,
            builtin: self.builtin,
            recorder: &Book(Arc::default()),
            workers: self.workers,
            random: &OsRandom::new(),
            clock: &self.clock,
            sticky_key: &sticky_key(),
            previous: None,
        });
        table.err().unwrap_or_default()
    }

    pub(crate) fn open(self) -> Gate {
        self.try_open().expect("the gate opens")
    }
}

/// An open gate.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    pub(crate) running: Running,
    pub(crate) ledger: Arc<Ledger>,
    workers: usize,
    clock: Arc<dyn Clock>,
}

/// The same for every gate of every test, as it is for every node of an installation.
fn sticky_key() -> StickyKey {
    StickyKey::new(&[7; 32])
}

impl Gate {
    /// A gate with this configuration.
    pub(crate) fn open(text: &str) -> Self {
        Setup::new(text).open()
    }

    pub(crate) fn reload(&self, text: &str) {
        let table = RouteTable::build(TableParts {
            config: &config(text),
            builtin: Vec::new(),
            recorder: &Book(self.ledger.clone()),
            workers: self.workers,
            random: &OsRandom::new(),
            clock: &self.clock,
            sticky_key: &sticky_key(),
            previous: Some(&self.running.table()),
        })
        .expect("the configuration is valid");
        self.running.reload(table);
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Sends one request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }

    /// `GET` of a path, with further header lines.
    pub(crate) async fn get(&self, path: &str, fields: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: gate.test\r\n{fields}\r\n")).await
    }
}

/// A client, or an upstream's end of a connection, that speaks in bytes.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) buffer: Vec<u8>,
}

/// One HTTP/1.1 message.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The first line.
    pub(crate) start: String,
    /// Names in lower case, in order.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Every byte, as it came.
    pub(crate) raw: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.start.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {}", self.start))
    }
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }
    /// The only value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} comes {} times", all.len());
        all.first().copied()
    }
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// The status and the code of the problem document.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "{}", self.text());
        let document: serde_json::Value = serde_json::from_slice(&self.body).expect("a problem document");
        assert_eq!(document["status"], self.status());
        assert_eq!(document["request_id"].as_str(), self.field("x-request-id"));
        (self.status(), document["code"].as_str().expect("a code").to_owned())
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::from(TcpStream::connect(address).await.expect("it listens"))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("it takes what is sent");
    }

    /// Reads more. `false` at the end.
    pub(crate) async fn more(&mut self) -> bool {
        // A reset is an end as well.
        self.stream.read_buf(&mut self.buffer).await.is_ok_and(|n| n > 0)
    }

    /// Reads everything up to and including the text.
    pub(crate) async fn until(&mut self, text: &str) -> Vec<u8> {
        let text = text.as_bytes();
        loop {
            if let Some(at) = self.buffer.windows(text.len()).position(|w| w == text) {
                return self.buffer.drain(..at + text.len()).collect();
            }
            assert!(self.more().await, "the connection ended: {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// So many bytes.
    pub(crate) async fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(self.more().await, "the connection ended");
        }
        self.buffer.drain(..count).collect()
    }

    /// What comes until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.buffer)
    }

    /// One message, request or response; `None` when the connection ends before it.
    pub(crate) async fn message(&mut self) -> Option<Answer> {
        while self.buffer.is_empty() {
            if !self.more().await {
                return None;
            }
        }
        let mut raw = self.until("\r\n\r\n").await;
        let head = String::from_utf8_lossy(&raw).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let start = lines.next().expect("a first line").to_owned();
        let fields: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').expect("a field"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let find = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let mut body = Vec::new();
        let bodiless =
            start.starts_with("HTTP/1.1 1") || start.starts_with("HTTP/1.1 204") || start.starts_with("HTTP/1.1 304");
        if find("transfer-encoding").is_some() {
            loop {
                let line = self.until("\r\n").await;
                raw.extend_from_slice(&line);
                let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).expect("a chunk size");
                if size == 0 {
                    break;
                }
                let chunk = self.exactly(size + 2).await;
                raw.extend_from_slice(&chunk);
                body.extend_from_slice(&chunk[..size]);
            }
            loop {
                let line = self.until("\r\n").await;
                raw.extend_from_slice(&line);
                if line == b"\r\n" {
                    break;
                }
            }
        } else if let Some(length) = find("content-length").filter(|_| !bodiless) {
            body = self.exactly(length.parse().expect("a length")).await;
            raw.extend_from_slice(&body);
        }
        Some(Answer { start, fields, body, raw })
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        self.message().await.expect("an answer")
    }
}

impl<S> From<S> for Client<S> {
    fn from(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }
}

/// An upstream that answers every request alike and remembers every byte.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<Answer>>>,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Upstream {
    /// Answers every request with these bytes.
    pub(crate) async fn answering(response: &str) -> Self {
        let response = response.as_bytes().to_vec();
        let seen: Arc<Mutex<Vec<Answer>>> = Arc::default();
        let connections = Arc::new(AtomicUsize::new(0));
        let (remember, count) = (seen.clone(), connections.clone());
        let address = serve(move |mut connection| {
            count.fetch_add(1, Ordering::SeqCst);
            let (response, remember) = (response.clone(), remember.clone());
            async move {
                while let Some(request) = connection.message().await {
                    remember.lock().push(request);
                    connection.send(&response).await;
                }
            }
        })
        .await;
        Self { address, seen, connections }
    }

    pub(crate) async fn ok() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await
    }

    /// The only request it has seen.
    pub(crate) fn only(&self) -> Answer {
        let seen = self.seen.lock();
        assert_eq!(seen.len(), 1, "one request");
        seen[0].clone()
    }
}

/// Gives every connection to the handler.
pub(crate) async fn serve<F>(handler: impl Fn(Client) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handler(Client::from(stream)));
        }
    });
    address
}
