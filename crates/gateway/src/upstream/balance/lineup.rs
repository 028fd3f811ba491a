//! The targets that may be chosen, prepared for choosing: made anew when one comes, goes, fails or
//! recovers, and never on the way of a request that could do without.

use super::{WHOLE, digest, mix};

/// One target that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(in crate::upstream) struct Seat {
    /// Its number among all targets of the upstream.
    pub(in crate::upstream) target: usize,
    pub(super) weight: u64,
    /// What hashing knows it by: follows from its URL, so that its place in the list does not matter.
    seed: u64,
}

impl Seat {
    pub(in crate::upstream) fn new(target: usize, url: &str, weight: u16) -> Self {
        Self { target, weight: u64::from(weight).max(1), seed: digest(url.as_bytes()) }
    }

    /// Running requests for the weight, in fixed point; one more counted, so that idle targets compare by
    /// weight.
    pub(super) fn load(&self, running: u32, share: u32) -> u64 {
        const POINT: u64 = (WHOLE as u64) << 16;
        ((u64::from(running) + 1) * POINT) / (self.weight * u64::from(share.max(1)))
    }

    /// Weighted rendezvous hashing: the highest score wins. Taking a target away moves only what it had.
    /// The score −w / ln(h) is compared by its order alone.
    #[expect(clippy::cast_precision_loss, reason = "53 bits of a hash are plenty")]
    pub(super) fn score(&self, subject: u64) -> u64 {
        let hash = mix(self.seed ^ subject);
        let unit = ((hash >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        // Positive floats order like their bits.
        (-(self.weight as f64) / unit.ln()).to_bits()
    }

    /// Below which share the subject is not the target's yet; independent of the score.
    pub(super) fn ticket(&self, subject: u64) -> u64 {
        mix(mix(self.seed ^ subject)) % u64::from(WHOLE)
    }
}

/// The targets that may be chosen.
#[derive(Debug)]
pub(in crate::upstream) struct Lineup {
    pub(super) seats: Box<[Seat]>,
    /// All weights together.
    pub(super) total: u64,
    /// One cycle of smooth weighted round robin, by position in `seats`: each target as often as its weight
    /// says, spread evenly. Empty when turns are not taken.
    pub(super) cycle: Box<[u16]>,
}

impl Lineup {
    /// `turns`: whether targets take turns.
    pub(in crate::upstream) fn new(seats: impl IntoIterator<Item = Seat>, turns: bool) -> Self {
        let seats: Box<[Seat]> = seats.into_iter().collect();
        let weights: Vec<u64> = seats.iter().map(|seat| seat.weight).collect();
        let cycle = if turns { smooth_cycle(&weights) } else { Box::default() };
        Self { total: weights.iter().sum(), seats, cycle }
    }

    /// The seat that a random number falls on, by weight.
    pub(super) fn drawn(&self, random: u64) -> Option<&Seat> {
        let mut ticket = random % self.total.max(1);
        self.seats.iter().find(|seat| {
            let falls = ticket < seat.weight;
            ticket = ticket.saturating_sub(seat.weight);
            falls
        })
    }
}

/// One whole cycle of nginx's smooth weighted round robin.
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
