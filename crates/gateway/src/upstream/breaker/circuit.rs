//! The state of a circuit as one word, and what moves it: pure functions of words and times.
//!
//! ```text
//!            too many failures                 open_for is over
//!  Closed ──────────────────────► Open ─────────────────────────► HalfOpen
//!    ▲                             ▲                                │  │
//!    │                             └─────────── a probe fails ──────┘  │
//!    └──────────────────────────────────────── every probe succeeds ───┘
//! ```
//!
//! Every opening begins a new generation. What was let through in an earlier one says nothing about the
//! present and moves nothing.

/// The state of a circuit. Times are milliseconds after any fixed moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Counts openings, in six bits.
    pub(super) generation: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// All is well.
    Closed,
    /// Nothing is let through before this time.
    Open { until: u64 },
    /// So many probes are under way or have succeeded, and so many have succeeded.
    HalfOpen { issued: u8, succeeded: u8 },
}

/// What a request is let through as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    /// Like any other.
    Ordinary,
    /// To find out how things are.
    Probe,
}

/// Largest count of probes: they have six bits.
const MAX: u64 = 63;
/// Times have 44 bits: 557 years.
const MAX_TIME: u64 = (1 << 44) - 1;

impl State {
    pub(super) const CLOSED: Self = Self { phase: Phase::Closed, generation: 0 };

    /// Whether a request may pass now, as what, and the state after it. `Err` holds how many milliseconds
    /// to wait before asking again makes sense.
    pub(super) fn admit(self, now: u64, probes: u8) -> Result<(Self, Pass), u64> {
        match self.phase {
            Phase::Closed => Ok((self, Pass::Ordinary)),
            Phase::Open { until } if now < until => Err(until - now),
            Phase::Open { .. } => Ok((self.to(Phase::HalfOpen { issued: 1, succeeded: 0 }), Pass::Probe)),
            Phase::HalfOpen { issued, succeeded } if issued < probes => {
                Ok((self.to(Phase::HalfOpen { issued: issued + 1, succeeded }), Pass::Probe))
            }
            // The probes will soon have told.
            Phase::HalfOpen { .. } => Err(0),
        }
    }

    /// Too many requests have failed.
    pub(super) fn trip(self, until: u64) -> Self {
        match self.phase {
            Phase::Closed => self.open(until),
            Phase::Open { .. } | Phase::HalfOpen { .. } => self,
        }
    }

    /// A probe of this generation has succeeded.
    pub(super) fn succeed(self, probes: u8) -> Self {
        match self.phase {
            Phase::HalfOpen { succeeded, .. } if succeeded + 1 >= probes => self.to(Phase::Closed),
            Phase::HalfOpen { issued, succeeded } => self.to(Phase::HalfOpen { issued, succeeded: succeeded + 1 }),
            Phase::Closed | Phase::Open { .. } => self,
        }
    }

    /// A probe of this generation has failed.
    pub(super) fn fail(self, until: u64) -> Self {
        match self.phase {
            Phase::HalfOpen { .. } => self.open(until),
            Phase::Closed | Phase::Open { .. } => self,
        }
    }

    /// A probe of this generation ended without telling anything: another may take its place.
    pub(super) fn forget(self) -> Self {
        match self.phase {
            Phase::HalfOpen { issued, succeeded } => {
                self.to(Phase::HalfOpen { issued: issued.saturating_sub(1).max(succeeded), succeeded })
            }
            Phase::Closed | Phase::Open { .. } => self,
        }
    }

    fn to(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    fn open(self, until: u64) -> Self {
        Self { phase: Phase::Open { until }, generation: (self.generation + 1) & 63 }
    }

    pub(super) fn to_word(self) -> u64 {
        let (tag, issued, succeeded, until) = match self.phase {
            Phase::Closed => (0, 0, 0, 0),
            Phase::Open { until } => (1, 0, 0, until.min(MAX_TIME)),
            Phase::HalfOpen { issued, succeeded } => (2, u64::from(issued), u64::from(succeeded), 0),
        };
        (tag << 62) | (u64::from(self.generation) << 56) | (issued << 50) | (succeeded << 44) | until
    }

    pub(super) fn from_word(word: u64) -> Self {
        let six = |shift: u32| u8::try_from((word >> shift) & MAX).unwrap_or(0);
        let phase = match word >> 62 {
            0 => Phase::Closed,
            1 => Phase::Open { until: word & MAX_TIME },
            _ => Phase::HalfOpen { issued: six(50), succeeded: six(44) },
        };
        Self { phase, generation: six(56) }
    }
}
