use proptest::prelude::*;

use crate::{config::Balance, upstream::balance::Balancer};

fn counts(balancer: &Balancer, targets: usize, draws: usize) -> Vec<usize> {
    let mut counts = vec![0; targets];
    for _ in 0..draws {
        counts[balancer.choose(b"", |_| 0).expect("a target")] += 1;
    }
    counts
}

#[test]
fn turns_are_taken_evenly_and_by_weight() {
    let balancer = Balancer::new(Balance::RoundRobin, &[5, 1, 1], 0);
    let cycle: Vec<usize> = (0..7).map(|_| balancer.choose(b"", |_| 0).expect("a target")).collect();
    assert_eq!(cycle, [0, 0, 1, 0, 2, 0, 0], "smooth, as nginx does it");
    assert_eq!(counts(&Balancer::new(Balance::RoundRobin, &[1, 1, 1], 7), 3, 300), [100, 100, 100]);
    assert_eq!(Balancer::new(Balance::RoundRobin, &[], 0).choose(b"", |_| 0), None);
}

#[test]
fn the_least_busy_target_is_found() {
    let running = [3, 1, 2, 9];
    let balancer = Balancer::new(Balance::LeastRequest, &[1, 1, 1, 1], 3);
    assert_eq!(balancer.choose(b"", |i| running[i]), Some(1));
    // Ten of weight five are less than three of weight one.
    let balancer = Balancer::new(Balance::LeastRequest, &[1, 5], 3);
    assert_eq!(balancer.choose(b"", |i| [3, 10][i]), Some(1));
    let even = counts(&Balancer::new(Balance::LeastRequest, &[1, 1], 3), 2, 1_000);
    assert!(even.iter().all(|n| (400..=600).contains(n)), "ties are broken evenly: {even:?}");
}

#[test]
fn two_choices_avoid_the_busiest() {
    let balancer = Balancer::new(Balance::P2c, &[1, 1, 1, 1], 5);
    let busy = (0..1_000).filter(|_| balancer.choose(b"", |i| if i == 2 { 100 } else { 0 }) == Some(2)).count();
    // Only when both draws fall on it: one in sixteen.
    assert!((20..=130).contains(&busy), "{busy}");
}

#[test]
fn draws_follow_the_weights() {
    let drawn = counts(&Balancer::new(Balance::Random, &[1, 3], 11), 2, 4_000);
    assert!((850..=1_150).contains(&drawn[0]), "{drawn:?}");
}

#[test]
fn hashing_spreads_by_weight() {
    let balancer = Balancer::new(Balance::Hash, &[1, 3], 0);
    let first = (0..4_000_u32).filter(|n| balancer.choose(&n.to_be_bytes(), |_| 0) == Some(0)).count();
    assert!((850..=1_150).contains(&first), "{first}");
}

proptest! {
    #[test]
    fn a_whole_cycle_is_exact(weights in prop::collection::vec(1_u16..20, 1..8), seed: u64) {
        let total: usize = weights.iter().map(|w| usize::from(*w)).sum();
        let balancer = Balancer::new(Balance::RoundRobin, &weights, seed);
        let expected: Vec<usize> = weights.iter().map(|w| usize::from(*w)).collect();
        prop_assert_eq!(counts(&balancer, weights.len(), total), expected);
    }

    /// Taking a target away moves only the callers it had; nodes agree whatever their seed.
    #[test]
    fn hashing_moves_as_few_as_possible(subject: [u8; 8], targets in 2_usize..10, seeds: [u64; 2]) {
        let of = |count: usize, seed| Balancer::new(Balance::Hash, &vec![1; count], seed).choose(&subject, |_| 0);
        let before = of(targets, seeds[0]).expect("a target");
        prop_assert_eq!(of(targets, seeds[1]), Some(before));
        if before != targets - 1 {
            prop_assert_eq!(of(targets - 1, seeds[0]), Some(before));
        }
    }
}
