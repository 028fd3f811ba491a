//! Targets that a source tells of while the upstream runs.
//!
//! A change is another group of targets. Those that stay are the same objects, with their connections, circuits
//! and health.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;

use super::{
    Upstream,
    breaker::Circuit,
    group::{Group, Heritage},
    health::{Ejector, Health},
    sticky::Sticky,
    target::Target,
};
use crate::config::{BreakerScope, TargetConfig, UpstreamConfig};

/// What a source has told.
#[derive(Debug, Default)]
pub(super) struct Learned {
    targets: Mutex<Vec<TargetConfig>>,
    /// Why the source could not be asked the last time.
    error: ArcSwapOption<String>,
}

impl Learned {
    /// What an upstream with the same source had learned before.
    pub(super) fn after(before: Option<&Upstream>) -> Self {
        let known = before.and_then(|before| before.learned.as_ref()).map(Self::targets);
        Self { targets: Mutex::new(known.unwrap_or_default()), error: ArcSwapOption::empty() }
    }

    pub(super) fn targets(&self) -> Vec<TargetConfig> {
        self.targets.lock().clone()
    }
}

/// The circuit that the configuration asks for, if it is for this.
pub(super) fn circuit(config: &UpstreamConfig, scope: BreakerScope) -> Option<Circuit> {
    config.breaker.as_ref().filter(|breaker| breaker.per == scope).map(Circuit::new)
}

/// What the targets of an upstream have in common.
pub(super) struct TargetKind<'a> {
    pub(super) config: &'a UpstreamConfig,
    pub(super) ejector: Option<&'a Ejector>,
    pub(super) sticky: Option<&'a Sticky>,
    pub(super) workers: usize,
}

impl TargetKind<'_> {
    /// A target with its weight and zone; `None` when it is no URL.
    pub(super) fn make(&self, target: &TargetConfig) -> Option<(Arc<Target>, u16, Option<String>)> {
        let health = Health::new(self.ejector);
        let circuit = circuit(self.config, BreakerScope::Target);
        let mut made = Target::new(&target.url, self.config.protocol, circuit, health, self.workers)?;
        made.id = self.sticky.map(|sticky| sticky.id(&made.url));
        Some((Arc::new(made), target.weight, target.zone.clone()))
    }
}

impl Upstream {
    /// The source has answered: with these targets, or with those of last time.
    pub(crate) fn discovered(&self, targets: Option<Vec<TargetConfig>>) {
        let Some(learned) = &self.learned else { return };
        if learned.error.swap(None).is_some() {
            tracing::info!(upstream = %self.name, "the source of targets answers again");
        }
        let Some(targets) = targets else { return };
        let mut known = learned.targets.lock();
        if *known == targets {
            return;
        }
        let before = self.group.load_full();
        let kind = TargetKind {
            config: &self.config,
            ejector: self.ejector.as_ref(),
            sticky: self.sticky.as_ref(),
            workers: self.workers,
        };
        let all = self.config.targets.iter().chain(&targets);
        let members = all.filter_map(|target| kind.make(target)).map(|(target, weight, zone)| {
            let same = before.targets().find(|old| old.is_same(&target)).cloned();
            (same.unwrap_or(target), weight, zone)
        });
        let heritage =
            Heritage { group: &before, checked: self.config.check.is_some(), ejected: self.ejector.is_some() };
        let members = members.collect();
        let group = Group::new(members, &self.config, self.zone.as_deref(), Some(&heritage), self.clock.now());
        self.group.store(Arc::new(group));
        tracing::info!(upstream = %self.name, targets = targets.len(), "the targets have changed");
        *known = targets;
    }

    /// The source could not be asked: what is known stays.
    pub(crate) fn discovery_failed(&self, error: String) {
        let Some(learned) = &self.learned else { return };
        if learned.error.swap(Some(Arc::new(error.clone()))).is_none() {
            tracing::warn!(upstream = %self.name, error, "the source of targets fails; the last known stay in use");
        }
    }

    /// Why the source of targets cannot be asked, if that is so.
    pub fn discovery_error(&self) -> Option<Arc<String>> {
        self.learned.as_ref().and_then(|learned| learned.error.load_full())
    }

    /// For `/health`: an upstream whose source fails still serves, and somebody should look.
    pub(super) fn source_is_well(&self) -> Result<(), String> {
        match self.discovery_error() {
            None => Ok(()),
            Some(error) => Err(format!("its targets cannot be learned, the last known stay in use: {error}")),
        }
    }
}
