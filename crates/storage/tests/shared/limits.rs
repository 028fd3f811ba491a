//! Limits: exact, all or nothing, on every node.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use kernel::{Algorithm, Decision, Rate, rate::Period};
use redis::AsyncTypedCommands;
use storage::{
    Kv, KvError,
    kv::{MAX_TAKES, Take},
};

use crate::support::{Fixture, on_every_engine, until};

on_every_engine! {
    n_are_allowed_and_the_next_refused_under_concurrency
    several_limits_at_once_let_through_what_the_tightest_allows
    if_one_refuses_nothing_is_taken_from_any
    a_refusal_names_a_wait_and_keeps_its_word
    a_cost_above_the_limit_is_never_allowed
    another_rate_or_algorithm_is_another_limit
    what_is_out_of_bounds_is_refused
    limits_and_values_do_not_meet
}

const ALL: [Algorithm; 3] = [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow];

/// In a window so long that nothing comes back, and no edge is met, while a story is told.
fn per_age(limit: u32) -> Rate {
    Rate { limit, window: Duration::from_hours(24 * 10_000) }
}

const fn take(key: &str, rate: Rate, algorithm: Algorithm) -> Take<'_> {
    Take { key, rate, algorithm, cost: 1 }
}

async fn decide(kv: &Kv, takes: &[Take<'_>]) -> Vec<Decision> {
    kv.take(takes).await.expect("decided")
}

/// Fifty tasks on two nodes ask the same at once; how many were let through.
async fn passed(on: &Fixture, takes: Vec<Take<'static>>) -> usize {
    let nodes = [on.kv.clone(), on.another_node().await];
    let takes: Arc<[Take<'static>]> = takes.into();
    let tasks = (0..50).map(|i| {
        let (kv, takes) = (nodes[i % 2].clone(), Arc::clone(&takes));
        tokio::spawn(async move { decide(&kv, &takes).await.iter().all(|decision| decision.allowed) })
    });
    join_all(tasks).await.into_iter().filter(|passed| *passed.as_ref().expect("no panic")).count()
}

async fn n_are_allowed_and_the_next_refused_under_concurrency(on: Fixture) {
    for algorithm in ALL.into_iter().chain([Algorithm::Calendar(Period::Month)]) {
        assert_eq!(passed(&on, vec![take("k", per_age(20), algorithm)]).await, 20, "{algorithm:?}");
        let after = decide(&on.kv, &[take("k", per_age(20), algorithm)]).await;
        assert_eq!((after[0].allowed, after[0].remaining, after[0].limit), (false, 0, 20), "{algorithm:?}");
    }
}

async fn several_limits_at_once_let_through_what_the_tightest_allows(on: Fixture) {
    let limits = || {
        vec![
            take("by:ip", per_age(30), Algorithm::SlidingWindow),
            take("by:user", per_age(10), Algorithm::TokenBucket),
            take("by:route", per_age(40), Algorithm::FixedWindow),
        ]
    };
    assert_eq!(passed(&on, limits()).await, 10);
    // Ten were taken from each, not fifty: the next one alone sees what is left after it.
    assert_eq!(decide(&on.kv, &limits()[..1]).await[0].remaining, 30 - 10 - 1);
    assert_eq!(decide(&on.kv, &limits()[2..]).await[0].remaining, 40 - 10 - 1);
}

async fn if_one_refuses_nothing_is_taken_from_any(on: Fixture) {
    for algorithm in ALL {
        let (wide, tight) = (take("wide", per_age(5), algorithm), take("tight", per_age(1), algorithm));
        assert!(decide(&on.kv, &[wide, tight]).await.iter().all(|decision| decision.allowed));
        for _ in 0..3 {
            for (order, at) in [([wide, tight], [0, 1]), ([tight, wide], [1, 0])] {
                let decisions = decide(&on.kv, &order).await;
                let (wide, tight) = (decisions[at[0]], decisions[at[1]]);
                assert_eq!((wide.allowed, wide.remaining, wide.retry_after), (true, 3, None), "{algorithm:?}");
                assert!(!tight.allowed && tight.retry_after.is_some(), "{algorithm:?}");
            }
        }
        assert_eq!(decide(&on.kv, &[wide]).await[0].remaining, 3, "{algorithm:?}");
    }
}

async fn a_refusal_names_a_wait_and_keeps_its_word(on: Fixture) {
    let rate = Rate { limit: 1, window: Duration::from_secs(1) };
    for algorithm in ALL {
        let asked = [take("k", rate, algorithm)];
        // The first may meet the end of a fixed window.
        let mut wait = None;
        until(async || {
            wait = decide(&on.kv, &asked).await[0].retry_after;
            wait.is_some()
        })
        .await;
        let wait = wait.expect("refused");
        assert!(wait <= Duration::from_millis(1_100), "{algorithm:?}: {wait:?}");
        on.pass(wait).await;
        until(async || decide(&on.kv, &asked).await[0].allowed).await;
    }
}

async fn a_cost_above_the_limit_is_never_allowed(on: Fixture) {
    for algorithm in ALL {
        for cost in [6, u32::MAX] {
            let decision = decide(&on.kv, &[Take { cost, ..take("k", per_age(5), algorithm) }]).await[0];
            assert_eq!((decision.allowed, decision.remaining), (false, 5), "{algorithm:?}");
        }
        let decision = decide(&on.kv, &[Take { cost: 5, ..take("k", per_age(5), algorithm) }]).await[0];
        assert_eq!((decision.allowed, decision.remaining), (true, 0), "{algorithm:?}");
    }
}

async fn another_rate_or_algorithm_is_another_limit(on: Fixture) {
    let asked = [
        take("k", per_age(1), Algorithm::SlidingWindow),
        take("k", per_age(2), Algorithm::SlidingWindow),
        take("k", Rate { limit: 1, window: Duration::from_hours(24) }, Algorithm::SlidingWindow),
        take("k", per_age(1), Algorithm::FixedWindow),
    ];
    for one in asked {
        assert!(decide(&on.kv, &[one]).await[0].allowed, "{one:?}");
    }
}

async fn what_is_out_of_bounds_is_refused(on: Fixture) {
    let fine = take("k", per_age(1), Algorithm::TokenBucket);
    assert_eq!(on.kv.take(&[]).await, Ok(Vec::new()));
    let too_long = "k".repeat(513);
    let wrong = [
        Take { key: "", ..fine },
        Take { key: &too_long, ..fine },
        Take { cost: 0, ..fine },
        Take { rate: per_age(0), ..fine },
        Take { rate: per_age(u32::MAX), ..fine },
        Take { rate: Rate { limit: 1, window: Duration::from_millis(999) }, ..fine },
        Take { rate: Rate { limit: 1, window: Duration::MAX }, ..fine },
    ];
    for one in wrong {
        assert!(matches!(on.kv.take(&[fine, one]).await, Err(KvError::Invalid(_))), "{one:?}");
    }
    assert!(matches!(on.kv.take(&[fine, fine]).await, Err(KvError::Invalid(_))), "the same twice");
    let keys: Vec<String> = (0..=MAX_TAKES).map(|i| i.to_string()).collect();
    let many: Vec<_> = keys.iter().map(|key| Take { key, ..fine }).collect();
    assert!(matches!(on.kv.take(&many).await, Err(KvError::Invalid(_))), "too many");
    assert_eq!(decide(&on.kv, &many[1..]).await.len(), MAX_TAKES);
    for now in [-1, i64::MAX] {
        assert!(matches!(on.kv.take_at(&[fine], now).await, Err(KvError::Invalid(_))));
    }
    assert!(decide(&on.kv, &[fine]).await[0].allowed, "nothing was taken by what was refused");
}

async fn limits_and_values_do_not_meet(on: Fixture) {
    let asked = [take("k", per_age(1), Algorithm::FixedWindow)];
    on.kv.set("k", b"value", Duration::from_hours(1)).await.expect("set");
    assert!(decide(&on.kv, &asked).await[0].allowed);
    on.kv.delete("k").await.expect("deleted");
    assert!(!decide(&on.kv, &asked).await[0].allowed);
}

#[tokio::test]
async fn everything_in_redis_expires() {
    let on = Fixture::redis().await;
    let day = Rate { limit: 7, window: Duration::from_hours(24) };
    for algorithm in ALL {
        decide(&on.kv, &[take("k", day, algorithm)]).await;
    }
    on.kv.set("a", b"", Duration::from_hours(1)).await.expect("set");
    on.kv.set_if_absent("b", b"", Duration::from_hours(1)).await.expect("set");
    on.kv.increment("c", 1, Duration::from_hours(1)).await.expect("set");
    on.kv.increment("c", 1, Duration::from_hours(1)).await.expect("set");

    let space = on.space().expect("redis");
    let client = redis::Client::open(space.url()).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("connected");
    let keys = connection.keys(format!("{}:*", space.prefix())).await.expect("keys");
    assert_eq!(keys.len(), 6, "{keys:?}");
    for key in keys {
        let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.expect("PTTL");
        assert!((1..=25 * 3_600_000).contains(&left), "{key}: {left}");
    }
}
