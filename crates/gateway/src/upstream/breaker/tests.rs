use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::*;
use crate::config::{Duration as Span, Percent};
use crate::upstream::group::Standing;

fn config() -> BreakerConfig {
    BreakerConfig { min_requests: 4, slow: Some(Span::from_millis(200)), probes: 2, ..BreakerConfig::default() }
}

fn circuit() -> (Circuit, Numbers) {
    (Circuit::new(&config()), Numbers::default())
}

fn request(circuit: &Circuit, numbers: &Numbers, failed: bool) -> Result<(), Duration> {
    circuit.admit(numbers, None).map(|mut permit| permit.settle(failed))
}

#[tokio::test(start_paused = true)]
async fn it_opens_tries_again_and_closes() {
    let (circuit, numbers) = circuit();
    let one = |failed| request(&circuit, &numbers, failed);
    // Three failures of three say nothing yet; the fourth request makes it enough.
    for _ in 0..3 {
        one(true).expect("closed");
    }
    assert!(!circuit.is_open());
    one(true).expect("closed");
    assert_eq!(one(false), Err(Duration::from_secs(10)), "open for as long as configured");
    tokio::time::advance(Duration::from_secs(9)).await;
    assert_eq!(one(false), Err(MIN_WAIT));
    tokio::time::advance(Duration::from_secs(1)).await;
    // Half-open: two probes and no third.
    let first = circuit.admit(&numbers, None).expect("a probe");
    let second = circuit.admit(&numbers, None).expect("a probe");
    assert!(circuit.is_open() && one(false).is_err());
    // One that tells nothing makes room for another.
    drop(first);
    one(false).expect("a probe");
    assert!(circuit.is_open(), "one success is not two");
    let mut second = second;
    second.settle(false);
    assert!(!circuit.is_open());
    assert_eq!(numbers.read(Standing::default(), 0, None).circuits_opened, 1);
    // The failures before do not count any more.
    one(true).expect("closed");
    assert!(!circuit.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_opens_it_again() {
    let (circuit, numbers) = circuit();
    for _ in 0..4 {
        request(&circuit, &numbers, true).expect("closed");
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    request(&circuit, &numbers, true).expect("a probe");
    assert_eq!(request(&circuit, &numbers, false), Err(Duration::from_secs(10)));
    assert_eq!(numbers.read(Standing::default(), 0, None).circuits_opened, 2);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_open_it_also_those_that_nobody_waited_for() {
    let (circuit, numbers) = circuit();
    for untold in [false, true, false, true] {
        let mut permit = circuit.admit(&numbers, None).expect("closed");
        tokio::time::advance(Duration::from_millis(200)).await;
        if untold { drop(permit) } else { permit.settle(false) }
    }
    assert!(circuit.is_open());
    // Those who leave early say nothing.
    let (circuit, numbers) = self::circuit();
    for _ in 0..10 {
        drop(circuit.admit(&numbers, None).expect("closed"));
    }
    assert!(!circuit.is_open());
}

#[tokio::test(start_paused = true)]
async fn what_was_let_through_before_an_opening_moves_nothing_after_it() {
    let (circuit, numbers) = circuit();
    let mut late: Vec<Permit<'_>> = (0..4).map(|_| circuit.admit(&numbers, None).expect("closed")).collect();
    for _ in 0..4 {
        request(&circuit, &numbers, true).expect("closed");
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    for _ in 0..2 {
        request(&circuit, &numbers, false).expect("a probe");
    }
    assert!(!circuit.is_open());
    late.iter_mut().for_each(|permit| permit.settle(true));
    assert!(!circuit.is_open(), "failures of an earlier generation");
}

#[tokio::test(start_paused = true)]
async fn fifty_at_once_get_no_more_probes_than_allowed() {
    let (circuit, numbers) = circuit();
    for _ in 0..4 {
        request(&circuit, &numbers, true).expect("closed");
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    let now = circuit.millis(Instant::now());
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| passed.fetch_add(usize::from(circuit.pass(now).is_ok()), Ordering::SeqCst));
        }
    });
    assert_eq!(passed.into_inner(), 2);
}

#[test]
fn shares_are_of_all_requests_of_the_window() {
    let rules =
        Circuit::new(&BreakerConfig { min_requests: 10, error_rate: Percent::new(30), ..BreakerConfig::default() })
            .rules;
    let broken = |total, failed| rules.are_broken_by(Sums { total, failed, slow: 0 });
    assert_eq!(
        [broken(9, 9), broken(10, 2), broken(10, 3), broken(100, 29), broken(100, 30)],
        [false, false, true, false, true]
    );
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    Succeed,
    Fail,
    Forget,
    Trip,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Admit),
        2 => Just(Step::Succeed),
        1 => Just(Step::Fail),
        1 => Just(Step::Forget),
        1 => Just(Step::Trip),
        2 => (0_u64..3_000).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens in whatever order: while open nothing passes before its time, there are never more
    /// probes under way than allowed, and it closes only after that many have succeeded.
    #[test]
    fn the_machine_keeps_its_promises(steps in prop::collection::vec(step(), 1..200), probes in 1_u8..=60) {
        const OPEN_FOR: u64 = 1_000;
        let (mut state, mut now) = (State::CLOSED, 0_u64);
        // Probes under way, and successes since it was half-open.
        let (mut running, mut succeeded) = (0_u8, 0_u8);
        for step in steps {
            let before = state;
            match step {
                Step::Wait(millis) => now += millis,
                Step::Trip => state = state.trip(now + OPEN_FOR),
                Step::Admit => match (state.admit(now, probes), before.phase) {
                    (Ok((next, Pass::Ordinary)), Phase::Closed) => prop_assert_eq!(next, before),
                    (Ok((next, Pass::Probe)), Phase::Open { until }) => {
                        prop_assert!(now >= until);
                        (state, running, succeeded) = (next, 1, 0);
                    }
                    (Ok((next, Pass::Probe)), Phase::HalfOpen { .. }) => (state, running) = (next, running + 1),
                    (Err(wait), Phase::Open { until }) => prop_assert_eq!(now + wait, until),
                    (Err(_), Phase::HalfOpen { .. }) => prop_assert_eq!(running + succeeded, probes),
                    (admitted, phase) => prop_assert!(false, "{:?} in {:?}", admitted, phase),
                },
                // Only probes that are under way report.
                Step::Succeed if running > 0 => {
                    state = state.succeed(probes);
                    (running, succeeded) = (running - 1, succeeded + 1);
                    prop_assert_eq!(state.phase == Phase::Closed, succeeded >= probes);
                }
                Step::Fail if running > 0 => {
                    state = state.fail(now + OPEN_FOR);
                    prop_assert_eq!(state.phase, Phase::Open { until: now + OPEN_FOR });
                }
                Step::Forget if running > 0 => {
                    state = state.forget();
                    running -= 1;
                }
                Step::Succeed | Step::Fail | Step::Forget => {}
            }
            if state.generation != before.generation || state.phase == Phase::Closed {
                // The others are of an earlier generation now.
                running = 0;
            }
            let spoken_for = if running > 0 { running + succeeded } else { 0 };
            prop_assert!(spoken_for <= probes);
            prop_assert_eq!(State::from_word(state.to_word()), state);
        }
    }
}
