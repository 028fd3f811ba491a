//! Starting.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join_all, select_all};
use kernel::{ManualClock, Secret};
use storage::{Store, StoreOptions, feed, migrate, params};

use super::{Identity, OpenIdentityError, background};
use crate::{
    audit, keys,
    keys::KeyStatus,
    testing::{Limiter, START, TestCore, parts, settings},
    vault::{Vault, VaultCheckError},
};

async fn empty_database(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::open(&StoreOptions { durable: false, ..StoreOptions::new(url) }).await.expect("a database");
    migrate::up(&store, START).await.expect("the schema");
    store
}

async fn count(store: &Store, table: &'static str) -> i64 {
    let counted = store.system().read(move |tx| {
        Box::pin(async move {
            let row = tx.query_opt(&format!("SELECT count(*) FROM {table}"), params![]).await?;
            row.map_or(Ok(0), |row| row.get(0))
        })
    });
    counted.await.map_err(|e: storage::StoreError| e).expect("a count")
}

/// Nodes that start at once on an empty database.
async fn start_together(store: &Store) {
    let clock = Arc::new(ManualClock::at(START));
    let open = || Identity::open(parts(store.clone(), settings(), clock.clone(), Arc::new(Limiter::default())));
    let nodes = join_all((0..8).map(|_| open())).await;
    let nodes: Vec<Identity> = nodes.into_iter().map(|node| node.expect("started")).collect();
    let tenant = |node: &Identity| node.core().edge.tenants.load().default_tenant().expect("a default tenant").id;
    assert!(nodes.iter().all(|node| tenant(node) == tenant(&nodes[0])));
    assert_eq!((count(store, "tenants").await, count(store, "signing_keys").await), (1, 1));
    assert_eq!(count(store, "audit_log").await, 1);
    for node in &nodes {
        node.health().check().await.expect("in good health");
    }
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_default_tenant() {
    let folder = tempfile::tempdir().expect("a folder");
    start_together(&empty_database(&folder).await).await;
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_default_tenant_on_postgres_too() {
    let database = testservers::postgres().await;
    let options = StoreOptions { durable: false, ..StoreOptions::new(database.url()) };
    let store = Store::open(&options).await.expect("a database");
    migrate::up(&store, START).await.expect("the schema");
    start_together(&store).await;
}

#[tokio::test]
async fn another_master_key_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = empty_database(&folder).await;
    let clock = Arc::new(ManualClock::at(START));
    let limiter = Arc::new(Limiter::default());
    Identity::open(parts(store.clone(), settings(), clock.clone(), limiter.clone())).await.expect("the first start");
    let before = (count(&store, "audit_log").await, count(&store, "feed").await);
    let mut wrong = parts(store.clone(), settings(), clock, limiter);
    wrong.vault = Vault::new(Secret::new([9; 32])).expect("a vault");
    let refused = Identity::open(wrong).await.expect_err("another key");
    assert!(matches!(refused, OpenIdentityError::Vault(VaultCheckError::WrongKey)));
    let text = refused.to_string();
    assert!(text.starts_with("the master key is not the one this database was created with; "), "{text}");
    assert_eq!((count(&store, "audit_log").await, count(&store, "feed").await), before);
}

#[tokio::test]
async fn what_runs_beside_the_requests_seals_and_rotates() {
    let mut settings = settings();
    settings.tokens.key_rotation = Some(Duration::from_secs(3_600));
    let node = TestCore::start_with(settings).await;
    let (core, tenant) = (node.core.clone(), node.tenant().id);
    node.clock.advance(Duration::from_secs(3_600));
    // The tasks do their work at once when they begin; until then nothing else happens.
    let done = async {
        loop {
            let rotated =
                keys::list(&core, tenant).await.expect("keys").iter().any(|k| k.status == KeyStatus::Retiring);
            let log = audit::verify(&core.store, &core.vault, Some(tenant)).await.expect("whole");
            if rotated && log[0].rows > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let tasks = select_all(node.identity.tasks().into_iter().map(|(_, task)| task));
    tokio::select! {
        (_, index, _) = tasks => panic!("task {index} ended"),
        () = done => {}
    }
}

#[tokio::test]
async fn what_has_expired_is_dropped_and_nothing_else() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    assert_eq!(background::purge(&node.core).await.expect("purged"), 0);
    node.call(http::Method::POST, "/api/v1/auth/logout").bearer(&ada.token).send().await.expect(204);
    // The feed keeps its newest row, whatever its age.
    node.clock.advance(Duration::from_secs(365 * 86_400));
    let seq = node.core.feed.position();
    background::purge(&node.core).await.expect("purged");
    assert_eq!((count(&node.core.store, "sessions").await, count(&node.core.store, "refresh_tokens").await), (0, 0));
    assert_eq!((count(&node.core.store, "feed").await, count(&node.core.store, "users").await), (1, 1));
    assert_eq!(feed::prune(&node.core.store, node.core.now()).await.expect("pruned"), 0);
    assert_eq!(node.another_node().await.core.feed.position(), seq);
}
