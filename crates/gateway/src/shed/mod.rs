//! Refuses requests before the gate itself collapses.
//!
//! Ten times a second a thread looks at how late the data-plane threads are, and how much of the processors and
//! of the memory the process uses, and moves a level ([`level`]). A request reads that level: one load, where
//! nothing is to be refused. Off unless configured.
//!
//! Deliberately absent: refusing because an upstream is slow, which is the business of its own limits.

mod level;
mod machine;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use kernel::Problem;

use crate::config::{Importance, SheddingConfig};

kernel::problems! {
    /// The gate has too much to do.
    pub OVERLOADED = 503 "gate.overloaded" "The service has too much to do" "Try again after the time in Retry-After.";
}

/// How often the load is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How often a thread shows that it gets round.
const BEAT: Duration = Duration::from_millis(20);

/// When to try again.
const WAIT: Duration = Duration::from_secs(2);

/// Decides which requests are refused.
#[derive(Debug)]
pub(crate) struct Shedder {
    level: AtomicU32,
    turn: AtomicU32,
    refused_low: AtomicU64,
    refused_normal: AtomicU64,
    begun: Instant,
    /// When each data-plane thread last got round, in microseconds after `begun`, and the longest time it was
    /// late by since the last look.
    beats: Box<[(AtomicU64, AtomicU64)]>,
    config: SheddingConfig,
    memory_limit: Option<u64>,
}

/// What is refused, for metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SheddingNumbers {
    /// From 0 (nothing) over 100 (everything of low importance) to 200 (everything but what is critical).
    pub level: u32,
    /// Refused requests of routes of low importance.
    pub refused_low: u64,
    /// Refused requests of normal routes.
    pub refused_normal: u64,
}

impl Shedder {
    /// Begins to look, for as long as somebody holds it.
    pub(crate) fn start(config: &SheddingConfig, workers: usize) -> io::Result<Arc<Self>> {
        let this = Arc::new(Self::new(config, workers));
        let watched = Arc::downgrade(&this);
        thread::Builder::new().name("edge-shedding".to_owned()).spawn(move || {
            let cores =
                thread::available_parallelism().map_or(1.0, |cores| f64::from(u32::try_from(cores.get()).unwrap_or(1)));
            let mut before = (Instant::now(), machine::cpu_time());
            loop {
                thread::sleep(LOOK);
                let Some(this) = watched.upgrade() else { return };
                let now = (Instant::now(), machine::cpu_time());
                let used = match (before.1, now.1) {
                    (Some(before_used), Some(used)) => {
                        used.saturating_sub(before_used).as_secs_f64() / (now.0 - before.0).as_secs_f64() / cores
                    }
                    _ => 0.0,
                };
                // Processor time comes in hundredths: a longer look is a truer one.
                if now.0 - before.0 >= LOOK * 10 {
                    before = now;
                }
                this.look(used, machine::memory());
            }
        })?;
        Ok(this)
    }

    fn new(config: &SheddingConfig, workers: usize) -> Self {
        Self {
            level: AtomicU32::new(0),
            turn: AtomicU32::new(0),
            refused_low: AtomicU64::new(0),
            refused_normal: AtomicU64::new(0),
            begun: Instant::now(),
            beats: (0..workers).map(|_| Default::default()).collect(),
            config: config.clone(),
            memory_limit: config.memory_limit.map(|limit| limit.bytes()).or_else(machine::memory_limit),
        }
    }

    /// Shows, on a data-plane thread, that it gets round to things.
    pub(crate) async fn beat(self: Arc<Self>, worker: usize) {
        let Some((last, late)) = self.beats.get(worker) else { return };
        loop {
            let begun = Instant::now();
            tokio::time::sleep(BEAT).await;
            late.fetch_max(micros(begun.elapsed().saturating_sub(BEAT)), Ordering::Relaxed);
            last.store(micros(self.begun.elapsed()), Ordering::Relaxed);
        }
    }

    /// Whether a request of a route of this importance may pass.
    pub(crate) fn admit(&self, importance: Importance) -> Result<(), Problem> {
        let level = self.level.load(Ordering::Relaxed);
        if level == 0 {
            return Ok(());
        }
        let refused = level::refused(level, importance);
        // Each hundredth in its turn, far apart: 37 and 100 have no common divisor.
        if refused == 0 || self.turn.fetch_add(37, Ordering::Relaxed) % 100 >= refused {
            return Ok(());
        }
        let count = if importance == Importance::Low { &self.refused_low } else { &self.refused_normal };
        count.fetch_add(1, Ordering::Relaxed);
        Err(Problem::new(OVERLOADED).retry_after(WAIT))
    }

    /// What is refused.
    pub(crate) fn numbers(&self) -> SheddingNumbers {
        SheddingNumbers {
            level: self.level.load(Ordering::Relaxed),
            refused_low: self.refused_low.load(Ordering::Relaxed),
            refused_normal: self.refused_normal.load(Ordering::Relaxed),
        }
    }

    fn look(&self, cpu: f64, memory: Option<u64>) {
        let before = self.level.load(Ordering::Relaxed);
        let after = level::step(before, self.pressure(cpu, memory));
        self.level.store(after, Ordering::Relaxed);
        match (before, after) {
            (0, 1..) => tracing::warn!("the gate has too much to do: requests of low importance are refused"),
            (1.., 0) => tracing::info!("the gate serves everything again"),
            _ => {}
        }
    }

    /// The largest load for its bound.
    #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
    fn pressure(&self, cpu: f64, memory: Option<u64>) -> f64 {
        let share = |percent: crate::config::Percent| f64::from(percent.hundredths()) / 100.0;
        let lag = self.lag().as_secs_f64() / self.config.lag.get().as_secs_f64();
        // All of the processors is as much as there is: that alone is no overload, unless it is said to be.
        let cpu = match self.config.cpu.hundredths() {
            100 => 0.0,
            _ => cpu / share(self.config.cpu),
        };
        let memory = match (memory, self.memory_limit) {
            (Some(used), Some(limit)) => used as f64 / (limit as f64 * share(self.config.memory)),
            _ => 0.0,
        };
        lag.max(cpu).max(memory)
    }

    /// How late the latest thread is.
    fn lag(&self) -> Duration {
        let now = micros(self.begun.elapsed());
        let late = self.beats.iter().map(|(last, late)| {
            let last = last.load(Ordering::Relaxed);
            // One that has not begun is not late.
            let silent = if last == 0 { 0 } else { now.saturating_sub(last).saturating_sub(micros(BEAT)) };
            late.swap(0, Ordering::Relaxed).max(silent)
        });
        Duration::from_micros(late.max().unwrap_or(0))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
