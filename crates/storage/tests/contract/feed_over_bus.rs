//! Nodes hear of each other's changes by the bus, also of those that a message was lost of.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kernel::TenantId;
use storage::{
    Bus, BusOptions, Store, StoreError,
    feed::{self, Apply, Change, Feed, OverBus},
};
use tokio::task::JoinSet;

use super::{Database, now, on_every_engine};

on_every_engine! {
    a_change_reaches_another_node_without_its_looking;
    a_burst_of_changes_reaches_another_node_whole;
    what_is_missed_while_the_bus_is_away_is_found_when_it_comes_back;
}

/// Nobody looks by itself within a test's life.
const NEVER: Duration = Duration::from_secs(86_400);

struct Nothing;

impl Apply for Nothing {
    fn load(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
    fn apply<'a>(&'a self, _: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

/// A node whose tasks end with it.
struct Node {
    store: Store,
    feed: Feed,
    _tasks: JoinSet<()>,
}

async fn node(db: &Database, bus: &Bus) -> Node {
    let store = Store::open(&db.options).await.expect("open");
    let wire = OverBus::new(bus).expect("subscribe");
    let feed = Feed::open(store.clone(), Arc::new(Nothing), Some(wire.announcer())).await.expect("feed");
    let mut tasks = JoinSet::new();
    tasks.spawn(feed.clone().follow(NEVER));
    tasks.spawn(wire.run(feed.clone()));
    Node { store, feed, _tasks: tasks }
}

impl Node {
    async fn change(&self, tenant: TenantId) -> i64 {
        let seq = self
            .store
            .tenant(tenant)
            .write(|tx| Box::pin(async move { feed::append(tx, "test.changed", &serde_json::json!({}), now()).await }))
            .await
            .expect("append");
        self.feed.settle(seq).await.expect("settle");
        seq
    }
    async fn reaches(&self, seq: i64) {
        while self.feed.position() < seq {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn redis(url: &str, namespace: &str) -> Bus {
    let options = BusOptions {
        namespace: namespace.to_owned(),
        response_timeout: Duration::from_secs(30),
        check_interval: Duration::from_millis(50),
        ..BusOptions::new(url)
    };
    Bus::open(&options).await.expect("the bus")
}

async fn a_change_reaches_another_node_without_its_looking(db: &Database) {
    let tenant = db.tenant("acme").await;
    let space = testservers::redis().await;
    let one = node(db, &redis(space.url(), space.prefix()).await).await;
    let other = node(db, &redis(space.url(), space.prefix()).await).await;
    for _ in 0..3 {
        other.reaches(one.change(tenant).await).await;
        one.reaches(other.change(tenant).await).await;
    }
}

async fn a_burst_of_changes_reaches_another_node_whole(db: &Database) {
    let tenant = db.tenant("acme").await;
    let bus = Bus::open(&BusOptions::new("local")).await.expect("the bus");
    let (one, other) = (node(db, &bus).await, node(db, &bus).await);
    let all = futures_util::future::join_all((0..50).map(|_| one.change(tenant))).await;
    other.reaches(all.into_iter().max().expect("some")).await;
}

async fn what_is_missed_while_the_bus_is_away_is_found_when_it_comes_back(db: &Database) {
    let tenant = db.tenant("acme").await;
    let server = testservers::PrivateRedis::start().await;
    let one = node(db, &redis(&server.url(), "feed").await).await;
    let other = node(db, &redis(&server.url(), "feed").await).await;
    other.reaches(one.change(tenant).await).await;
    server.kill().await;
    let missed = one.change(tenant).await;
    server.start_again().await;
    other.reaches(missed).await;
}
