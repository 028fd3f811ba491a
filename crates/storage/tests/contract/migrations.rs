//! The schema is applied once, forward only, and refused when it is not ours.

use storage::{OpenError, Store, migrate};

use super::{Database, now, on_every_engine};

on_every_engine! {
    migrations_are_applied_once;
    a_newer_database_is_refused;
    a_changed_migration_is_refused;
    two_nodes_may_migrate_at_once;
}

async fn migrations_are_applied_once(db: &Database) {
    assert_eq!(migrate::up(&db.store, now()).await.expect("nothing to do"), 0);
    let status = migrate::status(&db.store).await.expect("status");
    assert!(status.iter().all(|s| s.applied_at.is_some()) && !status.is_empty());
}

async fn a_newer_database_is_refused(db: &Database) {
    db.as_owner(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at)
         SELECT 9999, 'later', checksum, applied_at FROM schema_migrations WHERE version = 1",
    )
    .await;
    assert!(matches!(migrate::up(&db.store, now()).await, Err(OpenError::Newer { found: 9999, .. })));
}

async fn a_changed_migration_is_refused(db: &Database) {
    let changed = db.as_owner("UPDATE schema_migrations SET checksum = substr(checksum, 2) WHERE version = 1").await;
    assert_eq!(changed, 1);
    assert!(matches!(migrate::status(&db.store).await, Err(OpenError::Checksum { version: 1 })));
}

async fn two_nodes_may_migrate_at_once(db: &Database) {
    let other = Store::open(&db.options).await.expect("a second node");
    let (a, b) = tokio::join!(migrate::up(&db.store, now()), migrate::up(&other, now()));
    assert_eq!(a.expect("first") + b.expect("second"), 0);
}
