//! Values: kept, bounded, expiring, given to one.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use storage::{
    KvError,
    kv::{MAX_KEY, MAX_TTL, MAX_VALUE},
};

use crate::support::{Fixture, on_every_engine, open, until};

on_every_engine! {
    a_value_is_kept_replaced_and_deleted
    a_value_may_be_any_bytes
    a_value_expires
    a_replaced_value_lives_by_its_new_lifetime
    of_fifty_who_consume_one_wins
    of_fifty_who_set_if_absent_one_wins
    a_marker_can_be_set_again_when_it_has_expired
    a_counter_counts_everybody_once
    a_counter_lives_from_its_first_increment
    what_is_no_counter_is_not_counted
    what_is_out_of_bounds_is_refused
    the_engine_says_it_is_well
}

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(40);

/// Does the same fifty times at once, each in a task of its own.
async fn fifty<T, F>(work: impl Fn(u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks = (0..50).map(|i| tokio::spawn(work(i)));
    join_all(tasks).await.into_iter().map(|task| task.expect("no panic")).collect()
}

async fn a_value_is_kept_replaced_and_deleted(on: Fixture) {
    assert_eq!(on.kv.get("k").await, Ok(None));
    on.kv.set("k", b"one", LONG).await.expect("set");
    assert_eq!(on.kv.get("k").await, Ok(Some(b"one".to_vec())));
    on.kv.set("k", b"two", LONG).await.expect("set");
    assert_eq!(on.another_node().await.get("k").await, Ok(Some(b"two".to_vec())));
    assert_eq!(on.kv.get("other").await, Ok(None));
    assert_eq!(on.kv.delete("k").await, Ok(true));
    assert_eq!(on.kv.delete("k").await, Ok(false));
    assert_eq!(on.kv.get("k").await, Ok(None));
}

async fn a_value_may_be_any_bytes(on: Fixture) {
    let all: Vec<u8> = (0..=255).cycle().take(MAX_VALUE).collect();
    for value in [&[][..], b"\0\r\n\xff", &all] {
        on.kv.set("k:\r\n *", value, LONG).await.expect("set");
        assert_eq!(on.kv.get("k:\r\n *").await.as_ref().map(Option::as_deref), Ok(Some(value)));
    }
}

async fn a_value_expires(on: Fixture) {
    on.kv.set("k", b"v", SHORT).await.expect("set");
    on.pass(SHORT).await;
    until(async || on.kv.get("k").await == Ok(None)).await;
    on.kv.set("k", b"v", SHORT).await.expect("set");
    on.pass(SHORT).await;
    until(async || on.kv.delete("k").await == Ok(false)).await;
}

async fn a_replaced_value_lives_by_its_new_lifetime(on: Fixture) {
    on.kv.set("k", b"v", SHORT).await.expect("set");
    on.kv.set("k", b"v", LONG).await.expect("set");
    on.pass(SHORT * 2).await;
    assert_eq!(on.kv.get("k").await, Ok(Some(b"v".to_vec())));
}

async fn of_fifty_who_consume_one_wins(on: Fixture) {
    on.kv.set("code", b"secret", LONG).await.expect("set");
    let other = on.another_node().await;
    let got = fifty(|i| {
        let kv = if i % 2 == 0 { on.kv.clone() } else { other.clone() };
        async move { kv.consume("code").await.expect("answered") }
    })
    .await;
    let got: Vec<_> = got.into_iter().flatten().collect();
    assert_eq!(got, [b"secret".to_vec()]);
    assert_eq!(on.kv.get("code").await, Ok(None));
}

async fn of_fifty_who_set_if_absent_one_wins(on: Fixture) {
    let won = fifty(|i| {
        let kv = on.kv.clone();
        async move { kv.set_if_absent("used", &i.to_be_bytes(), LONG).await.expect("answered").then_some(i) }
    })
    .await;
    let won: Vec<u32> = won.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    assert_eq!(on.kv.get("used").await, Ok(Some(won[0].to_be_bytes().to_vec())));
}

async fn a_marker_can_be_set_again_when_it_has_expired(on: Fixture) {
    assert_eq!(on.kv.set_if_absent("used", b"", SHORT).await, Ok(true));
    on.pass(SHORT).await;
    until(async || on.kv.set_if_absent("used", b"", LONG).await == Ok(true)).await;
    assert_eq!(on.kv.set_if_absent("used", b"", LONG).await, Ok(false));
}

async fn a_counter_counts_everybody_once(on: Fixture) {
    let counts = fifty(|_| {
        let kv = on.kv.clone();
        async move { kv.increment("n", 2, LONG).await.expect("counted") }
    })
    .await;
    assert_eq!(counts.into_iter().collect::<BTreeSet<_>>(), (1..=50).map(|i| 2 * i).collect());
    assert_eq!(on.kv.get("n").await, Ok(Some(b"100".to_vec())));
}

async fn a_counter_lives_from_its_first_increment(on: Fixture) {
    assert_eq!(on.kv.increment("n", 1, SHORT).await, Ok(1));
    // Later increments name a longer life and do not get it: it begins again from nothing.
    let mut last = 1;
    on.pass(SHORT).await;
    until(async || {
        let count = on.kv.increment("n", 1, LONG).await.expect("counted");
        assert!(count == 1 || count == last + 1);
        last = count;
        count == 1
    })
    .await;
}

async fn what_is_no_counter_is_not_counted(on: Fixture) {
    for value in [&b"twelve"[..], b"", b"9223372036854775807"] {
        on.kv.set("k", value, LONG).await.expect("set");
        assert!(matches!(on.kv.increment("k", 1, LONG).await, Err(KvError::Invalid(_))), "{value:?}");
        assert_eq!(on.kv.get("k").await.as_ref().map(Option::as_deref), Ok(Some(value)));
    }
}

async fn what_is_out_of_bounds_is_refused(on: Fixture) {
    let longest = "k".repeat(MAX_KEY);
    on.kv.set(&longest, &[0; MAX_VALUE], MAX_TTL).await.expect("the bounds themselves are allowed");
    let too_long = "k".repeat(MAX_KEY + 1);
    for key in ["", &too_long] {
        assert!(matches!(on.kv.get(key).await, Err(KvError::Invalid(_))));
        assert!(matches!(on.kv.consume(key).await, Err(KvError::Invalid(_))));
        assert!(matches!(on.kv.delete(key).await, Err(KvError::Invalid(_))));
        assert!(matches!(on.kv.increment(key, 1, LONG).await, Err(KvError::Invalid(_))));
        assert!(matches!(on.kv.set(key, b"", LONG).await, Err(KvError::Invalid(_))));
    }
    assert!(matches!(on.kv.set("k", &[0; MAX_VALUE + 1], LONG).await, Err(KvError::Invalid(_))));
    for ttl in [Duration::ZERO, Duration::from_micros(999), MAX_TTL + Duration::from_secs(1)] {
        assert!(matches!(on.kv.set("k", b"", ttl).await, Err(KvError::Invalid(_))));
        assert!(matches!(on.kv.set_if_absent("k", b"", ttl).await, Err(KvError::Invalid(_))));
        assert!(matches!(on.kv.increment("k", 1, ttl).await, Err(KvError::Invalid(_))));
    }
    assert_eq!(on.kv.get("k").await, Ok(None));
}

async fn the_engine_says_it_is_well(on: Fixture) {
    assert_eq!(on.kv.check().await, Ok(()));
    assert_eq!(on.kv.engine_name(), if on.space().is_some() { "redis" } else { "memory" });
}

#[tokio::test]
async fn deployments_share_a_redis_by_namespace() {
    let space = testservers::redis().await;
    let ours = open(space.url(), space.prefix()).await;
    let theirs = open(space.url(), &format!("{}x", space.prefix())).await;
    ours.set("k", b"ours", LONG).await.expect("set");
    assert_eq!(theirs.get("k").await, Ok(None));
    theirs.set("k", b"theirs", LONG).await.expect("set");
    assert_eq!(ours.get("k").await, Ok(Some(b"ours".to_vec())));
}
