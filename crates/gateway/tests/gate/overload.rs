//! More requests than a service is given at the same time: they wait their turn, and the rest is refused.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::harness::{Client, Gate, Setup, open_to, serve};

/// A service that answers when it is let, and says when it was asked.
struct Patient {
    address: std::net::SocketAddr,
    asked: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl Patient {
    async fn start() -> Self {
        let (asked, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let signals = (asked.clone(), go.clone());
        let address = serve(move |mut connection| {
            let (asked, go) = signals.clone();
            async move {
                while connection.message().await.is_some() {
                    asked.add_permits(1);
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no").await;
                    go.acquire().await.expect("open").forget();
                    connection.send("k").await;
                }
            }
        })
        .await;
        Self { address, asked, go }
    }
    async fn was_asked(&self, times: u32) {
        self.asked.acquire_many(times).await.expect("open").forget();
    }
}

async fn begin(gate: &Gate) -> Client {
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client
}

async fn waiting(gate: &Gate, count: u64) {
    while gate.running.table().upstreams().next().expect("u").numbers().waiting != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_beyond_the_limit_wait_and_those_beyond_the_queue_are_refused() {
    let service = Patient::start().await;
    let settings = "upstreams.u.concurrency = { max = 2, queue = 1, queue_timeout = \"1h\" }\n";
    let gate = Gate::open(&format!("{settings}{}", open_to(service.address)));
    let (mut first, mut second) = (begin(&gate).await, begin(&gate).await);
    service.was_asked(2).await;
    let mut third = begin(&gate).await;
    waiting(&gate, 1).await;
    let refused = gate.get("/", "").await;
    assert_eq!(refused.problem(), (503, "upstream.saturated".into()));
    assert_eq!(refused.field("retry-after"), Some("3600"));
    // A place is free with the last byte of an answer, not with its head.
    first.until("\r\n\r\no").await;
    assert_eq!(service.asked.available_permits(), 0);
    service.go.add_permits(1);
    service.was_asked(1).await;
    service.go.add_permits(2);
    assert_eq!(first.exactly(1).await, b"k");
    for client in [&mut second, &mut third] {
        assert_eq!(client.answer().await.text(), "ok");
    }
    gate.ledger.finished(4).await;
    let numbers = || gate.running.table().upstreams().next().expect("u").numbers();
    // A place is given back just after the request was told.
    while numbers().running > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!((numbers().waiting, numbers().saturated), (0, 1));
}

#[tokio::test]
async fn a_client_that_leaves_gives_its_place_back() {
    let service = Patient::start().await;
    let settings = "upstreams.u.concurrency = { max = 1, queue = 5, queue_timeout = \"1h\" }\n";
    let gate = Gate::open(&format!("{settings}{}", open_to(service.address)));
    let first = begin(&gate).await;
    service.was_asked(1).await;
    let second = begin(&gate).await;
    waiting(&gate, 1).await;
    drop(second);
    waiting(&gate, 0).await;
    let mut third = begin(&gate).await;
    waiting(&gate, 1).await;
    drop(first);
    service.was_asked(1).await;
    service.go.add_permits(2);
    assert_eq!(third.answer().await.text(), "ok");
}

#[tokio::test]
async fn waiting_ends_after_its_time() {
    let service = Patient::start().await;
    let settings = "upstreams.u.concurrency = { max = 1, queue = 5, queue_timeout = \"20ms\" }\n";
    let gate = Gate::open(&format!("{settings}{}", open_to(service.address)));
    let _first = begin(&gate).await;
    service.was_asked(1).await;
    let refused = gate.get("/", "").await;
    assert_eq!(refused.problem(), (503, "upstream.saturated".into()));
    assert_eq!(refused.field("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_routes_own_limit_leaves_other_routes_alone_and_survives_reloads() {
    let service = Patient::start().await;
    let limited = format!(
        "{}concurrency = {{ max = 1 }}\n[[routes]]\nname = \"other\"\nmatch = {{ path = \"/other\" }}\nupstream = \"u\"\nauth = \"none\"\n",
        open_to(service.address)
    );
    let gate = Setup { workers: 2, ..Setup::new(&limited) }.open();
    let mut first = begin(&gate).await;
    service.was_asked(1).await;
    assert_eq!(gate.get("/", "").await.problem().1, "upstream.saturated");
    // The request that is under way still counts.
    gate.reload(&limited.replace("name = \"other\"", "name = \"renamed\""));
    assert_eq!(gate.get("/", "").await.problem().1, "upstream.saturated");
    let mut other = gate.connect().await;
    other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").await;
    service.was_asked(1).await;
    service.go.add_permits(2);
    assert_eq!((first.answer().await.text(), other.answer().await.text()), ("ok".into(), "ok".into()));
}
