//! Both engines answer as `kernel::rate::State`, number for number.

use std::{collections::HashMap, time::Duration};

use kernel::{
    Algorithm, Decision, Rate,
    rate::{Period, State},
};
use proptest::{prelude::*, test_runner::TestCaseResult};
use storage::{Kv, kv::Take};

use crate::support::Fixture;

/// What the engines are compared with: the kernel's machines, taken from all at once or not at all.
#[derive(Default)]
struct Model(HashMap<(&'static str, Rate, Algorithm), State>);

impl Model {
    fn take(&mut self, takes: &[Take<'static>], now: i64) -> Vec<Decision> {
        let mut states: Vec<State> = takes
            .iter()
            .map(|t| self.0.get(&(t.key, t.rate, t.algorithm)).cloned().unwrap_or_else(|| State::new(t.algorithm)))
            .collect();
        // As Kv promises: what costs more than the limit costs one more than the limit.
        let cost = |t: &Take<'_>| t.cost.min(t.rate.limit + 1);
        let decisions: Vec<_> = takes.iter().zip(&mut states).map(|(t, s)| s.peek(t.rate, cost(t), now)).collect();
        if decisions.iter().all(|decision| decision.allowed) {
            for (t, mut state) in takes.iter().zip(states) {
                state.commit(t.rate, cost(t), now);
                self.0.insert((t.key, t.rate, t.algorithm), state);
            }
        }
        decisions
    }
}

/// One question: limits by their number in the pool, costs, and the time since the last question in
/// thousandths of the first limit's window.
type Question = (Vec<(usize, u32)>, i64);

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(vec![
        Algorithm::TokenBucket,
        Algorithm::FixedWindow,
        Algorithm::SlidingWindow,
        Algorithm::Calendar(Period::Day),
        Algorithm::Calendar(Period::Month),
    ])
}

fn rates() -> impl Strategy<Value = Rate> {
    let limit = prop_oneof![8 => 1_u32..30, 1 => 1_u32..=1_000_000_000];
    let window = prop_oneof![
        6 => prop::sample::select(vec![1_000_000_u64, 7_000_000, 60_000_000, 3_600_000_000, 86_400_000_000]),
        3 => 1_000_000_u64..100_000_000,
        1 => 1_000_000_u64..=864_000_000_000_000,
    ];
    (limit, window).prop_map(|(limit, window)| Rate { limit, window: Duration::from_micros(window) })
}

fn pools() -> impl Strategy<Value = Vec<Take<'static>>> {
    let keys = prop::sample::select(vec!["ip", "user", "route"]);
    let take = (keys, rates(), algorithms()).prop_map(|(key, rate, algorithm)| Take { key, rate, algorithm, cost: 1 });
    prop::collection::vec(take, 1..5).prop_filter("each limit once", |takes| {
        let names: std::collections::HashSet<_> = takes.iter().map(|t| (t.key, t.rate, t.algorithm)).collect();
        names.len() == takes.len()
    })
}

fn questions(back: i64) -> impl Strategy<Value = Vec<Question>> {
    let costs = prop_oneof![10 => 1_u32..3, 2 => 1_u32..40, 1 => 1_u32..=u32::MAX];
    let gaps = prop_oneof![4 => Just(0_i64), 8 => 0_i64..40, 4 => 0_i64..1_200, 1 => 0_i64..5_000, 1 => -back..=0];
    prop::collection::vec((prop::collection::vec((0_usize..5, costs), 1..4), gaps), 1..60)
}

fn starts() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 1_600_000_000_000_000_i64..1_900_000_000_000_000, 1 => 0_i64..1_000_000]
}

async fn compare(kv: &Kv, case: &str, pool: &[Take<'static>], start: i64, questions: &[Question]) -> TestCaseResult {
    let mut model = Model::default();
    let mut now = start;
    for (asked, gap) in questions {
        let mut takes: Vec<Take<'static>> = Vec::new();
        for (number, cost) in asked {
            let limit = pool[number % pool.len()];
            if !takes.iter().any(|t| (t.key, t.rate, t.algorithm) == (limit.key, limit.rate, limit.algorithm)) {
                takes.push(Take { cost: *cost, ..limit });
            }
        }
        let window = i64::try_from(takes[0].rate.window.as_micros()).expect("bounded");
        now = (now + window / 1_000 * gap + gap).clamp(0, 4_000_000_000_000_000);
        let expected = model.take(&takes, now);
        let keys: Vec<String> = takes.iter().map(|t| format!("{case}:{}", t.key)).collect();
        let named: Vec<_> = takes.iter().zip(&keys).map(|(t, key)| Take { key, ..*t }).collect();
        let answered = kv.take_at(&named, now).await.expect("decided");
        prop_assert_eq!(answered, expected, "{:?} at {}", takes, now);
    }
    Ok(())
}

fn hold(on: impl Future<Output = Fixture>, cases: u32, back: i64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let on = runtime.block_on(on);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    let case = std::cell::Cell::new(0_u32);
    runner
        .run(&(pools(), starts(), questions(back)), |(pool, start, questions)| {
            // Every case begins with limits that nobody has touched.
            case.set(case.get() + 1);
            runtime.block_on(compare(&on.kv, &case.get().to_string(), &pool, start, &questions))
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn redis_answers_as_the_kernel_even_when_its_clock_goes_back() {
    hold(Fixture::redis(), 200, 2_000);
}

#[test]
fn memory_answers_as_the_kernel() {
    hold(Fixture::memory(), 300, 0);
}
