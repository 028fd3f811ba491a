use std::{collections::HashMap, sync::Arc, thread, time::Duration};

use kernel::{
    Algorithm::{self, FixedWindow, SlidingWindow, TokenBucket},
    Clock, ManualClock,
};
use proptest::prelude::*;

use super::*;

const ALL: [Algorithm; 3] = [TokenBucket, FixedWindow, SlidingWindow];
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn take(limiter: &LocalLimiter, rule: u64, who: &str, rate: &str, algorithm: Algorithm) -> Take {
    let key = limiter.key(rule, &Counted::Named(who));
    Take { key, rule, rate: rate.parse().expect(rate), algorithm, cost: 1 }
}

fn allowed(decisions: &Decisions) -> bool {
    decisions.iter().all(|decision| decision.allowed)
}

#[test]
fn fifty_threads_on_one_key_get_exactly_the_limit() {
    for algorithm in ALL {
        let limiter = Arc::new(LocalLimiter::new(10_000));
        let counts: Vec<_> = (0..50)
            .map(|_| {
                let limiter = limiter.clone();
                thread::spawn(move || {
                    let take = take(&limiter, 1, "ada", "1000/hour", algorithm);
                    (0..100).filter(|_| allowed(&limiter.take(&[take], NOW))).count()
                })
            })
            .collect();
        let total: usize = counts.into_iter().map(|thread| thread.join().expect("thread")).sum();
        assert_eq!(total, 1_000, "{algorithm:?}");
    }
}

#[test]
fn fifty_threads_on_crossing_pairs_get_exactly_the_tighter_limit() {
    // Every thread takes from its own and the shared limit, half of them in the other order.
    let limiter = Arc::new(LocalLimiter::new(10_000));
    let counts: Vec<_> = (0..50)
        .map(|i| {
            let limiter = limiter.clone();
            thread::spawn(move || {
                let own = take(&limiter, 1, &format!("user-{i}"), "100/hour", SlidingWindow);
                let shared = take(&limiter, 2, "everybody", "777/hour", TokenBucket);
                let takes = if i % 2 == 0 { [own, shared] } else { [shared, own] };
                let passed = (0..100).filter(|_| allowed(&limiter.take(&takes, NOW))).count();
                let left = limiter.peek(&Take { cost: 0, ..own }, NOW).remaining;
                (passed, usize::try_from(left).expect("small"))
            })
        })
        .collect();
    let counts: Vec<_> = counts.into_iter().map(|thread| thread.join().expect("thread")).collect();
    assert_eq!(counts.iter().map(|(passed, _)| passed).sum::<usize>(), 777);
    // What the shared limit refused was not taken from anybody's own.
    assert!(counts.iter().all(|(passed, left)| passed + left == 100));
}

#[test]
fn a_refusal_by_one_limit_takes_nothing_from_the_other() {
    for algorithm in ALL {
        let limiter = LocalLimiter::new(10_000);
        let tight = take(&limiter, 1, "ada", "2/minute", algorithm);
        let wide = take(&limiter, 2, "ada", "10/minute", algorithm);
        for _ in 0..2 {
            assert!(allowed(&limiter.take(&[wide, tight], NOW)));
        }
        for _ in 0..5 {
            let decisions = limiter.take(&[wide, tight], NOW);
            assert!(decisions[0].allowed && !decisions[1].allowed, "{algorithm:?}");
            assert_eq!(decisions[0].remaining, 8, "{algorithm:?}: what is left, with nothing taken");
        }
        assert_eq!(limiter.take(&[wide], NOW)[0].remaining, 7, "{algorithm:?}");
    }
}

#[test]
fn a_refused_newcomer_leaves_no_trace() {
    let limiter = LocalLimiter::new(10_000);
    let spent = take(&limiter, 1, "everybody", "1/minute", SlidingWindow);
    limiter.take(&[spent], NOW);
    for i in 0..100 {
        let own = take(&limiter, 2, &format!("user-{i}"), "5/minute", SlidingWindow);
        assert!(!allowed(&limiter.take(&[own, spent], NOW)));
    }
    assert_eq!(limiter.len(), 1);
}

#[test]
fn idle_states_are_swept_and_active_ones_stay() {
    let clock = ManualClock::at(NOW);
    for algorithm in ALL {
        let limiter = LocalLimiter::new(10_000);
        let short = |i: u32| take(&limiter, 1, &format!("short-{i}"), "1/minute", algorithm);
        let long = take(&limiter, 2, "long", "1/day", algorithm);
        limiter.take(&[long], clock.now());
        for i in 0..1_000 {
            limiter.take(&[short(i)], clock.now());
        }
        assert_eq!((limiter.sweep(clock.now()), limiter.len()), (0, 1_001), "{algorithm:?}");
        clock.advance(Duration::from_secs(120));
        assert_eq!((limiter.sweep(clock.now()), limiter.len()), (1_000, 1), "{algorithm:?}");
        assert!(!allowed(&limiter.take(&[long], clock.now())), "{algorithm:?}: the active limit was kept");
        assert!(allowed(&limiter.take(&[short(0)], clock.now())), "{algorithm:?}: the idle one begins anew");
    }
}

#[test]
fn newcomers_sweep_what_is_idle_without_anybody_asking() {
    let clock = ManualClock::at(NOW);
    let limiter = LocalLimiter::new(100_000);
    for round in 0..20 {
        for i in 0..1_000 {
            limiter.take(&[take(&limiter, 1, &format!("{round}-{i}"), "5/second", SlidingWindow)], clock.now());
        }
        clock.advance(Duration::from_secs(10));
    }
    assert!(limiter.len() < 5_000, "{} states of the 20 000 are left", limiter.len());
}

#[test]
fn a_state_in_use_is_put_back_and_not_swept() {
    let clock = ManualClock::at(NOW);
    let limiter = LocalLimiter::new(10_000);
    let ada = take(&limiter, 1, "ada", "100/minute", SlidingWindow);
    for _ in 0..10 {
        limiter.take(&[ada], clock.now());
        clock.advance(Duration::from_secs(30));
        limiter.sweep(clock.now());
    }
    // Two of the last minute, and the one that is taken now.
    assert_eq!(limiter.take(&[ada], clock.now())[0].remaining, 97);
}

/// Fills every shard with active keys of rule 1.
fn full(room: usize) -> LocalLimiter {
    let limiter = LocalLimiter::new(room);
    for i in 0.. {
        limiter.take(&[take(&limiter, 1, &format!("old-{i}"), "2/minute", SlidingWindow)], NOW);
        if limiter.shards.iter().all(|shard| shard.lock().states.len() >= room / SHARDS) {
            break;
        }
    }
    limiter
}

#[test]
fn at_the_cap_nobody_is_reset_and_newcomers_share() {
    let limiter = full(SHARDS * 2);
    let before = limiter.len();
    let mut per_shard: HashMap<usize, usize> = HashMap::new();
    for i in 0..20_000 {
        let newcomer = take(&limiter, 2, &format!("new-{i}"), "5/minute", SlidingWindow);
        let passed = usize::from(allowed(&limiter.take(&[newcomer], NOW)));
        *per_shard.entry(shard_of(newcomer.key)).or_default() += passed;
    }
    assert!(per_shard.values().all(|passed| *passed == 5), "newcomers of a shard together get one limit");
    assert_eq!(limiter.len(), before, "no state was added, none was dropped");
    assert!(limiter.overflows() >= 20_000);
    let known = take(&limiter, 1, "old-0", "2/minute", SlidingWindow);
    assert!(allowed(&limiter.take(&[known], NOW)));
    assert!(!allowed(&limiter.take(&[known], NOW)), "a known key goes on counting where it was");
}

#[test]
fn after_the_cap_a_newcomer_keeps_what_it_used_together_with_others() {
    let limiter = full(SHARDS * 2);
    let newcomer = take(&limiter, 2, "new", "5/hour", SlidingWindow);
    for _ in 0..3 {
        assert!(allowed(&limiter.take(&[newcomer], NOW)));
    }
    let later = NOW + Duration::from_secs(120);
    assert!(limiter.sweep(later) > 0, "the others have become idle");
    assert_eq!(limiter.take(&[newcomer], later)[0].remaining, 1, "three before, one now");
}

#[test]
fn keys_differ_by_rule_by_kind_and_by_process() {
    let limiter = LocalLimiter::new(10);
    let id = kernel::TenantId::from_uuid(uuid::Uuid::from_u128(7));
    let user = kernel::Subject::User(kernel::UserId::from_uuid(id.uuid()));
    let keys = [
        limiter.key(1, &Counted::Named("a")),
        limiter.key(2, &Counted::Named("a")),
        limiter.key(1, &Counted::Header(b"a")),
        limiter.key(1, &Counted::Tenant(id)),
        limiter.key(1, &Counted::User(user)),
        limiter.key(1, &Counted::Everybody),
        LocalLimiter::new(10).key(1, &Counted::Named("a")),
    ];
    for (i, key) in keys.iter().enumerate() {
        assert!(!keys[..i].contains(key), "{i}");
    }
    let at = |address: &str| limiter.key(1, &Counted::Address(address.parse().expect(address)));
    assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"), "one /64, one subscriber");
    assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
    assert_eq!(at("10.0.0.1"), at("::ffff:10.0.0.1"));
    assert_ne!(at("10.0.0.1"), at("10.0.0.2"));
    let roles = |names: &[&str]| {
        let roles: Vec<kernel::RoleName> = names.iter().map(|name| name.parse().expect("role")).collect();
        limiter.key(1, &Counted::Roles(id, &roles))
    };
    assert_eq!(roles(&["admin", "user"]), roles(&["user", "admin"]));
    assert_ne!(roles(&["admin", "user"]), roles(&["admin"]));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// The limiter answers exactly as one plain state for each key would, whatever is swept in between.
    #[test]
    fn answers_as_plain_states_do(
        limit in 1_u32..20,
        window in 1_u64..30,
        steps in prop::collection::vec((0_u8..4, 0_i64..2_000_000, 1_u32..4, any::<bool>()), 1..300),
    ) {
        let rate = Rate { limit, window: Duration::from_secs(window) };
        for algorithm in ALL {
            let limiter = LocalLimiter::new(10_000);
            let mut plain: HashMap<u8, State> = HashMap::new();
            let mut now = NOW.as_micros();
            for (who, gap, cost, sweep) in &steps {
                now += gap;
                let key = limiter.key(1, &Counted::Named(&who.to_string()));
                let ours = limiter.take(&[Take { key, rule: 1, rate, algorithm, cost: *cost }], Timestamp::from_micros(now));
                let theirs = plain.entry(*who).or_insert_with(|| State::new(algorithm)).take(rate, *cost, now);
                prop_assert_eq!(ours[0], theirs, "{:?}", algorithm);
                if *sweep {
                    limiter.sweep(Timestamp::from_micros(now));
                }
            }
        }
    }

    /// N pass and the N+1st does not, for any two limits at once; and whatever passed, passed both.
    #[test]
    fn two_at_once_pass_as_often_as_the_tighter_allows(
        first in 1_u32..30, second in 1_u32..30, algorithms in (0_usize..3, 0_usize..3),
    ) {
        let limiter = LocalLimiter::new(10_000);
        let takes = [
            take(&limiter, 1, "a", &format!("{first}/minute"), ALL[algorithms.0]),
            take(&limiter, 2, "b", &format!("{second}/hour"), ALL[algorithms.1]),
        ];
        let passed = (0..100).filter(|_| allowed(&limiter.take(&takes, NOW))).count();
        prop_assert_eq!(u32::try_from(passed).expect("small"), first.min(second));
        prop_assert_eq!(limiter.peek(&Take { cost: 0, ..takes[0] }, NOW).remaining, first - first.min(second));
        prop_assert_eq!(limiter.peek(&Take { cost: 0, ..takes[1] }, NOW).remaining, second - first.min(second));
    }
}
