//! Which target takes a request.
//!
//! A [`Lineup`] is who may be chosen; the [`Balancer`] chooses. Choosing is lock-free and allocates
//! nothing. Each target has a *share* of what its weight promises: [`WHOLE`] usually, less while it starts
//! slowly, nothing where the caller does not want it. Randomness here spreads load and protects nothing, so
//! it is a counter mixed by SplitMix64, seeded once.
//!
//! Deliberately absent: health (who is in the lineup is decided elsewhere), and what runs on other nodes.

mod lineup;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub(super) use self::lineup::{Lineup, Seat};
use crate::config::Balance;

/// The share of a target that takes all that its weight promises.
pub(super) const WHOLE: u32 = 1 << 10;

/// How often another target is drawn when one has less than its whole share.
const DRAWS: usize = 8;

/// The state of one upstream's balance. It outlives lineups.
pub(super) struct Balancer {
    policy: Balance,
    /// With hashing: most requests of one target, in hundredths of its fair part.
    max_load: Option<u64>,
    next: AtomicUsize,
    random: AtomicU64,
}

/// How things stand with targets, by their number.
pub(super) struct Loads<R, S> {
    /// How many requests a target has.
    pub(super) running: R,
    /// Its share, up to [`WHOLE`]; 0 keeps it from being chosen.
    pub(super) share: S,
}

impl Balancer {
    pub(super) fn new(policy: Balance, max_load: Option<u16>, seed: u64) -> Self {
        // Threads and processes that start together do not start with the same target.
        let start = usize::try_from(seed >> 32).unwrap_or(0);
        Self { policy, max_load: max_load.map(u64::from), next: AtomicUsize::new(start), random: AtomicU64::new(seed) }
    }

    /// Chooses a target of the lineup and returns its number. `subject` is what hashing tells requests apart
    /// by. `None` when no target has a share.
    pub(super) fn choose<R, S>(&self, lineup: &Lineup, subject: u64, loads: &Loads<R, S>) -> Option<usize>
    where
        R: Fn(usize) -> u32,
        S: Fn(usize) -> u32,
    {
        let seats = &lineup.seats;
        let share = |seat: &Seat| (loads.share)(seat.target);
        let chosen = match (seats.as_ref(), self.policy) {
            ([], _) => None,
            ([only], _) => Some(only).filter(|seat| share(seat) > 0),
            (_, Balance::RoundRobin) => self.draw(seats, share, || {
                let turn = self.next.fetch_add(1, Ordering::Relaxed) % lineup.cycle.len().max(1);
                lineup.cycle.get(turn).and_then(|seat| seats.get(usize::from(*seat)))
            }),
            (_, Balance::Random) => self.draw(seats, share, || lineup.drawn(self.random())),
            (_, Balance::P2c) => {
                let one = || self.draw(seats, share, || lineup.drawn(self.random()));
                let (a, b) = (one()?, one()?);
                // A small share is drawn rarely, and that is enough.
                let load = |seat: &Seat| seat.load((loads.running)(seat.target), WHOLE);
                Some(if load(b) < load(a) { b } else { a })
            }
            (_, Balance::LeastRequest) => {
                // Starting anywhere breaks ties evenly.
                let start = usize::try_from(self.random() % seats.len() as u64).unwrap_or(0);
                let candidates = seats[start..].iter().chain(&seats[..start]).filter(|seat| share(seat) > 0);
                candidates.min_by_key(|seat| seat.load((loads.running)(seat.target), share(seat)))
            }
            (_, Balance::Hash) => self.hashed(lineup, subject, loads),
        };
        chosen.map(|seat| seat.target)
    }

    /// Draws until a target takes it: each does with the probability of its share. The last one that has any
    /// share does in any case.
    fn draw<'a>(
        &self,
        seats: &'a [Seat],
        share: impl Fn(&Seat) -> u32,
        mut next: impl FnMut() -> Option<&'a Seat>,
    ) -> Option<&'a Seat> {
        let mut last = None;
        for _ in 0..DRAWS {
            let seat = next()?;
            match share(seat) {
                0 => {}
                WHOLE.. => return Some(seat),
                part if self.random() % u64::from(WHOLE) < u64::from(part) => return Some(seat),
                _ => last = Some(seat),
            }
        }
        last.or_else(|| {
            let start = usize::try_from(self.random() % seats.len() as u64).unwrap_or(0);
            seats[start..].iter().chain(&seats[..start]).find(|seat| share(seat) > 0)
        })
    }

    /// The subject's highest scoring target that is not busier than its part allows. A target with a part of
    /// its share takes that part of its subjects, more and more of the same ones.
    fn hashed<'a, R, S>(&self, lineup: &'a Lineup, subject: u64, loads: &Loads<R, S>) -> Option<&'a Seat>
    where
        R: Fn(usize) -> u32,
        S: Fn(usize) -> u32,
    {
        let running: u64 = match self.max_load {
            Some(_) => lineup.seats.iter().map(|seat| u64::from((loads.running)(seat.target))).sum(),
            None => 0,
        };
        let is_free = |seat: &Seat| {
            self.max_load.is_none_or(|hundredths| {
                let most = (hundredths * (running + 1) * seat.weight).div_ceil(100 * lineup.total.max(1));
                u64::from((loads.running)(seat.target)) < most
            })
        };
        let takes = |seat: &Seat| seat.ticket(subject) < u64::from((loads.share)(seat.target));
        let best = |wanted: &dyn Fn(&Seat) -> bool| {
            lineup.seats.iter().filter(|seat| wanted(seat)).max_by_key(|seat| seat.score(subject))
        };
        best(&|seat| takes(seat) && is_free(seat))
            .or_else(|| best(&|seat| takes(seat)))
            .or_else(|| best(&|seat| (loads.share)(seat.target) > 0))
    }

    fn random(&self) -> u64 {
        mix(self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed))
    }
}

/// What hashing tells requests apart by, as a number. Equal on all nodes, whatever they were seeded with.
pub(crate) fn digest(subject: &[u8]) -> u64 {
    let (words, rest) = subject.as_chunks::<8>();
    let hash = words.iter().fold(mix(subject.len() as u64), |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| mix(hash ^ u64::from(*byte)))
}

/// SplitMix64's finaliser.
pub(super) const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
