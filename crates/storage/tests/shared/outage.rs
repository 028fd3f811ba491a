//! Redis goes away, hangs, comes back.

use std::{sync::Arc, time::Duration};

use kernel::{Algorithm, SystemClock};
use storage::{Kv, KvError, KvOptions, kv::Take};
use testservers::PrivateRedis;

use crate::support::until;

const LONG: Duration = Duration::from_hours(1);

async fn open(url: String) -> Kv {
    Kv::open(&KvOptions::new(url), Arc::new(SystemClock)).await.expect("the URL is right")
}

fn unavailable<T>(outcome: Result<T, KvError>) -> bool {
    matches!(outcome, Err(KvError::Unavailable(_)))
}

#[tokio::test]
async fn calls_fail_while_redis_is_away_and_work_when_it_is_back() {
    let server = PrivateRedis::start().await;
    let kv = open(server.url()).await;
    let rate = "3/hour".parse().expect("a rate");
    let takes = [Take { key: "k", rate, algorithm: Algorithm::TokenBucket, cost: 1 }];
    until(async || kv.take(&takes).await.is_ok()).await;

    server.kill().await;
    for _ in 0..20 {
        assert!(unavailable(kv.get("k").await));
        assert!(unavailable(kv.set("k", b"v", LONG).await));
        assert!(unavailable(kv.increment("k", 1, LONG).await));
        assert!(unavailable(kv.take(&takes).await));
        assert!(unavailable(kv.check().await));
    }

    server.start_again().await;
    until(async || kv.check().await.is_ok()).await;
    // The new server has never seen the script.
    let decisions = kv.take(&takes).await.expect("decided");
    assert!(decisions[0].allowed);
}

#[tokio::test]
async fn redis_may_come_later_than_we() {
    let server = PrivateRedis::start().await;
    server.stop().await;
    let kv = open(server.url()).await;
    assert!(unavailable(kv.check().await));
    server.start_again().await;
    until(async || kv.set("k", b"v", LONG).await.is_ok()).await;
    assert_eq!(kv.get("k").await, Ok(Some(b"v".to_vec())));
}

#[tokio::test]
async fn a_redis_that_hangs_is_given_up_and_taken_up_again() {
    let server = PrivateRedis::start().await;
    let kv = open(server.url()).await;
    until(async || kv.check().await.is_ok()).await;
    server.pause().await;
    // First calls time out; then the link has noticed, and they fail with its reason.
    for _ in 0..5 {
        assert!(unavailable(kv.get("k").await));
    }
    server.resume().await;
    until(async || kv.check().await.is_ok()).await;
}

#[tokio::test]
async fn a_wrong_password_is_said() {
    let server = PrivateRedis::start().await;
    let (_, host) = server.url().rsplit_once('@').map(|(u, h)| (u.to_owned(), h.to_owned())).expect("a password");
    let kv = open(format!("redis://default:wrong@{host}")).await;
    let Err(KvError::Unavailable(cause)) = kv.check().await else { panic!("a wrong password opens nothing") };
    assert!(cause.to_lowercase().contains("password"), "{cause}");
    assert!(!cause.contains("wrong@"), "{cause}");
}

#[tokio::test]
async fn tls_is_spoken_where_the_url_says_so_and_never_given_up() {
    let server = PrivateRedis::start().await;
    let kv = open(server.url().replace("redis://", "rediss://")).await;
    assert!(unavailable(kv.check().await), "this server speaks no TLS");
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_refused() {
    for url in ["", "Memory", "memory://", "http://127.0.0.1:6379", "redis://", "redis://host:notaport"] {
        let outcome = Kv::open(&KvOptions::new(url), Arc::new(SystemClock)).await;
        assert!(matches!(outcome, Err(KvError::Invalid(_))), "{url}: {outcome:?}");
    }
    for namespace in ["", "a*", "a:b", "white space", &"n".repeat(65)] {
        let options = KvOptions { namespace: namespace.to_owned(), ..KvOptions::new("redis://127.0.0.1:1") };
        let outcome = Kv::open(&options, Arc::new(SystemClock)).await;
        assert!(matches!(outcome, Err(KvError::Invalid(_))), "{namespace}: {outcome:?}");
    }
}
