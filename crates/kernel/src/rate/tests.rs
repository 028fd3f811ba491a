use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const ALL: [Algorithm; 5] = [
    Algorithm::TokenBucket,
    Algorithm::FixedWindow,
    Algorithm::SlidingWindow,
    Algorithm::Calendar(Period::Day),
    Algorithm::Calendar(Period::Month),
];

fn rate(text: &str) -> Rate {
    text.parse().expect(text)
}

#[test]
fn rates_read_as_written() {
    for text in ["10/minute", "5/hour", "1000/day", "3/second", "7/900s"] {
        assert_eq!(rate(text).to_string(), text);
    }
    assert_eq!(rate("100/15m"), rate("100/900s"));
    for text in ["", "10", "0/minute", "10/fortnight", "-1/minute", "10/0m", "x/minute", "10/", "1000001/second"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
}

#[test]
fn n_at_once_then_refused_then_allowed_after_the_wait_that_was_named() {
    for algorithm in ALL {
        for text in ["1/second", "7/minute", "10/minute", "1000/hour"] {
            let rate = rate(text);
            let mut state = State::new(algorithm);
            let now = 1_700_000_000_123_456;
            for i in 1..=rate.limit {
                let decision = state.take(rate, 1, now);
                assert!(decision.allowed, "{algorithm:?} {text}: request {i}");
                assert_eq!(decision.remaining, rate.limit - i, "{algorithm:?} {text}");
            }
            let refused = state.take(rate, 1, now);
            assert!(!refused.allowed, "{algorithm:?} {text}: N+1");
            let wait = micros(refused.retry_after.expect("a refusal names a wait"));
            assert!(!state.peek(rate, 1, now + wait - 1).allowed, "{algorithm:?} {text}: too early");
            assert!(state.take(rate, 1, now + wait).allowed, "{algorithm:?} {text}: after the wait");
        }
    }
}

#[test]
fn a_cost_above_the_limit_is_never_allowed_and_takes_nothing() {
    for algorithm in ALL {
        let rate = rate("5/minute");
        let mut state = State::new(algorithm);
        assert!(!state.take(rate, 6, 1_000_000_000).allowed);
        assert_eq!(state.take(rate, 5, 1_000_000_000).remaining, 0);
    }
}

proptest! {
    /// Over random arrivals: no window holds more than it may, and a refusal always has its reason.
    #[test]
    fn never_more_than_the_promise(
        limit in 1_u32..40,
        window in 1_u64..100,
        gaps in prop::collection::vec(0_i64..4_000_000, 1..400),
    ) {
        let rate = Rate { limit, window: Duration::from_secs(window) };
        let length = micros(rate.window);
        for algorithm in ALL {
            let mut state = State::new(algorithm);
            let mut allowed: VecDeque<i64> = VecDeque::new();
            let mut now = 1_700_000_000_000_000;
            for gap in &gaps {
                now += gap;
                let taken = state.take(rate, 1, now).allowed;
                if taken {
                    allowed.push_back(now);
                }
                let within = |from: i64| u32::try_from(allowed.iter().filter(|t| **t > from).count()).expect("small");
                match algorithm {
                    Algorithm::SlidingWindow => {
                        prop_assert!(within(now - length) <= limit);
                        // A refusal is justified by the window and one part before it.
                        prop_assert!(taken || within(now - length - 2 * slot_width(length)) >= limit);
                    }
                    Algorithm::FixedWindow => {
                        let start = now - now.rem_euclid(length);
                        prop_assert!(within(start - 1) <= limit);
                        prop_assert!(taken || within(start - 1) == limit);
                    }
                    Algorithm::TokenBucket => {
                        // A full bucket and what one window refills.
                        prop_assert!(within(now - length) <= 2 * limit);
                        prop_assert!(taken || within(now - length) >= 1);
                    }
                    Algorithm::Calendar(period) => {
                        let start = period.around(now).0;
                        prop_assert!(within(start - 1) <= limit);
                        prop_assert!(taken || within(start - 1) == limit);
                    }
                }
            }
        }
    }

    /// Whoever waits as told is let through.
    #[test]
    fn the_named_wait_is_enough(limit in 1_u32..20, gaps in prop::collection::vec(0_i64..2_000_000, 1..200)) {
        let rate = Rate { limit, window: Duration::from_secs(10) };
        for algorithm in ALL {
            let mut state = State::new(algorithm);
            let mut now = 1_700_000_000_000_000;
            for gap in &gaps {
                now += gap;
                let decision = state.take(rate, 1, now);
                if let Some(wait) = decision.retry_after {
                    let mut later = state.clone();
                    prop_assert!(later.take(rate, 1, now + micros(wait)).allowed, "{:?}", algorithm);
                }
            }
        }
    }
}
