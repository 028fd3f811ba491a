//! The sections of the configuration. The doc comments here are the reference in `docs/`.
//!
//! Every field has a default; a section that is not written is its defaults.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use gateway::{
    config::{Duration, GatewayConfig, HttpConfig, RouteConfig, Size, UpstreamConfig},
    limit::LimitSettings,
};
use identity::passwords::Policy;
use kernel::{Rate, Secret, jose::Alg, principal::Network};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// The identity service.
    pub identity: Identity,
    /// The key that seals every other secret at rest.
    pub secrets: Secrets,
    /// The process's own log.
    pub log: Log,
    /// What holds for all rate limits.
    pub limits: LimitSettings,
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
    /// The public address: the gateway and identity on one port. Plain HTTP/1.1, and HTTP/2 with prior
    /// knowledge.
    #[schemars(with = "String", extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// The operators' address: `/metrics`, `/livez`, `/readyz`, `/health`, to whoever reaches it. Keep it off the internet.
    #[schemars(with = "String", extend("format" = "socket-address"))]
    pub ops_listen: SocketAddr,
    /// The URL that clients use, without a trailing slash. It is the issuer of tokens. Unless set, it is
    /// `http://` and the public address.
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
    /// Bounds on what clients may send and how long they may take.
    pub http: HttpConfig,
}

/// Only for the schema: an address range as text.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "address-range"))]
struct NetworkText(#[expect(dead_code, reason = "only its schema is used")] String);

/// Only for the schema: a rate as text.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "rate"))]
struct RateText(#[expect(dead_code, reason = "only its schema is used")] String);

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            ops_listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            public_url: None,
            trusted_proxies: Vec::new(),
            workers: 0,
            identity_workers: 0,
            http: HttpConfig::default(),
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

/// Access and refresh tokens.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// The signature algorithm of new signing keys. Keys that exist keep theirs; `portcullis keys rotate`
    /// makes a new one.
    #[schemars(with = "AlgText")]
    pub algorithm: Alg,
    /// How long an access token is valid: from 10s to 24h. What is revoked is refused at once all the same.
    pub access_ttl: Duration,
    /// How long a refresh token is valid unless used: from 1m to 365d, and longer than an access token.
    pub refresh_ttl: Duration,
    /// How long a refresh token that was already used still gets the same successor, for clients that
    /// lost the answer: at most 60s.
    pub refresh_grace: Duration,
    /// How old a signing key may become before a new one takes its place by itself: at least 1h. Unless set,
    /// keys are rotated by hand. Tokens of the old key stay valid until they expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_rotation: Option<Duration>,
}

/// Only for the schema: the names of [`Alg`].
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum AlgText {
    RS256,
    ES256,
    EdDSA,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            algorithm: Alg::default(),
            access_ttl: Duration::from_secs(15 * 60),
            refresh_ttl: Duration::from_secs(30 * 86_400),
            refresh_grace: Duration::from_secs(10),
            key_rotation: None,
        }
    }
}

/// How long a login lasts.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// A session ends when it is not used for this long: from 1m to 365d.
    pub idle: Duration,
    /// A session ends this long after the login, whatever happens: at least as long as `idle`.
    pub absolute: Duration,
    /// Both limits, where the person asked to be remembered: at least as long as `absolute`.
    pub remember: Duration,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(12 * 3_600),
            absolute: Duration::from_secs(7 * 86_400),
            remember: Duration::from_secs(30 * 86_400),
        }
    }
}

/// How passwords are hashed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// The cost of a hash (Argon2id, RFC 9106). A login with an older cost is rehashed.
    pub argon2: Argon2,
    /// Which passwords may be chosen. `complex`: 12 characters or more, with upper and lower case, a digit
    /// and a special character. `nist`: 15 characters or more of any kind. Guessable ones are refused by both.
    #[schemars(with = "PolicyText")]
    pub policy: Policy,
    /// Threads that hash, each with its own memory. 0 is one for each core.
    #[schemars(range(max = 1024))]
    pub threads: u16,
    /// Hashes that may wait for a thread. More are refused with 503 and `Retry-After`.
    #[schemars(range(min = 1, max = 65536))]
    pub queue: u32,
}

/// Only for the schema: the names of [`Policy`].
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum PolicyText {
    Complex,
    Nist,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { argon2: Argon2::default(), policy: Policy::default(), threads: 0, queue: 64 }
    }
}

/// The cost of a hash (Argon2id, RFC 9106).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2 {
    /// Memory of one hash: from 19MiB to 4GiB.
    pub memory: Size,
    /// Passes over the memory: at least 2.
    #[schemars(range(min = 2, max = 100))]
    pub iterations: u32,
    /// Lanes.
    #[schemars(range(min = 1, max = 64))]
    pub parallelism: u32,
}

impl Default for Argon2 {
    fn default() -> Self {
        Self { memory: Size::from_mib(64), iterations: 2, parallelism: 4 }
    }
}

/// The identity service.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Whether anybody may register. If not, administrators create users.
    pub open_registration: bool,
    /// What happens after failed logins.
    pub lockout: Lockout,
    /// The limiter in front of identity's own routes.
    pub limits: IdentityLimits,
}

impl Default for Identity {
    fn default() -> Self {
        Self { open_registration: true, lockout: Lockout::default(), limits: IdentityLimits::default() }
    }
}

/// What happens after failed logins.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lockout {
    /// Failed logins of one account from one source until that source is locked out of it.
    #[schemars(range(min = 1, max = 1000))]
    pub failures: u32,
    /// For how long: from 1s to 30d.
    pub duration: Duration,
}

impl Default for Lockout {
    fn default() -> Self {
        Self { failures: 5, duration: Duration::from_secs(15 * 60) }
    }
}

/// The limiter in front of identity's own routes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityLimits {
    /// Logins, by address and by account.
    #[schemars(with = "RateText")]
    pub login: Rate,
    /// Registrations, by address.
    #[schemars(with = "RateText")]
    pub signup: Rate,
    /// All calls, by address.
    #[schemars(with = "Vec<RateText>")]
    pub ip: Vec<Rate>,
    /// All calls, by user.
    #[schemars(with = "Vec<RateText>")]
    pub user: Vec<Rate>,
}

const fn per_minute(limit: u32) -> Rate {
    Rate { limit, window: std::time::Duration::from_secs(60) }
}
const fn per_hour(limit: u32) -> Rate {
    Rate { limit, window: std::time::Duration::from_secs(3_600) }
}

impl Default for IdentityLimits {
    fn default() -> Self {
        Self {
            login: per_minute(10),
            signup: per_hour(5),
            ip: vec![per_minute(100), per_hour(1_000)],
            user: vec![per_minute(50)],
        }
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
    /// The file that holds the master key, readable by its owner alone. Unless either is set, it is the
    /// file `master.key` in the data directory, made at the first start.
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
        GatewayConfig { http: self.server.http.clone(), upstreams: self.upstreams.clone(), routes: self.routes.clone() }
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
        match &self.server.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            // A port that is chosen at the start is not known yet.
            None if bound.port() == 0 => format!("http://{}", bound.ip()),
            None if bound.ip().is_unspecified() => format!("http://localhost:{}", bound.port()),
            None => format!("http://{bound}"),
        }
    }
}
