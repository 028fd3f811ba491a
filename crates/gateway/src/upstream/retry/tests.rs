use proptest::prelude::*;

use super::*;
use crate::config::Duration as Span;

#[test]
fn fifty_at_once_take_no_more_than_there_is() {
    let budget = Budget::new(20);
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(|| usize::from(budget.take(0)))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
    });
    assert_eq!(taken, 32);
    // Five first attempts pay for one more.
    let paid = |count: u32| (0..count).for_each(|_| budget.pay(0));
    paid(4);
    assert!(!budget.take(0));
    paid(1);
    assert!(budget.take(0) && !budget.take(0));
    // And a second does.
    assert!(budget.take(1) && !budget.take(1));
}

proptest! {
    /// The promise of the module, for any order of events.
    #[test]
    fn retries_stay_within_the_budget(
        share in 0_u8..=100,
        events in prop::collection::vec((any::<bool>(), 0_u32..3), 1..500),
    ) {
        let budget = Budget::new(share);
        let (mut now, mut first, mut taken) = (0, 0_u64, 0_u64);
        for (retry, pause) in events {
            now += pause;
            if retry {
                taken += u64::from(budget.take(now));
            } else {
                budget.pay(now);
                first += 1;
            }
            prop_assert!(taken * 100 <= 3_200 + u64::from(now) * 100 + first * u64::from(share));
        }
        // A clock that goes back pays nothing twice.
        while budget.take(now) {}
        prop_assert!(!budget.take(0) && !budget.take(now));
    }

    #[test]
    fn pauses_double_up_to_their_longest(seed: u64, attempts in 1_u8..10, base in 0_u64..1_000) {
        let config = RetryConfig { backoff: Span::from_millis(base), ..RetryConfig::default() };
        let retries = Retries::new(&config, seed);
        let longest = Duration::from_millis((base << (attempts - 1)).min(1_000));
        let drawn: Vec<Duration> = (0..50).map(|_| retries.pause(attempts)).collect();
        prop_assert!(drawn.iter().all(|pause| *pause <= longest));
        // They differ: that is what keeps callers from coming back all at once.
        prop_assert!(base == 0 || drawn.iter().any(|pause| *pause != drawn[0]));
    }
}

#[test]
fn one_attempt_has_its_part_of_the_time() {
    let retries = |timeout| Retries::new(&RetryConfig { per_try_timeout: timeout, ..RetryConfig::default() }, 0);
    let left = Duration::from_secs(3);
    assert_eq!(retries(None).patience(left), left);
    assert_eq!(retries(Some(Span::from_secs(1))).patience(left), Duration::from_secs(1));
    assert_eq!(retries(Some(Span::from_secs(9))).patience(left), left);
}
