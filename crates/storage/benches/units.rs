//! Units of work a second, and their CPU in this process:
//! `cargo bench -p storage --bench units [-- sqlite|postgres] [reads|writes]`.
//!
//! Reads of one statement (a user by e-mail among ten thousand) and writes of three (as a refresh: use
//! up a row, add one, add another) by 64 callers at once, durable, on SQLite in a temporary folder and
//! on PostgreSQL. `PORTCULLIS_BENCH_POSTGRES` names a server; without it a private one is started,
//! which does not wait for the disk.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops")]

use std::{
    future::Future,
    time::{Duration, Instant},
};

use kernel::{OsRandom, SystemClock, TenantId, Timestamp, UserId};
use storage::{Store, StoreError, StoreOptions, migrate, params};
use tokio::task::JoinSet;

const CALLERS: usize = 64;
const USERS: usize = 10_000;
const FOR: Duration = Duration::from_secs(5);

fn now() -> Timestamp {
    kernel::Clock::now(&SystemClock)
}

async fn prepare(store: &Store) -> Result<TenantId, StoreError> {
    let tenant = TenantId::new(now(), &OsRandom::new());
    let work = store.tenant(tenant).write(move |tx| {
        Box::pin(async move {
            let sql = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
                VALUES ($1, $2, 'Bench', 'active', '{}', 0, 0)";
            tx.execute(sql, params![tenant.to_string()]).await?;
            let sql = "INSERT INTO users (tenant_id, id, kind, status, email, attributes, created_at, updated_at)
                VALUES ($1, $2, 'person', 'active', $3, '{}', 0, 0)";
            for i in 0..USERS {
                let id = UserId::new(now(), &OsRandom::new());
                tx.execute(sql, params![id, format!("user{i}@example.com")]).await?;
            }
            Ok(tenant)
        })
    });
    work.await
}

async fn read(store: Store, tenant: TenantId, i: usize) -> Result<(), StoreError> {
    let email = format!("user{}@example.com", i % USERS);
    let sql = "SELECT id, status, password_hash FROM users WHERE tenant_id = $1 AND email = $2";
    let work = store.tenant(tenant).read(move |tx| Box::pin(async move { tx.query_opt(sql, params![email]).await }));
    work.await.map(drop)
}

async fn write(store: Store, tenant: TenantId, _: usize) -> Result<(), StoreError> {
    let (jti, next) = (TenantId::new(now(), &OsRandom::new()), TenantId::new(now(), &OsRandom::new()));
    let work = store.tenant(tenant).write(move |tx| {
        Box::pin(async move {
            let sql = "INSERT INTO denied_tokens (tenant_id, jti, denied_at, expires_at) VALUES ($1, $2, 0, 0)";
            tx.execute(sql, params![jti]).await?;
            let sql = "UPDATE denied_tokens SET denied_at = 1 WHERE tenant_id = $1 AND jti = $2 AND denied_at = 0";
            tx.execute(sql, params![jti]).await?;
            let sql = "INSERT INTO audit_log (tenant_id, id, at, actor_kind, action, target_kind, outcome, details)
                VALUES ($1, $2, 0, 'user', 'session.refreshed', 'session', 'ok', '{}')";
            tx.execute(sql, params![next]).await
        })
    });
    work.await.map(drop)
}

/// Has all callers, each a task, run units for a while, and tells how that went.
#[expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]
async fn run<F>(what: String, store: &Store, tenant: TenantId, unit: fn(Store, TenantId, usize) -> F)
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let (cpu_before, started) = (cpu(), Instant::now());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = store.clone();
        callers.spawn(async move {
            let mut done = 0_u32;
            while started.elapsed() < FOR {
                unit(store.clone(), tenant, caller * 7_919 + done as usize).await.expect("a unit");
                done += 1;
            }
            done
        });
    }
    let done = f64::from(callers.join_all().await.into_iter().sum::<u32>());
    let rate = done / started.elapsed().as_secs_f64();
    println!("{what:<40} {rate:>8.0}/s {:>6.1} µs CPU here", (cpu() - cpu_before) * 1e6 / done);
}

/// Seconds of CPU that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: user and system time are the 12th and 13th, in 1/100 s.
    let ticks = stat
        .rsplit(')')
        .next()
        .map_or(0, |rest| rest.split_whitespace().skip(11).take(2).flat_map(str::parse::<u32>).sum());
    f64::from(ticks) / 100.0
}

fn wanted(word: &str, of: &[&str]) -> bool {
    let chosen: Vec<String> = std::env::args().filter(|a| of.contains(&a.as_str())).collect();
    chosen.is_empty() || chosen.iter().any(|c| c == word)
}

async fn measure(name: &str, url: &str) {
    let store = Store::open(&StoreOptions::new(url)).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    let tenant = prepare(&store).await.expect("rows");
    if wanted("reads", &["reads", "writes"]) {
        run(format!("{name}: reads of one statement"), &store, tenant, read).await;
    }
    if wanted("writes", &["reads", "writes"]) {
        run(format!("{name}: writes of three statements"), &store, tenant, write).await;
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let engines = ["sqlite", "postgres"];
        if wanted("sqlite", &engines) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            measure("SQLite", &format!("sqlite://{}", folder.path().join("bench.db").display())).await;
        }
        if wanted("postgres", &engines) {
            match std::env::var("PORTCULLIS_BENCH_POSTGRES") {
                Ok(url) => measure("PostgreSQL", &url).await,
                Err(_) => {
                    let server = testservers::PrivatePostgres::start().await;
                    measure("PostgreSQL", &server.url()).await;
                }
            }
        }
    });
}
