//! Which target takes a request.
//!
//! Choosing is lock-free and allocates nothing. Randomness here spreads load and protects nothing, so it
//! is a counter mixed by SplitMix64, seeded once.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::config::Balance;

/// The state of one upstream's balance.
pub(super) struct Balancer {
    policy: Balance,
    weights: Box<[u64]>,
    /// One cycle of smooth weighted round robin: each target as often as its weight says, spread evenly.
    cycle: Box<[u16]>,
    next: AtomicUsize,
    random: AtomicU64,
}

impl Balancer {
    pub(super) fn new(policy: Balance, weights: &[u16], seed: u64) -> Self {
        let weights: Box<[u64]> = weights.iter().map(|w| u64::from(*w).max(1)).collect();
        let cycle = match policy {
            Balance::RoundRobin => smooth_cycle(&weights),
            _ => Box::default(),
        };
        // Threads and processes that start together do not start with the same target.
        let start = usize::try_from(seed).unwrap_or(0) % cycle.len().max(1);
        Self { policy, weights, cycle, next: AtomicUsize::new(start), random: AtomicU64::new(seed) }
    }

    /// Chooses one target. `subject` is what `hash` tells requests apart by; `running` says how many
    /// requests a target has. `None` when there is no target.
    pub(super) fn choose(&self, subject: &[u8], running: impl Fn(usize) -> u32) -> Option<usize> {
        let count = self.weights.len();
        match (count, self.policy) {
            (0, _) => None,
            (1, _) => Some(0),
            (_, Balance::RoundRobin) => {
                let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.cycle.len();
                Some(usize::from(self.cycle[turn]))
            }
            (_, Balance::Random) => Some(self.draw()),
            (_, Balance::P2c) => {
                let (a, b) = (self.draw(), self.draw());
                Some(if self.load(b, &running) < self.load(a, &running) { b } else { a })
            }
            (_, Balance::LeastRequest) => {
                // Starting anywhere breaks ties evenly.
                let start = usize::try_from(self.random() % count as u64).unwrap_or(0);
                (0..count).map(|i| (start + i) % count).min_by_key(|i| self.load(*i, &running))
            }
            (_, Balance::Hash) => (0..count).max_by_key(|i| self.score(*i, subject)),
        }
    }

    /// Running requests for the weight, in fixed point; one more counted, so that idle targets compare by
    /// weight.
    fn load(&self, target: usize, running: impl Fn(usize) -> u32) -> u64 {
        ((u64::from(running(target)) + 1) << 16) / self.weights[target]
    }

    /// A target drawn by weight.
    fn draw(&self) -> usize {
        let mut ticket = self.random() % self.weights.iter().sum::<u64>();
        for (i, weight) in self.weights.iter().enumerate() {
            if ticket < *weight {
                return i;
            }
            ticket -= weight;
        }
        0
    }

    /// Weighted rendezvous hashing: the highest score wins. Taking a target away moves only what it had.
    /// The score −w / ln(h) is compared by its order alone.
    #[expect(clippy::cast_precision_loss, reason = "53 bits of a hash are plenty")]
    fn score(&self, target: usize, subject: &[u8]) -> u64 {
        let hash = subject.iter().fold(mix(target as u64 + 1), |hash, byte| mix(hash ^ u64::from(*byte)));
        let unit = ((hash >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        // Positive floats order like their bits.
        (-(self.weights[target] as f64) / unit.ln()).to_bits()
    }

    fn random(&self) -> u64 {
        mix(self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed))
    }
}

/// SplitMix64's finaliser.
pub(super) const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One whole cycle of nginx's smooth weighted round robin, computed once.
fn smooth_cycle(weights: &[u64]) -> Box<[u16]> {
    let divisor = weights.iter().copied().fold(0, gcd).max(1);
    let weights: Vec<i64> = weights.iter().map(|w| i64::try_from(w / divisor).unwrap_or(1)).collect();
    let total: i64 = weights.iter().sum();
    let mut current = vec![0_i64; weights.len()];
    (0..total)
        .map(|_| {
            for (own, weight) in current.iter_mut().zip(&weights) {
                *own += weight;
            }
            // The first of the largest, as nginx does.
            let best = (0..current.len()).rev().max_by_key(|i| current[*i]).unwrap_or(0);
            current[best] -= total;
            u16::try_from(best).unwrap_or(0)
        })
        .collect()
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
