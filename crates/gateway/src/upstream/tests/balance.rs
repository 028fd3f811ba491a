use proptest::prelude::*;

use crate::{
    config::Balance,
    upstream::balance::{Balancer, Lineup, Loads, Seat, WHOLE, digest},
};

/// Targets with these weights.
fn lineup(weights: &[u16]) -> Lineup {
    named(&weights.iter().enumerate().map(|(i, weight)| (i, *weight)).collect::<Vec<_>>())
}

/// Targets that are called by these numbers.
fn named(targets: &[(usize, u16)]) -> Lineup {
    Lineup::new(targets.iter().map(|(i, weight)| Seat::new(*i, &format!("http://t{i}"), *weight)), true)
}

fn balancer(policy: Balance, seed: u64) -> Balancer {
    Balancer::new(policy, None, seed)
}

/// One choice with these running requests, where every target takes its whole share.
fn choose(balancer: &Balancer, lineup: &Lineup, subject: u64, running: &[u32]) -> Option<usize> {
    let running = |i: usize| running.get(i).copied().unwrap_or(0);
    balancer.choose(lineup, subject, &Loads { running, share: |_| WHOLE })
}

fn counts(balancer: &Balancer, lineup: &Lineup, draws: usize) -> Vec<usize> {
    shared(balancer, lineup, &[], draws)
}

/// How often each target was chosen when they have these shares; without one, the whole.
fn shared(balancer: &Balancer, lineup: &Lineup, shares: &[u32], draws: usize) -> Vec<usize> {
    let mut counts = vec![0; 8];
    for n in 0..draws {
        let share = |i: usize| shares.get(i).copied().unwrap_or(WHOLE);
        let subject = digest(&n.to_be_bytes());
        counts[balancer.choose(lineup, subject, &Loads { running: |_| 0, share }).expect("a target")] += 1;
    }
    counts
}

#[test]
fn turns_are_taken_evenly_and_by_weight() {
    let (turns, targets) = (balancer(Balance::RoundRobin, 0), lineup(&[5, 1, 1]));
    let cycle: Vec<usize> = (0..7).map(|_| choose(&turns, &targets, 0, &[]).expect("a target")).collect();
    assert_eq!(cycle, [0, 0, 1, 0, 2, 0, 0], "smooth, as nginx does it");
    assert_eq!(counts(&balancer(Balance::RoundRobin, 7), &lineup(&[1, 1, 1]), 300)[..3], [100, 100, 100]);
    assert_eq!(choose(&turns, &lineup(&[]), 0, &[]), None);
}

#[test]
fn the_least_busy_target_is_found() {
    let least = balancer(Balance::LeastRequest, 3);
    assert_eq!(choose(&least, &lineup(&[1, 1, 1, 1]), 0, &[3, 1, 2, 9]), Some(1));
    // Ten of weight five are less than three of weight one.
    assert_eq!(choose(&least, &lineup(&[1, 5]), 0, &[3, 10]), Some(1));
    let even = counts(&least, &lineup(&[1, 1]), 1_000);
    assert!(even[..2].iter().all(|n| (400..=600).contains(n)), "ties are broken evenly: {even:?}");
}

#[test]
fn two_choices_avoid_the_busiest() {
    let (two, targets) = (balancer(Balance::P2c, 5), lineup(&[1, 1, 1, 1]));
    let busy = (0..1_000).filter(|_| choose(&two, &targets, 0, &[0, 0, 100, 0]) == Some(2)).count();
    // Only when both draws fall on it: one in sixteen.
    assert!((20..=130).contains(&busy), "{busy}");
}

#[test]
fn draws_follow_the_weights() {
    let drawn = counts(&balancer(Balance::Random, 11), &lineup(&[1, 3]), 4_000);
    assert!((850..=1_150).contains(&drawn[0]), "{drawn:?}");
}

#[test]
fn hashing_spreads_by_weight() {
    let spread = counts(&balancer(Balance::Hash, 0), &lineup(&[1, 3]), 4_000);
    assert!((850..=1_150).contains(&spread[0]), "{spread:?}");
}

#[test]
fn a_part_of_a_share_is_a_part_of_the_requests() {
    for policy in [Balance::RoundRobin, Balance::Random, Balance::P2c, Balance::Hash] {
        // The second target takes a quarter of what the first does: a fifth of all. Of its own subjects it takes a
        // quarter: an eighth of all.
        let drawn = shared(&balancer(policy, 17), &lineup(&[1, 1]), &[WHOLE, WHOLE / 4], 4_000);
        let expected = if policy == Balance::Hash { 400..=600 } else { 700..=900 };
        assert!(expected.contains(&drawn[1]), "{policy:?}: {drawn:?}");
        let never = shared(&balancer(policy, 17), &lineup(&[1, 9, 1]), &[WHOLE, 0, WHOLE], 1_000);
        assert_eq!(never[1], 0, "{policy:?}");
        assert!(never[0] > 300 && never[2] > 300, "{policy:?}: {never:?}");
        let none = Loads { running: |_| 0, share: |_| 0 };
        assert_eq!(balancer(policy, 1).choose(&lineup(&[1, 1]), 1, &none), None, "{policy:?}");
        assert_eq!(balancer(policy, 1).choose(&lineup(&[1]), 1, &none), None, "{policy:?}");
    }
    // With one running each, a target with a tenth of its share looks ten times as busy.
    let slow = Loads { running: |_| 1, share: |i| if i == 0 { WHOLE / 10 } else { WHOLE } };
    assert_eq!(balancer(Balance::LeastRequest, 1).choose(&lineup(&[1, 1]), 0, &slow), Some(1));
}

#[test]
fn a_growing_share_takes_more_of_the_same_subjects() {
    let (hash, targets) = (balancer(Balance::Hash, 1), lineup(&[1, 1, 1]));
    let takes = |share: u32, subject: u64| {
        let share = move |i: usize| if i == 2 { share } else { WHOLE };
        hash.choose(&targets, subject, &Loads { running: |_| 0, share }) == Some(2)
    };
    for n in 0..500_u32 {
        let subject = digest(&n.to_be_bytes());
        let taken: Vec<bool> = [51, 200, 600, WHOLE].iter().map(|share| takes(*share, subject)).collect();
        assert!(taken.is_sorted(), "once it is there, it stays: {taken:?}");
    }
}

#[test]
fn bounded_hashing_passes_on_what_is_too_much() {
    let bounded = Balancer::new(Balance::Hash, Some(125), 0);
    let targets = lineup(&[1, 1, 1, 1]);
    // Everybody is the same caller: without a bound one target would have it all.
    let mut running = [0_u32; 4];
    for _ in 0..100 {
        let chosen = choose(&bounded, &targets, digest(b"hot"), &running).expect("a target");
        running[chosen] += 1;
    }
    assert_eq!(running.iter().sum::<u32>(), 100);
    assert!(running.iter().all(|n| *n <= 32), "at most a quarter more than a quarter: {running:?}");
    assert!(running.iter().max() > Some(&28), "the own target takes what it may: {running:?}");
    // While all is quiet, the bound changes nothing.
    let free = balancer(Balance::Hash, 0);
    for n in 0..100_u32 {
        let subject = digest(&n.to_be_bytes());
        assert_eq!(choose(&bounded, &targets, subject, &[]), choose(&free, &targets, subject, &[]));
    }
}

proptest! {
    #[test]
    fn a_whole_cycle_is_exact(weights in prop::collection::vec(1_u16..20, 1..8), seed: u64) {
        let total: usize = weights.iter().map(|w| usize::from(*w)).sum();
        let mut expected: Vec<usize> = weights.iter().map(|w| usize::from(*w)).collect();
        expected.resize(8, 0);
        prop_assert_eq!(counts(&balancer(Balance::RoundRobin, seed), &lineup(&weights), total), expected);
    }

    /// Taking a target away moves only the callers it had, wherever it stood; nodes agree whatever their
    /// seed and the order of their targets.
    #[test]
    fn hashing_moves_as_few_as_possible(
        subject: [u8; 8],
        targets in 2_usize..10,
        gone in 0_usize..10,
        seeds: [u64; 2],
    ) {
        let all: Vec<(usize, u16)> = (0..targets).map(|i| (i, 1)).collect();
        let gone = gone % targets;
        let subject = digest(&subject);
        let of = |targets: &[(usize, u16)], seed| {
            choose(&balancer(Balance::Hash, seed), &named(targets), subject, &[]).expect("a target")
        };
        let before = of(&all, seeds[0]);
        let reversed: Vec<(usize, u16)> = all.iter().rev().copied().collect();
        prop_assert_eq!(of(&reversed, seeds[1]), before);
        let rest: Vec<(usize, u16)> = all.iter().copied().filter(|(i, _)| *i != gone).collect();
        if before != gone {
            prop_assert_eq!(of(&rest, seeds[0]), before);
        }
    }
}
