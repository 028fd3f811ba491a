//! Connections: who gets one, and in what state they come back.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::join_all};
use kernel::TenantId;
use storage::{Store, StoreError, StoreOptions, params};
use tokio::sync::{Barrier, oneshot};

use super::{connect, unit, until};
use crate::{Database, Server, add_user, count_users};

/// As many units as may wait for a connection.
const QUEUE: usize = 1_024;

async fn with_one_connection(db: &Database) -> Store {
    Store::open(&StoreOptions { connections: 1, ..db.options.clone() }).await.expect("open")
}

/// Adds a user and then waits for the server for a very long time.
async fn add_and_linger(store: Store, tenant: TenantId) -> Result<(), StoreError> {
    store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move {
                add_user(tx, "ada@example.com").await?;
                tx.query("SELECT pg_sleep(20), $1::uuid", params![]).await.map(drop)
            })
        })
        .await
}

#[tokio::test]
async fn a_unit_whose_caller_goes_away_leaves_nothing_and_frees_its_connection() {
    let db = Database::postgres().await;
    let tenant = db.tenant("acme").await;
    let store = with_one_connection(&db).await;
    let Server::Postgres(database) = &db.server else { panic!("PostgreSQL") };
    let behind = connect(&database.superuser_url()).await;
    for _ in 0..2 {
        let lingering = tokio::spawn(add_and_linger(store.clone(), tenant));
        let asleep = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()
             AND state = 'active' AND query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()";
        until(&behind, asleep).await;
        lingering.abort();
        assert!(lingering.await.expect_err("aborted").is_cancelled());
        // The same address again: had the first one been kept, or its row been held, this would tell.
        assert_eq!(count_users(&store, tenant).await, 0);
        // The server finds out that its client has gone, and ends what it was doing.
        until(&behind, &asleep.replace("count(*) > 0", "count(*) = 0")).await;
    }
}

#[tokio::test]
async fn too_many_waiting_units_are_told_so_at_once() {
    let db = Database::postgres().await;
    let tenant = db.tenant("acme").await;
    let store = with_one_connection(&db).await;
    let (began, has_begun) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let holder = tokio::spawn({
        let store = store.clone();
        async move {
            let work = store.tenant(tenant).write(move |tx| {
                Box::pin(async move {
                    add_user(tx, "ada@example.com").await?;
                    began.send(()).expect("the test waits");
                    released.await.map_err(|_| StoreError::Misuse("not released"))
                })
            });
            unit(work.await)
        }
    });
    has_begun.await.expect("the connection is taken");
    let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(store.check())).collect();
    for unit in &mut waiting {
        assert!(unit.now_or_never().is_none(), "this one waits");
    }
    assert!(matches!(store.check().await, Err(StoreError::Busy)));
    // Who goes away makes room for others.
    drop(waiting);
    let last = tokio::spawn({
        let store = store.clone();
        async move { store.check().await }
    });
    release.send(()).expect("the unit waits");
    holder.await.expect("no panic").expect("kept");
    last.await.expect("no panic").expect("its turn came");
}

#[tokio::test]
async fn units_that_share_a_connection_see_their_own_tenant_and_leave_no_transaction_open() {
    let db = Database::postgres().await;
    let store = with_one_connection(&db).await;
    let mut tenants = Vec::new();
    for (slug, users) in [("a", 1), ("b", 2), ("c", 3)] {
        let tenant = db.tenant(slug).await;
        for i in 0..users {
            let work = store
                .tenant(tenant)
                .write(move |tx| Box::pin(async move { add_user(tx, &format!("user{i}@example.com")).await }));
            unit(work.await).expect("a user");
        }
        tenants.push((tenant, users));
    }
    let pid = store.system().read(|tx| Box::pin(async move { tx.query("SELECT pg_backend_pid()", params![]).await }));
    let pid: u32 = unit(pid.await).expect("rows")[0].get(0).expect("a number");
    let reads = (0..200).map(|i| {
        let (tenant, users) = tenants[i % tenants.len()];
        let store = &store;
        async move { assert_eq!(count_users(store, tenant).await, users) }
    });
    join_all(reads).await;
    let Server::Postgres(database) = &db.server else { panic!("PostgreSQL") };
    let behind = connect(&database.superuser_url()).await;
    // Not `idle in transaction`, and still there.
    until(&behind, &format!("SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = {pid} AND state = 'idle'")).await;
}

#[tokio::test]
async fn a_deadlock_is_a_conflict() {
    let db = Database::postgres().await;
    let (a, b) = (db.tenant("a").await, db.tenant("b").await);
    let both = Arc::new(Barrier::new(2));
    let cross = |first: TenantId, second: TenantId| {
        let (store, both) = (db.store.clone(), both.clone());
        async move {
            let touch = "UPDATE tenants SET updated_at = 1 WHERE id = $1";
            let work = store.system().write(move |tx| {
                Box::pin(async move {
                    tx.execute(touch, params![first]).await?;
                    both.wait().await;
                    tx.execute(touch, params![second]).await
                })
            });
            unit(work.await)
        }
    };
    let (one, other) = tokio::join!(cross(a, b), cross(b, a));
    assert!(
        matches!((&one, &other), (Ok(1), Err(StoreError::Conflict)) | (Err(StoreError::Conflict), Ok(1))),
        "{one:?} {other:?}"
    );
}

#[tokio::test]
async fn a_statement_that_went_stale_is_a_conflict_once() {
    let db = Database::postgres().await;
    db.tenant("acme").await;
    let store = with_one_connection(&db).await;
    let names =
        || store.system().read(|tx| Box::pin(async move { tx.query("SELECT name FROM tenants", params![]).await }));
    unit(names().await).expect("prepared");
    db.as_owner("ALTER TABLE tenants ALTER COLUMN name TYPE VARCHAR(200)").await;
    let stale = unit(names().await);
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    assert_eq!(unit(names().await).expect("prepared again")[0].get::<String>(0).expect("text"), "acme");
}
