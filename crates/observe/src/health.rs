//! How every part is.
//!
//! Parts are checked in the background, all at once, each within a time limit; `/health` answers from the
//! last report, in memory, so that it is quick and cannot be used to burden a database that is down.
//!
//! The whole is `down` while a vital part fails, `degraded` while another one fails or nothing is known
//! yet, else `ok`.
//!
//! Deliberately absent: `/livez` and `/readyz`, which ask other questions (does the process answer; has
//! everything been loaded).

use std::{collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use futures_util::{FutureExt as _, future::join_all};
use kernel::{
    Clock, Timestamp,
    edge::{HealthCheck, PartState},
};
use parking_lot::Mutex;
use serde::Serialize;

use crate::{
    metrics::{Metrics, Sample},
    redact,
};

/// Longest error that is kept, in characters.
const MAX_ERROR: usize = 500;

/// What it means when a part fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Nothing works without it.
    Vital,
    /// The rest goes on.
    Useful,
}

/// How a part is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not checked yet.
    Unknown,
    /// The last check passed.
    Ok,
    /// The last check failed.
    Failing,
}

/// How the whole is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Every part is.
    Ok,
    /// Something that the rest can do without is not, or nothing is known yet.
    Degraded,
    /// A vital part is not.
    Down,
}

/// One part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Component {
    /// How it is.
    pub status: Status,
    /// What it means when it fails.
    pub importance: Importance,
    /// Since when its status is what it is.
    pub since: Timestamp,
    /// When it was checked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// How long the last check took, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<u64>,
    /// What went wrong last, also after it has recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<Timestamp>,
    /// What it consists of, as far as that is watched: the targets of an upstream. Only in
    /// [`Health::detailed`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartState>,
}

/// How everything is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The whole.
    pub status: Overall,
    /// The parts, by name.
    pub components: BTreeMap<String, Component>,
}

impl Report {
    fn new(components: BTreeMap<String, Component>) -> Self {
        let any = |status, importance| components.values().any(|c| c.status == status && c.importance == importance);
        let status = if any(Status::Failing, Importance::Vital) {
            Overall::Down
        } else if components.values().all(|c| c.status == Status::Ok) {
            Overall::Ok
        } else {
            Overall::Degraded
        };
        Self { status, components }
    }

    /// Everything, for operators: errors may name hosts.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The status of the whole and of each part, for anybody.
    pub fn to_brief_json(&self) -> Vec<u8> {
        let parts: BTreeMap<&str, Status> = self.components.iter().map(|(name, c)| (name.as_str(), c.status)).collect();
        serde_json::to_vec(&serde_json::json!({ "status": self.status, "components": parts })).unwrap_or_default()
    }
}

/// How often and how long parts are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// From the end of one round to the beginning of the next.
    pub every: Duration,
    /// Longest time for one check.
    pub timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { every: Duration::from_secs(5), timeout: Duration::from_secs(2) }
    }
}

struct Part {
    group: &'static str,
    importance: Importance,
    check: Arc<dyn HealthCheck>,
}

/// Checks every part and remembers.
pub struct Health {
    parts: Mutex<Vec<Part>>,
    report: ArcSwap<Report>,
    pace: Pace,
    clock: Arc<dyn Clock>,
}

impl Health {
    /// Without parts.
    pub fn new(pace: Pace, clock: Arc<dyn Clock>) -> Self {
        let report = ArcSwap::from_pointee(Report::new(BTreeMap::new()));
        Self { parts: Mutex::new(Vec::new()), report, pace, clock }
    }

    /// Replaces the parts of a group: once for those that stay, after every reload for upstreams. Parts
    /// have names of their own; they are unknown until the next round.
    pub fn replace(&self, group: &'static str, importance: Importance, checks: Vec<Arc<dyn HealthCheck>>) {
        let mut parts = self.parts.lock();
        parts.retain(|part| part.group != group);
        parts.extend(checks.into_iter().map(|check| Part { group, importance, check }));
        let now = self.clock.now();
        let before = self.report.load();
        let components = parts.iter().map(|part| {
            let name = part.check.name();
            let known = before.components.get(&name).cloned();
            let component = known.unwrap_or_else(|| Component::unknown(part.importance, now));
            (name, Component { importance: part.importance, ..component })
        });
        self.report.store(Arc::new(Report::new(components.collect())));
    }

    /// The last report.
    pub fn report(&self) -> Arc<Report> {
        self.report.load_full()
    }

    /// The last report, with what parts consist of as it is now. For operators.
    pub fn detailed(&self) -> Report {
        let mut report = Report::clone(&self.report.load());
        for part in self.parts.lock().iter() {
            let mut inside = part.check.parts();
            for part in &mut inside {
                part.detail = part.detail.take().map(|detail| redact::scrub(&detail).chars().take(MAX_ERROR).collect());
            }
            if !inside.is_empty()
                && let Some(component) = report.components.get_mut(&part.check.name())
            {
                component.parts = inside;
            }
        }
        report
    }

    /// Checks every part now. Once before the process says it is ready, then by [`Health::run`].
    pub async fn check(&self) {
        let checks: Vec<Arc<dyn HealthCheck>> = self.parts.lock().iter().map(|part| part.check.clone()).collect();
        let findings: BTreeMap<String, (Result<(), String>, Duration)> =
            join_all(checks.iter().map(|check| self.check_one(&**check))).await.into_iter().collect();
        // Parts may have been replaced meanwhile: findings about others are dropped.
        let _parts = self.parts.lock();
        let now = self.clock.now();
        let mut components = self.report.load().components.clone();
        for (name, (outcome, latency)) in findings {
            if let Some(component) = components.get_mut(&name) {
                component.found(&name, outcome, latency, now);
            }
        }
        self.report.store(Arc::new(Report::new(components)));
    }

    async fn check_one(&self, check: &dyn HealthCheck) -> (String, (Result<(), String>, Duration)) {
        let began = std::time::Instant::now();
        let outcome = async { AssertUnwindSafe(check.check()).catch_unwind().await };
        let outcome = match tokio::time::timeout(self.pace.timeout, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err("the check panicked".to_owned()),
            Err(_) => Err(format!("no answer within {:?}", self.pace.timeout)),
        };
        (check.name(), (outcome, began.elapsed()))
    }

    /// Checks again and again until `stop` is ready.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = self.check() => {}
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(self.pace.every) => {}
            }
        }
    }

    /// Shows each part as a metric: 1 while it is well.
    pub fn export(self: &Arc<Self>, metrics: &Metrics) {
        let health = self.clone();
        metrics.gauge("component_up", "Whether the last check of a part passed", move || {
            let report = health.report();
            let parts = report.components.iter();
            parts.map(|(name, c)| Sample::new((c.status == Status::Ok).into()).label("component", name)).collect()
        });
    }
}

impl Component {
    const fn unknown(importance: Importance, now: Timestamp) -> Self {
        Self {
            status: Status::Unknown,
            importance,
            since: now,
            checked_at: None,
            latency_us: None,
            last_error: None,
            last_error_at: None,
            parts: Vec::new(),
        }
    }

    fn found(&mut self, name: &str, outcome: Result<(), String>, latency: Duration, now: Timestamp) {
        let status = if outcome.is_ok() { Status::Ok } else { Status::Failing };
        self.checked_at = Some(now);
        self.latency_us = u64::try_from(latency.as_micros()).ok();
        if let Err(error) = outcome {
            let error: String = redact::scrub(&error).chars().take(MAX_ERROR).collect();
            if self.status != Status::Failing {
                tracing::warn!(component = name, %error, "a part fails its health check");
            }
            (self.last_error, self.last_error_at) = (Some(error), Some(now));
        } else if self.status == Status::Failing {
            tracing::info!(component = name, "a part is well again");
        }
        if self.status != status {
            (self.status, self.since) = (status, now);
        }
    }
}

#[cfg(test)]
mod tests;
