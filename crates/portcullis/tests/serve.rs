//! The program in this process: what operations ask, reloading, draining.

#![expect(clippy::expect_used, reason = "this crate is test code")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use gateway::config::{AuthConfig, RouteConfig, UpstreamConfig};
use identity::passwords::Cost;
use portcullis::{
    app::{App, Parts, Running, StartError},
    config::Config,
};
use serde_json::Value;
use storage::OpenError;
use tokio::{net::TcpListener, sync::Notify};

/// A configuration on free ports and a database of its own.
fn config(dir: &tempfile::TempDir) -> Config {
    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.ops_listen = config.server.listen;
    config.server.workers = 1;
    config.server.identity_workers = 1;
    config.storage.data_dir = dir.path().join("data");
    config.tokens.algorithm = kernel::jose::Alg::EdDSA;
    config.log.access = false;
    config
}

async fn start(config: Config) -> Running {
    let hash_cost = Some(Cost { memory_kib: 64, iterations: 1, parallelism: 1 });
    loop {
        let parts = Parts { hash_cost, durable: false, ..Parts::default() };
        match App::start(config.clone(), parts).await {
            // The last task of one that was stopped in this process lets go of the file a moment later.
            Err(StartError::Database(OpenError::Locked { .. })) => tokio::task::yield_now().await,
            started => return started.expect("it starts"),
        }
    }
}

/// A service that answers with a word; `/wait` says that it was asked, and answers when allowed.
async fn service(word: &'static str, asked: Arc<Notify>, go: Arc<Notify>) -> SocketAddr {
    let wait = move || {
        let (asked, go) = (asked.clone(), go.clone());
        async move {
            asked.notify_one();
            go.notified().await;
            "waited"
        }
    };
    let router = Router::new().route("/wait", get(wait)).fallback(move || async move { word });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn open_route(config: &mut Config, name: &str, path: &str, address: SocketAddr) {
    config.upstreams.insert(name.to_owned(), UpstreamConfig::new([format!("http://{address}")]));
    config.routes.push(RouteConfig { auth: AuthConfig::None, ..RouteConfig::new(name, path, name) });
}

async fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{address}{path}")).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

#[tokio::test]
async fn operators_see_everything_and_strangers_little() {
    let dir = tempfile::tempdir().expect("a directory");
    let running = start(config(&dir)).await;
    let (public, ops) = (running.public_addr(), running.ops_addr());
    for door in [public, ops] {
        assert_eq!(ask(door, "/livez").await.0, 200);
        assert_eq!(ask(door, "/readyz").await, (200, "{\"ready\":true}".to_owned()));
    }
    let health = json(&ask(public, "/health").await.1);
    assert_eq!(
        health["components"].as_object().expect("parts").keys().collect::<Vec<_>>(),
        ["bus", "configuration", "database", "identity", "kv", "mail", "sms"]
    );
    assert!(health["components"]["database"].is_string(), "strangers see no details: {health}");
    assert!(json(&ask(ops, "/health").await.1)["components"]["database"]["importance"].is_string());
    assert_eq!(ask(public, "/metrics").await.0, 401);
    let (status, numbers) = ask(ops, "/metrics").await;
    assert_eq!(status, 200);
    assert!(numbers.contains("portcullis_requests_total") && numbers.contains("portcullis_component_up"), "{numbers}");
    assert_eq!(ask(ops, "/api/v1/me").await.0, 404, "the operators' door leads nowhere else");
    running.shutdown().await;
}

#[tokio::test]
async fn upstreams_show_their_numbers() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = config(&dir);
    config.upstreams.insert("orders".to_owned(), gateway::config::UpstreamConfig::new(["http://127.0.0.1:9"]));
    let running = start(config).await;
    let numbers = ask(running.ops_addr(), "/metrics").await.1;
    for line in ["upstream_targets{upstream=\"orders\"} 1", "upstream_retries_total{upstream=\"orders\"} 0"] {
        assert!(numbers.contains(&format!("\nportcullis_{line}")), "{numbers}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn pages_and_documents_are_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let running = start(config(&dir)).await;
    let door = running.public_addr();
    assert_eq!(json(&ask(door, "/").await.1)["name"], "Portcullis");
    assert!(json(&ask(door, "/api/v1/openapi.json").await.1)["paths"]["/api/v1/auth/login"].is_object());
    assert_eq!(json(&ask(door, "/problems/credentials.missing").await.1)["status"], 401);
    assert_eq!(ask(door, "/nowhere").await.0, 404);
    running.shutdown().await;
}

#[tokio::test]
async fn a_reload_takes_effect_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a directory");
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (one, two) = (service("one", asked.clone(), go.clone()).await, service("two", asked.clone(), go.clone()).await);
    let mut first = config(&dir);
    open_route(&mut first, "svc", "/svc/{*rest}", one);
    open_route(&mut first, "wait", "/wait", one);
    let running = start(first.clone()).await;
    let door = running.public_addr();
    assert_eq!(ask(door, "/svc/x").await, (200, "one".to_owned()));

    // A request that is on its way when the configuration changes ends under the old one.
    let on_its_way = tokio::spawn(async move { ask(door, "/wait").await });
    asked.notified().await;
    let mut second = config(&dir);
    open_route(&mut second, "svc", "/svc/{*rest}", two);
    open_route(&mut second, "new", "/new", two);
    running.reload(&second).expect("a good configuration");
    assert_eq!(ask(door, "/svc/x").await, (200, "two".to_owned()));
    assert_eq!(ask(door, "/new").await.0, 200);
    assert_eq!(ask(door, "/wait").await.0, 404, "routes that are gone are gone");
    go.notify_one();
    assert_eq!(on_its_way.await.expect("ended"), (200, "waited".to_owned()));

    let mut broken = first;
    open_route(&mut broken, "extra", "/extra", one);
    broken.routes[0].upstream = Some("nobody".to_owned());
    running.reload(&broken).expect_err("refused");
    assert_eq!(ask(door, "/svc/x").await, (200, "two".to_owned()), "the old one serves on");
    assert_eq!(ask(door, "/extra").await.0, 404, "nothing of the broken one is in force");
    running.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_lets_requests_finish_and_takes_no_new_ones() {
    let dir = tempfile::tempdir().expect("a directory");
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut config = config(&dir);
    open_route(&mut config, "wait", "/wait", service("x", asked.clone(), go.clone()).await);
    let running = start(config).await;
    let (door, ops) = (running.public_addr(), running.ops_addr());
    let on_its_way = tokio::spawn(async move { ask(door, "/wait").await });
    asked.notified().await;

    let stopping = tokio::spawn(running.shutdown());
    // The operators' door stays open and says so first.
    while ask(ops, "/readyz").await.0 != 503 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while reqwest::Client::new().get(format!("http://{door}/livez")).send().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    go.notify_one();
    assert_eq!(on_its_way.await.expect("ended"), (200, "waited".to_owned()));
    stopping.await.expect("stopped");
}

#[tokio::test]
async fn a_restart_finds_everything() {
    let dir = tempfile::tempdir().expect("a directory");
    let running = start(config(&dir)).await;
    assert!(running.is_first_start());
    let keys = ask(running.public_addr(), "/.well-known/jwks.json").await.1;
    running.shutdown().await;
    let running = start(config(&dir)).await;
    assert!(!running.is_first_start());
    assert_eq!(ask(running.public_addr(), "/.well-known/jwks.json").await.1, keys);
    running.shutdown().await;
}

#[tokio::test]
async fn who_stops_says_so_before_it_turns_anybody_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = config(&dir);
    config.server.drain_delay = gateway::config::Duration::from_secs(600);
    let address = service("hello", Arc::default(), Arc::default()).await;
    open_route(&mut config, "hello", "/hello", address);
    let running = start(config).await;
    let (public, ops) = (running.public_addr(), running.ops_addr());
    assert_eq!(ask(ops, "/readyz").await.0, 200);
    let stopping = tokio::spawn(running.shutdown());
    while ask(ops, "/readyz").await.0 != 503 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(public, "/hello").await, (200, "hello".to_owned()), "a new connection is served");
    assert!(!stopping.is_finished());
    stopping.abort();
}
