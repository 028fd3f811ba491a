//! What only SQLite has to prove: its file, and the processes that share it.

use std::{collections::HashSet, os::unix::fs::PermissionsExt as _, path::Path};

use futures_util::future::{join_all, pending};
use kernel::{OsRandom, TenantId};
use storage::{OpenError, Store, StoreError, StoreOptions, migrate, params};

use crate::{
    add_user, count_users, now,
    process::{Other, part, say},
};

fn options(path: &Path) -> StoreOptions {
    StoreOptions::new(format!("sqlite://{}", path.display()))
}

fn exclusive(path: &Path) -> StoreOptions {
    StoreOptions { exclusive: true, ..options(path) }
}

async fn add_tenant(store: &Store) -> TenantId {
    let tenant = TenantId::new(now(), &OsRandom::new());
    let sql = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
         VALUES ($1, 'acme', 'Acme', 'active', '{}', 0, 0)";
    let added = store.tenant(tenant).write(move |tx| Box::pin(async move { tx.execute(sql, params![]).await }));
    added.await.map_err(|e: StoreError| e).expect("a tenant");
    tenant
}

#[tokio::test]
async fn files_are_readable_by_their_owner_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("gate.db");
    let store = Store::open(&exclusive(&path)).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    let mut names = HashSet::new();
    for entry in dir.path().read_dir().expect("list") {
        let entry = entry.expect("entry");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
        names.insert(entry.file_name().into_string().expect("text"));
    }
    for name in ["gate.db", "gate.db-wal", "gate.db-shm", "gate.db.lock"] {
        assert!(names.contains(name), "{names:?}");
    }
}

#[tokio::test]
async fn a_missing_folder_is_said_in_a_sentence() {
    let error = Store::open(&exclusive(Path::new("/no/such/folder/gate.db"))).await.expect_err("no folder");
    assert!(matches!(error, OpenError::File { .. }));
    let error = error.to_string();
    assert!(error.contains("/no/such/folder/gate.db") && error.contains("check that the folder exists"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_touched() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("gate.db");
    let letter = "Dear Ada, this is not a database. ".repeat(50);
    std::fs::write(&path, &letter).expect("write");
    let error = Store::open(&options(&path)).await.expect_err("no database");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), letter);
}

#[tokio::test]
async fn a_second_serve_is_refused_and_a_command_is_not() {
    if let Some(path) = part() {
        let _store = Store::open(&exclusive(Path::new(&path))).await.expect("open");
        say("serving");
        return pending().await;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("gate.db");
    let told = path.display().to_string();
    let mut other = Other::start("sqlite::a_second_serve_is_refused_and_a_command_is_not", &told);
    assert_eq!(other.hear().await.as_deref(), Some("serving"));
    let error = Store::open(&exclusive(&path)).await.expect_err("a second one");
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(error.to_string().contains("is locked by another process; stop it, or give this one its own --data-dir"));
    let command = Store::open(&options(&path)).await.expect("a command");
    migrate::up(&command, now()).await.expect("which may write");
    add_tenant(&command).await;
    other.kill().await;
    Store::open(&exclusive(&path)).await.expect("the lock went with its holder");
}

#[tokio::test]
async fn a_file_that_somebody_holds_is_said_to_be_locked() {
    if let Some(path) = part() {
        let connection = rusqlite::Connection::open(path).expect("open");
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y)").expect("lock");
        say("locked");
        return pending().await;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("gate.db");
    let told = path.display().to_string();
    let mut other = Other::start("sqlite::a_file_that_somebody_holds_is_said_to_be_locked", &told);
    assert_eq!(other.hear().await.as_deref(), Some("locked"));
    let error = Store::open(&options(&path)).await.expect_err("held");
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn opening_a_file_twice_in_one_process_keeps_the_locks_of_the_first() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("gate.db");
    let first = Store::open(&options(&path)).await.expect("open");
    migrate::up(&first, now()).await.expect("migrate");
    // Device and inode are how the system lists its locks.
    let inode = format!(":{} ", std::fs::metadata(&path).expect("metadata").ino());
    let locks = || std::fs::read_to_string("/proc/locks").expect("locks").matches(&inode).count();
    let before = locks();
    assert!(before > 0, "whoever has looked into the file holds a lock");
    // Closing any descriptor of the file would release it.
    let _second = Store::open(&options(&path)).await.expect("open again");
    assert_eq!(locks(), before);
}

/// The other part of the durability test: writes and says what was acknowledged, until it is killed.
async fn write_and_tell(path: &str) {
    let store = Store::open(&options(Path::new(path))).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    let known = store
        .system()
        .read(|tx| Box::pin(async move { tx.query_opt("SELECT id FROM tenants", params![]).await }))
        .await
        .map_err(|e: StoreError| e)
        .expect("tenants");
    let tenant = match known {
        Some(row) => row.get(0).expect("an id"),
        None => add_tenant(&store).await,
    };
    say(&format!("tenant {tenant}"));
    let writer = |_| async {
        loop {
            let added = store.tenant(tenant).write(|tx| {
                Box::pin(async move {
                    let email = format!("{}@example.com", TenantId::new(now(), &OsRandom::new()));
                    add_user(tx, &email).await.map(|_| email)
                })
            });
            say(&added.await.map_err(|e: StoreError| e).expect("added"));
        }
    };
    join_all((0..16).map(writer)).await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_killed_process() {
    if let Some(path) = part() {
        return write_and_tell(&path).await;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("gate.db");
    let told = path.display().to_string();
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        let mut other = Other::start("sqlite::what_was_acknowledged_survives_a_killed_process", &told);
        let tenant = other.hear().await.expect("its tenant");
        let tenant: TenantId = tenant.strip_prefix("tenant ").expect("its tenant").parse().expect("an id");
        // Any moment will do, so a random one.
        let [moment] = kernel::random::bytes::<1>(&OsRandom::new());
        for _ in 0..=moment {
            acknowledged.push(other.hear().await.expect("an acknowledgement"));
        }
        acknowledged.extend(other.kill().await);

        let store = Store::open(&options(&path)).await.expect("open");
        let sql = "SELECT email FROM users WHERE tenant_id = $1";
        let kept = store.tenant(tenant).read(move |tx| Box::pin(async move { tx.query(sql, params![]).await })).await;
        let kept: Vec<storage::Row> = kept.map_err(|e: StoreError| e).expect("rows");
        let kept: HashSet<String> = kept.iter().map(|r| r.get(0).expect("text")).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|email| !kept.contains(*email)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        assert_eq!(count_users(&store, tenant).await as usize, kept.len());
        drop(store);
        let check: String = rusqlite::Connection::open(&path)
            .and_then(|c| c.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
            .expect("check");
        assert_eq!(check, "ok");
    }
}
