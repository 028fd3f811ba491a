//! How often a unit waits for the server. The numbers are part of the design: a database in the next
//! room answers in half a millisecond.

use kernel::TenantId;
use storage::{Store, StoreError, StoreOptions, migrate, params};

use super::{proxy::Wire, unit};
use crate::{add_user, count_users, now};

const COUNT: &str = "SELECT count(*) FROM users WHERE tenant_id = $1";
const TOUCH: &str = "UPDATE users SET updated_at = $2 WHERE tenant_id = $1";

struct Node {
    store: Store,
    wire: Wire,
    tenant: TenantId,
    _database: testservers::PgDatabase,
}

/// A store with one connection, on which the statements above have been prepared.
async fn node() -> Node {
    let database = testservers::postgres().await;
    let (wire, url) = Wire::to(&database.url()).await;
    let store = Store::open(&StoreOptions { connections: 1, ..StoreOptions::new(url) }).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    let tenant = TenantId::new(now(), &kernel::OsRandom::new());
    let insert = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
         VALUES ($1, 'acme', 'Acme', 'active', '{}', 0, 0)";
    let warm_up = store.tenant(tenant).write(move |tx| {
        Box::pin(async move {
            tx.execute(insert, params![]).await?;
            tx.execute(TOUCH, params![1]).await?;
            tx.query(COUNT, params![]).await
        })
    });
    unit(warm_up.await).expect("warm up");
    wire.turns();
    Node { store, wire, tenant, _database: database }
}

/// Waits for an answer that only comes after everything that was sent before.
async fn settle(node: &Node) -> usize {
    let turns = node.wire.turns();
    node.store.check().await.expect("check");
    node.wire.turns();
    turns
}

#[tokio::test]
async fn a_read_of_one_statement_waits_once() {
    let node = node().await;
    settle(&node).await;
    assert_eq!(count_users(&node.store, node.tenant).await, 0);
    // Its COMMIT may or may not have passed the wire by now, but it was not waited for: see below.
    let turns = settle(&node).await;
    assert!((1..=2).contains(&turns), "{turns}");
}

#[tokio::test]
async fn a_read_does_not_wait_for_its_commit_and_a_write_does() {
    let node = node().await;
    let ada = || {
        let store = node.store.tenant(node.tenant);
        store.write(|tx| Box::pin(async move { add_user(tx, "ada@example.com").await }))
    };
    node.wire.cut_commits(true);
    assert_eq!(count_users(&node.store, node.tenant).await, 0);
    let outcome = unit(ada().await);
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    node.wire.cut_commits(false);
    assert_eq!(count_users(&node.store, node.tenant).await, 0, "the commit never arrived");
    unit(ada().await).expect("a new connection");
    assert_eq!(count_users(&node.store, node.tenant).await, 1);
}

#[tokio::test]
async fn a_write_waits_for_each_statement_and_its_commit() {
    for statements in 1..=3 {
        let node = node().await;
        settle(&node).await;
        let touch = node.store.tenant(node.tenant).write(move |tx| {
            Box::pin(async move {
                for at in 0..statements {
                    tx.execute(TOUCH, params![at]).await?;
                }
                Ok(())
            })
        });
        unit(touch.await).expect("touched");
        assert_eq!(node.wire.turns(), usize::try_from(statements).expect("few") + 1);
    }
}

#[tokio::test]
async fn entering_a_tenant_costs_no_round_trip_and_a_unit_without_statements_none_at_all() {
    let node = node().await;
    let tenant = node.tenant;
    settle(&node).await;
    let nothing = node.store.tenant(tenant).write(|_| Box::pin(async { Ok(()) }));
    unit(nothing.await).expect("nothing");
    assert_eq!(node.wire.turns(), 0);
    let nested = node.store.system().write(move |tx| {
        Box::pin(
            async move { tx.enter(tenant, |tx| Box::pin(async move { tx.execute(TOUCH, params![7]).await })).await },
        )
    });
    unit(nested.await).expect("nested");
    assert_eq!(node.wire.turns(), 2);
}

#[tokio::test]
async fn one_connection_serves_unit_after_unit() {
    let node = node().await;
    let before = node.wire.connections();
    for i in 0..20 {
        count_users(&node.store, node.tenant).await;
        let failing = node.store.tenant(node.tenant).write(move |tx| {
            Box::pin(async move {
                tx.execute(TOUCH, params![i]).await?;
                Err::<(), _>(StoreError::Misuse("changed my mind"))
            })
        });
        failing.await.expect_err("rolled back");
    }
    assert_eq!(node.wire.connections(), before);
}
