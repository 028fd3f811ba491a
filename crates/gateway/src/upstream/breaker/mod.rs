//! The circuit breaker: who fails again and again is left alone for a while.
//!
//! [`Circuit`] is the state machine of `circuit` in an atomic word beside a [`Window`] of outcomes. A
//! request asks ([`Circuit::admit`]), and its [`Permit`] is told how it went. A permit that is dropped
//! untold (the client went away, another attempt won) counts only if its answer was overdue already.
//!
//! Deliberately absent: clocks (callers say what time it is), and choosing another target.

mod circuit;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use self::circuit::{Pass, Phase, State};
use super::{
    failure::Failure,
    numbers::Numbers,
    send::Answer,
    trouble::Troubles,
    window::{Outcome, Sums, Window},
};
use crate::{body::Progress, config::BreakerConfig};

/// The shortest wait that is told to somebody who is refused.
const MIN_WAIT: Duration = Duration::from_secs(1);

/// One circuit.
pub(super) struct Circuit {
    state: AtomicU64,
    window: Window,
    rules: Rules,
    created: Instant,
}

/// When it opens and closes.
struct Rules {
    min_requests: u32,
    error_rate: u32,
    slow_rate: u32,
    slow: Option<Duration>,
    on: Troubles,
    /// In milliseconds.
    open_for: u64,
    probes: u8,
}

impl Circuit {
    pub(super) fn new(config: &BreakerConfig) -> Self {
        let millis = |duration: crate::config::Duration| u64::try_from(duration.get().as_millis()).unwrap_or(u64::MAX);
        Self {
            state: AtomicU64::new(State::CLOSED.to_word()),
            window: Window::new(millis(config.window)),
            rules: Rules {
                min_requests: config.min_requests.into(),
                error_rate: config.error_rate.hundredths().into(),
                slow_rate: config.slow_rate.hundredths().into(),
                slow: config.slow.map(|slow| slow.get()),
                on: Troubles::new(&config.on),
                open_for: millis(config.open_for),
                probes: config.probes,
            },
            created: Instant::now(),
        }
    }

    /// Whether a request may pass. `Err` holds when it makes sense to ask again.
    /// `progress` is how far the client has come with its body.
    pub(super) fn admit<'a>(
        &'a self,
        numbers: &'a Numbers,
        progress: Option<&Arc<Progress>>,
    ) -> Result<Permit<'a>, Duration> {
        let begun = Instant::now();
        let (state, pass) = self.pass(self.millis(begun))?;
        let progress = progress.cloned();
        Ok(Permit { circuit: self, numbers, generation: state.generation, pass, begun, progress, told: false })
    }

    /// Whether a request would not pass now.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state();
        state.phase != Phase::Closed && state.admit(self.millis(Instant::now()), self.rules.probes).is_err()
    }

    fn pass(&self, now: u64) -> Result<(State, Pass), Duration> {
        let mut word = self.state.load(Ordering::Acquire);
        loop {
            let state = State::from_word(word);
            let (next, pass) =
                state.admit(now, self.rules.probes).map_err(|millis| Duration::from_millis(millis).max(MIN_WAIT))?;
            if next == state {
                return Ok((state, pass));
            }
            match self.state.compare_exchange_weak(word, next.to_word(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok((next, pass)),
                Err(other) => word = other,
            }
        }
    }

    /// An ordinary request of this generation went so. Returns whether that opened the circuit.
    fn ordinary(&self, generation: u8, outcome: Outcome, now: u64) -> bool {
        let state = self.state();
        if state.generation != generation || state.phase != Phase::Closed {
            return false;
        }
        self.window.add(now, outcome);
        let until = now.saturating_add(self.rules.open_for);
        (outcome.failed || outcome.slow)
            && self.rules.are_broken_by(self.window.sums(now))
            && self.change(generation, |state| state.trip(until))
    }

    /// A probe of this generation went so. Returns whether that opened the circuit again.
    fn probed(&self, generation: u8, outcome: Outcome, now: u64) -> bool {
        if outcome.failed || outcome.slow {
            let until = now.saturating_add(self.rules.open_for);
            return self.change(generation, |state| state.fail(until));
        }
        // What was counted before the circuit opened must not open it again. Nothing is added while it is
        // not closed.
        self.window.clear();
        self.change(generation, |state| state.succeed(self.rules.probes));
        false
    }

    /// Moves the state, if it still is of this generation. Returns whether it moved.
    fn change(&self, generation: u8, to: impl Fn(State) -> State) -> bool {
        let moved = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let state = State::from_word(word);
            let next = to(state);
            (state.generation == generation && next != state).then(|| next.to_word())
        });
        moved.is_ok()
    }

    fn state(&self) -> State {
        State::from_word(self.state.load(Ordering::Acquire))
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.created).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Rules {
    fn are_broken_by(&self, sums: Sums) -> bool {
        let reaches = |count: u32, rate: u32| count > 0 && count * 100 >= sums.total * rate;
        sums.total >= self.min_requests && (reaches(sums.failed, self.error_rate) || reaches(sums.slow, self.slow_rate))
    }
}

/// Leave to send one request. Tell it how that went.
pub(super) struct Permit<'a> {
    circuit: &'a Circuit,
    numbers: &'a Numbers,
    generation: u8,
    pass: Pass,
    begun: Instant,
    progress: Option<Arc<Progress>>,
    told: bool,
}

impl Permit<'_> {
    /// The attempt has ended.
    pub(super) fn tell(mut self, ended: Result<&Answer, &Failure>) {
        match ended {
            // Not the target's doing.
            Err(Failure::Client(_)) => self.leave(),
            ended => self.settle(self.circuit.rules.on.include(ended.map(Answer::status))),
        }
    }

    fn settle(&mut self, failed: bool) {
        self.told = true;
        let outcome = Outcome { failed, slow: self.is_slow() };
        let millis = self.circuit.millis(Instant::now());
        let opened = match self.pass {
            Pass::Ordinary => self.circuit.ordinary(self.generation, outcome, millis),
            Pass::Probe => self.circuit.probed(self.generation, outcome, millis),
        };
        if opened {
            self.numbers.circuits_opened.add();
        }
    }

    /// It ended without saying anything about the target.
    fn leave(&mut self) {
        self.told = true;
        if self.pass == Pass::Probe {
            self.circuit.change(self.generation, State::forget);
        }
    }

    /// Whether an answer is overdue by now. While the client sends its body, the time is the client's.
    fn is_slow(&self) -> bool {
        self.circuit.rules.slow.is_some_and(|slow| {
            let moved = self.progress.as_ref().map(|progress| progress.last_moved());
            moved.map_or(self.begun, |moved| moved.max(self.begun)).elapsed() >= slow
        })
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        match self.told {
            true => {}
            // Nobody waited for the answer any longer, and it was overdue.
            false if self.is_slow() => self.settle(false),
            false => self.leave(),
        }
    }
}

#[cfg(test)]
mod tests;
