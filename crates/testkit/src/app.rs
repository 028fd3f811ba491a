//! A whole Portcullis in this process.

use std::{ffi::OsString, net::SocketAddr, sync::Arc};

use identity::passwords::{Cost, Reservation};
use kernel::{Clock as _, ManualClock, OsRandom, Secret, SystemClock};
use portcullis::{
    app::{App, Parts, Running},
    config::Sources,
};
use serde_json::{Value, json};
use testservers::{PgDatabase, RedisSpace};

use crate::{Answer, Echo, Inbox, PASSWORD, Person, Received, Tokens};

/// The administrator of every app.
const ADMIN: &str = "root@example.com";
/// Where they call from.
const ADMIN_IP: &str = "192.0.2.1";

/// Which database and key-value store an app runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Backend {
    /// The embedded defaults.
    #[default]
    SqliteAndMemory,
    /// Real PostgreSQL and real Redis, this test's own part of the run's private servers.
    PostgresAndRedis,
    /// Real PostgreSQL, and everything else in memory.
    PostgresAlone,
}

/// What lives as long as the app and any further node of it.
#[derive(Debug)]
struct Ground {
    dir: tempfile::TempDir,
    postgres: Option<PgDatabase>,
    redis: Option<RedisSpace>,
    inbox: Arc<Inbox>,
    /// Whether messages leave as configured rather than to the inbox.
    senders: bool,
}

impl Ground {
    /// What differs from app to app comes by the environment, so that a test's TOML is its own.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("SERVER__LISTEN", "127.0.0.1:0".into()),
            ("SERVER__OPS_LISTEN", "127.0.0.1:0".into()),
            // Nodes have different ports and one issuer.
            ("SERVER__PUBLIC_URL", "http://portcullis.test".into()),
            ("SERVER__WORKERS", "2".into()),
            ("SERVER__IDENTITY_WORKERS", "2".into()),
            // Lets a test come from elsewhere: see `Call::from`.
            ("SERVER__TRUSTED_PROXIES", "127.0.0.1/32".into()),
            ("STORAGE__DATA_DIR", self.dir.path().join("data").display().to_string()),
            ("SECRETS__MASTER_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".into()),
            ("TOKENS__ALGORITHM", "ES256".into()),
            ("LOG__ACCESS", "false".into()),
        ];
        if let Some(postgres) = &self.postgres {
            settings.push(("STORAGE__URL", postgres.url()));
        }
        if let Some(redis) = &self.redis {
            settings.extend([("KV__URL", redis.url().to_owned()), ("BUS__URL", redis.url().to_owned())]);
            settings
                .extend([("KV__NAMESPACE", redis.prefix().to_owned()), ("BUS__NAMESPACE", redis.prefix().to_owned())]);
        }
        settings
    }

    async fn node(&self, clock: &Arc<ManualClock>) -> Running {
        let environment =
            |(name, value): (&str, String)| (OsString::from(format!("PORTCULLIS__{name}")), OsString::from(value));
        let sources = Sources {
            file: Some(self.dir.path().join("portcullis.toml")),
            data_dir: None,
            environment: self.settings().into_iter().map(environment).collect(),
        };
        let config = sources.load().unwrap_or_else(|report| panic!("{report}")).config;
        let parts = Parts {
            clock: clock.clone(),
            random: Arc::new(OsRandom::new()),
            // Real Argon2id, at a cost that tests can pay.
            hash_cost: Some(Cost { memory_kib: 64, iterations: 1, parallelism: 1 }),
            durable: false,
            mail: (!self.senders).then(|| self.inbox.clone() as _),
            sms: (!self.senders).then(|| self.inbox.clone() as _),
        };
        App::start(config, parts).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// How to start an app.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    backend: Backend,
    config: String,
    senders: bool,
}

impl Builder {
    /// Runs on this.
    #[must_use]
    pub const fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }
    /// More configuration, as TOML. The upstream `echo` exists already.
    #[must_use]
    pub fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self
    }
    /// Mails and text messages leave as configured, by real connections, rather than to the test.
    #[must_use]
    pub const fn configured_senders(mut self) -> Self {
        self.senders = true;
        self
    }
    /// Starts it, with an administrator.
    pub async fn start(self) -> TestApp {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (postgres, redis) = match self.backend {
            Backend::SqliteAndMemory => (None, None),
            Backend::PostgresAlone => (Some(testservers::postgres().await), None),
            Backend::PostgresAndRedis => (Some(testservers::postgres().await), Some(testservers::redis().await)),
        };
        let echo = Echo::start().await;
        let config = format!("{}\n[upstreams.echo]\ntargets = [\"http://{}\"]\n", self.config, echo.addr);
        std::fs::write(dir.path().join("portcullis.toml"), config).expect("a configuration");
        let ground = Arc::new(Ground { dir, postgres, redis, inbox: Arc::default(), senders: self.senders });
        // Near the real time, because Redis has its own.
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let running = ground.node(&clock).await;
        let email = ADMIN.parse().expect("an address");
        running.create_admin(email, Secret::new(PASSWORD.to_owned())).await.expect("an administrator");
        let app = TestApp { clock, echo, running, client: client(), admin: None, ground };
        let login = json!({"email": ADMIN, "password": PASSWORD});
        // From an address of its own, so that the limits of a test's users are theirs alone.
        let tokens = app.post("/api/v1/auth/login").from(ADMIN_IP).json(&login).send().await.expect_tokens();
        TestApp { admin: Some(tokens), ..app }
    }
}

/// A running app. Dropped, it stops.
#[derive(Debug)]
pub struct TestApp {
    /// Its clock, which stands still until a test moves it.
    pub clock: Arc<ManualClock>,
    /// The upstream behind its routes.
    pub echo: Echo,
    running: Running,
    client: reqwest::Client,
    admin: Option<Tokens>,
    // Last, so that the database outlives what uses it.
    ground: Arc<Ground>,
}

impl TestApp {
    /// On the embedded defaults.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// To be described first.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Another node on the same database and key-value store, with the same clock.
    pub async fn another_node(&self) -> Self {
        let running = self.ground.node(&self.clock).await;
        Self {
            clock: self.clock.clone(),
            echo: self.echo.clone(),
            running,
            client: client(),
            admin: self.admin.clone(),
            ground: self.ground.clone(),
        }
    }

    /// Where its files are.
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.ground.dir.path().join("data")
    }

    /// Stops in order and starts again on the same data.
    pub async fn restart(self) -> Self {
        let Self { clock, echo, running, client, admin, ground } = self;
        running.shutdown().await;
        let running = ground.node(&clock).await;
        Self { clock, echo, running, client, admin, ground }
    }

    /// The public port.
    pub fn address(&self) -> SocketAddr {
        self.running.public_addr()
    }

    /// The operators' port.
    pub fn ops(&self, path: &str) -> Call {
        self.call_at(self.running.ops_addr(), "GET", path)
    }

    /// How many passwords were hashed so far.
    pub fn hashes(&self) -> u64 {
        self.running.core().hasher.computed()
    }

    /// Every place where passwords are hashed, taken until they are dropped.
    pub fn take_hashing(&self) -> Vec<Reservation<'_>> {
        std::iter::from_fn(|| self.running.core().hasher.reserve().ok()).collect()
    }

    /// The oldest unread mail to this address; waits for it.
    pub async fn mail_to(&self, address: &str) -> Received {
        self.ground.inbox.next_to(address).await
    }

    /// The oldest unread text message to this number; waits for it.
    pub async fn sms_to(&self, number: &str) -> Received {
        self.ground.inbox.next_to(number).await
    }

    /// Messages that arrived and were not read yet.
    pub fn unread(&self) -> Vec<Received> {
        self.ground.inbox.unread()
    }

    fn call_at(&self, addr: SocketAddr, method: &str, path: &str) -> Call {
        let method = method.parse::<reqwest::Method>().expect("a method");
        Call(self.client.request(method, format!("http://{addr}{path}")))
    }

    /// A call to the public port.
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.call_at(self.running.public_addr(), method, path)
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// `POST`.
    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    /// Trades a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/api/v1/auth/refresh").json(&json!({"refresh_token": token})).send().await
    }

    /// A call by the administrator.
    pub async fn admin_call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let admin = self.admin.as_ref().expect("an administrator");
        self.call(method, path).from(ADMIN_IP).bearer(&admin.access).json(body).send().await
    }

    /// A file sent by the administrator.
    pub async fn admin_upload(&self, method: &str, path: &str, kind: &str, file: &str) -> Answer {
        let admin = self.admin.as_ref().expect("an administrator");
        self.call(method, path).from(ADMIN_IP).bearer(&admin.access).body(kind, file).send().await
    }

    /// A `GET` by the administrator.
    pub async fn admin_get(&self, path: &str) -> Answer {
        let admin = self.admin.as_ref().expect("an administrator");
        self.get(path).from(ADMIN_IP).bearer(&admin.access).send().await
    }

    /// A user, made by the administrator, with the role `user`.
    pub async fn user(&self, email: &str) -> Person<'_> {
        let made = self.admin_call("POST", "/api/v1/admin/users", &json!({"email": email, "password": PASSWORD})).await;
        let made = made.expect(201);
        let id = made.json["id"].as_str().expect("an id").to_owned();
        Person::new(self, email.to_owned(), id)
    }
}

/// Redirects are for the test to look at.
fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// A call to be sent.
#[derive(Debug)]
pub struct Call(reqwest::RequestBuilder);

impl Call {
    /// With an access token or API key.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }
    /// With a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }
    /// With a form's fields, as browsers send them.
    #[must_use]
    pub fn form(self, fields: &[(String, String)]) -> Self {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let kind = "application/x-www-form-urlencoded";
        Self(self.0.header("content-type", kind).body(body.finish()))
    }
    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }
    /// With a body of this type.
    #[must_use]
    pub fn body(self, kind: &str, body: &str) -> Self {
        Self(self.0.header("content-type", kind).body(body.to_owned()))
    }
    /// From another address: a trusted proxy says so.
    #[must_use]
    pub fn from(self, ip: &str) -> Self {
        self.header("x-forwarded-for", ip)
    }
    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Answer {
        Answer::read(self.0.send().await.expect("an answer")).await
    }
}
