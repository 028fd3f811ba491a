//! The sections of the configuration. The doc comments here are the reference in `docs/`.
//!
//! Every field has a default; a section that is not written is its defaults.

mod identity;
mod messages;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use gateway::{
    config::{
        Duration, ForwardAuthConfig, GatewayConfig, GuardConfig, HttpConfig, ProxyProtocolConfig, RouteConfig,
        TlsConfig, UpstreamConfig,
    },
    limit::LimitSettings,
};
use kernel::{Secret, principal::Network};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use identity::{Argon2, Identity, IdentityLimits, Lockout, Passwords, Sessions, Tokens};
pub use messages::{Mail, MailLink, MailLinks, Sms};

/// Everything that can be set.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses, threads and time limits of the server.
    pub server: Server,
    /// The database and the data directory.
    pub storage: Storage,
    /// Short-lived shared values: counters of rate limits, caches.
    pub kv: Kv,
    /// How nodes tell each other about changes.
    pub bus: Bus,
    /// Access and refresh tokens.
    pub tokens: Tokens,
    /// How long a login lasts.
    pub sessions: Sessions,
    /// How passwords are hashed, and which may be chosen.
    pub passwords: Passwords,
    /// The identity service.
    pub identity: Identity,
    /// How mail leaves.
    pub mail: Mail,
    /// How text messages leave.
    pub sms: Sms,
    /// The key that seals every other secret at rest.
    pub secrets: Secrets,
    /// The process's own log.
    pub log: Log,
    /// What holds for all rate limits.
    pub limits: LimitSettings,
    /// Which hosts, clients and pages the gate serves at all.
    pub guard: GuardConfig,
    /// The place where other proxies ask about requests that they forward themselves. Nobody may ask when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_auth: Option<ForwardAuthConfig>,
    /// Services behind the gate, by name.
    pub upstreams: BTreeMap<String, UpstreamConfig>,
    /// Which requests go to which upstream, and what they need. The most specific match wins. Identity's
    /// own routes are there without being written.
    pub routes: Vec<RouteConfig>,
}

/// Addresses, threads and time limits of the server.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The public address: the gateway and identity on one port, HTTP/1.1 and HTTP/2. With `[server.tls]` over
    /// TLS, otherwise plain (HTTP/2 then with prior knowledge).
    #[schemars(with = "String", extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// The operators' address: `/metrics`, `/livez`, `/readyz`, `/health`, to whoever reaches it. Keep it off the internet.
    #[schemars(with = "String", extend("format" = "socket-address"))]
    pub ops_listen: SocketAddr,
    /// The URL that clients use, without a trailing slash. It is the issuer of tokens. Unless set, it is
    /// `http://`, or `https://` with `[server.tls]`, and the public address.
    #[schemars(with = "Option<String>", extend("format" = "http-url"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Address ranges of the proxies in front, whose `Forwarded` and `X-Forwarded-*` headers are
    /// believed. Nobody else's are.
    #[schemars(with = "Vec<NetworkText>")]
    pub trusted_proxies: Vec<Network>,
    /// Threads that serve the edge. 0 is one for each core.
    #[schemars(range(max = 1024))]
    pub workers: u16,
    /// Threads that run identity's requests, apart from password hashing. 0 is one for each core.
    #[schemars(range(max = 1024))]
    pub identity_workers: u16,
    /// The zone that this gate runs in: any name. Targets of the same `zone` are preferred.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Bounds on what clients may send and how long they may take.
    pub http: HttpConfig,
    /// How long new connections are still taken after `/readyz` has begun to say no, so that a load balancer
    /// notices first: a little more than its interval, such as `10s`. Then `http.drain_timeout` begins.
    pub drain_delay: Duration,
    /// TLS on the public port: `server.tls.certificates = [{ certificate = "cert.pem", key = "key.pem" }]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
    /// Load balancers in front that pass bytes and tell whose they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_protocol: Option<ProxyProtocolConfig>,
}

/// Only for the schema: an address range as text.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "address-range"))]
struct NetworkText(#[expect(dead_code, reason = "only its schema is used")] String);

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            ops_listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            public_url: None,
            trusted_proxies: Vec::new(),
            workers: 0,
            identity_workers: 0,
            zone: None,
            http: HttpConfig::default(),
            drain_delay: Duration::from_secs(0),
            tls: None,
            proxy_protocol: None,
        }
    }
}

/// The database and the data directory.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Where files are kept: the SQLite database and the master key. Created with mode 0700.
    pub data_dir: PathBuf,
    /// The database: `sqlite://FILE`, or `postgres://USER:PASSWORD@HOST/DATABASE` (version 15 or later).
    /// Unless set, it is the file `portcullis.db` in the data directory.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", extend("format" = "storage-url", "writeOnly" = true))]
    pub url: Option<Secret>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { data_dir: "data".into(), url: None }
    }
}

/// Short-lived shared values: counters of rate limits, caches.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kv {
    /// `memory` for one node, or `redis://USER:PASSWORD@HOST:PORT/DB` (`rediss://` with TLS) for several: limits
    /// then count across all of them.
    #[serde(skip_serializing)]
    #[schemars(with = "String", extend("format" = "kv-url", "writeOnly" = true, "default" = "memory"))]
    pub url: Secret,
    /// What keys begin with, so that several deployments can share a Redis.
    #[schemars(length(min = 1, max = 64))]
    pub namespace: String,
}

impl Default for Kv {
    fn default() -> Self {
        Self { url: Secret::new("memory".to_owned()), namespace: "portcullis".to_owned() }
    }
}

/// How nodes tell each other about changes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bus {
    /// `local` for one node, or `redis://USER:PASSWORD@HOST:PORT` (`rediss://` with TLS) for several. A lost message
    /// is caught up from the database.
    #[serde(skip_serializing)]
    #[schemars(with = "String", extend("format" = "bus-url", "writeOnly" = true, "default" = "local"))]
    pub url: Secret,
    /// What channels begin with, so that several deployments can share a Redis.
    #[schemars(length(min = 1, max = 64))]
    pub namespace: String,
}

impl Default for Bus {
    fn default() -> Self {
        Self { url: Secret::new("local".to_owned()), namespace: "portcullis".to_owned() }
    }
}

/// The key that seals every other secret at rest.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// The master key itself: 32 bytes in base64. Better from the environment than from a file that is
    /// shared. Set this or `master_key_file`, not both.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub master_key: Option<Secret>,
    /// The file that holds the master key, writable by its owner alone. Unless either is set, it is the
    /// file `master.key` in the data directory, made at the first start and refused when others may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key_file: Option<PathBuf>,
}

/// The process's own log.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What is logged: `error`, `warn`, `info`, `debug` or `trace`, or directives by module such as
    /// `info,gateway=debug`.
    #[schemars(length(min = 1, max = 1024))]
    pub level: String,
    /// How a line looks. `auto` is text on a terminal and JSON elsewhere.
    pub format: LogFormat,
    /// Whether every finished request is logged.
    pub access: bool,
    /// The file that finished requests are appended to. Unless set, it is standard output; the process's own
    /// log goes to standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_file: Option<PathBuf>,
}

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl From<LogFormat> for observe::logging::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Auto => Self::Auto,
            LogFormat::Json => Self::Json,
            LogFormat::Text => Self::Text,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto, access: true, access_file: None }
    }
}

impl Config {
    /// What the gate itself is configured with.
    pub fn gateway(&self) -> GatewayConfig {
        GatewayConfig {
            http: self.server.http.clone(),
            tls: self.server.tls.clone(),
            proxy_protocol: self.server.proxy_protocol.clone(),
            guard: self.guard.clone(),
            forward_auth: self.forward_auth.clone(),
            upstreams: self.upstreams.clone(),
            routes: self.routes.clone(),
            zone: self.server.zone.clone(),
        }
    }
    /// The database's URL: as set, or the file in the data directory.
    pub fn storage_url(&self) -> Secret {
        match &self.storage.url {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.storage.data_dir.join("portcullis.db").display()).into(),
        }
    }
    /// The master key's file, unless the key itself is set.
    pub fn master_key_file(&self) -> PathBuf {
        self.secrets.master_key_file.clone().unwrap_or_else(|| self.storage.data_dir.join("master.key"))
    }
    /// The URL that clients use when the public listener is bound to `bound`.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        let scheme = if self.server.tls.is_some() { "https" } else { "http" };
        match &self.server.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            // A port that is chosen at the start is not known yet.
            None if bound.port() == 0 => format!("{scheme}://{}", bound.ip()),
            None if bound.ip().is_unspecified() => format!("{scheme}://localhost:{}", bound.port()),
            None => format!("{scheme}://{bound}"),
        }
    }
}
