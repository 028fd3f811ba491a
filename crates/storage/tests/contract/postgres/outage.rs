//! The server dies in the middle of writes, and comes back.

use std::sync::{Arc, Mutex};

use kernel::TenantId;
use storage::{Store, StoreError, StoreOptions, migrate, params};

use crate::{add_user, now};

const WRITERS: usize = 8;

/// Adds one user after another until it fails; notes each that was acknowledged.
async fn write_until_it_fails(
    store: Store,
    tenant: TenantId,
    writer: usize,
    acks: Arc<Mutex<Vec<String>>>,
) -> StoreError {
    for i in 0.. {
        let email = format!("{writer}-{i}@example.com");
        let mine = email.clone();
        let work = store.tenant(tenant).write(move |tx| Box::pin(async move { add_user(tx, &mine).await }));
        match work.await {
            Ok(_) => acks.lock().expect("lock").push(email),
            Err(error) => return error,
        }
    }
    unreachable!("the server is killed")
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_killed_server_and_the_store_recovers() {
    let server = testservers::PrivatePostgres::start().await;
    let options = StoreOptions { connections: 4, ..StoreOptions::new(server.url()) };
    let store = Store::open(&options).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    let tenant = TenantId::new(now(), &kernel::OsRandom::new());
    let insert = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
         VALUES ($1, 'acme', 'Acme', 'active', '{}', 0, 0)";
    let added = store.tenant(tenant).write(move |tx| Box::pin(async move { tx.execute(insert, params![]).await }));
    added.await.map_err(|e: StoreError| e).expect("a tenant");

    let acks = Arc::new(Mutex::new(Vec::new()));
    for round in 1..=3 {
        let before = acks.lock().expect("lock").len();
        let writers: Vec<_> = (0..WRITERS)
            .map(|w| tokio::spawn(write_until_it_fails(store.clone(), tenant, round * 100 + w, acks.clone())))
            .collect();
        while acks.lock().expect("lock").len() < before + 50 {
            tokio::task::yield_now().await;
        }
        server.kill().await;
        for writer in writers {
            let error = writer.await.expect("no panic");
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        }
        let away = store.check().await;
        assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
        server.start_again().await;
        store.check().await.expect("the store recovers by itself");

        let sql = "SELECT email FROM users WHERE tenant_id = $1";
        let kept = store.tenant(tenant).read(move |tx| Box::pin(async move { tx.query(sql, params![]).await })).await;
        let kept: Vec<storage::Row> = kept.map_err(|e: StoreError| e).expect("rows");
        let kept: std::collections::HashSet<String> = kept.iter().map(|r| r.get(0).expect("text")).collect();
        let acks = acks.lock().expect("lock");
        let lost: Vec<_> = acks.iter().filter(|email| !kept.contains(*email)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        // Each writer had at most one write of which nobody knows.
        assert!(kept.len() <= acks.len() + round * WRITERS);
    }
}

#[tokio::test]
async fn a_server_that_stops_in_order_is_unavailable_too() {
    let server = testservers::PrivatePostgres::start().await;
    let store = Store::open(&StoreOptions::new(server.url())).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    store.check().await.expect("check");
    server.stop().await;
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    server.start_again().await;
    store.check().await.expect("back");
}
