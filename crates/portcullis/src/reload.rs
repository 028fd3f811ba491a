//! What can happen to a program that runs: a signal to stop, a signal to read the configuration again, a
//! configuration file that has changed.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    app::Running,
    config::{Config, Sources},
};

/// How often the file is looked at. Looking is one system call; files on network shares and in containers
/// tell nobody that they changed.
const LOOK: Duration = Duration::from_millis(250);

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// SIGTERM or SIGINT.
    Stop,
    /// SIGHUP, or the file changed.
    Reload,
}

/// Signals and the file.
pub(crate) struct Events {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    file: Option<PathBuf>,
    seen: Option<Stamp>,
}

/// What a changed file differs in.
type Stamp = (Option<SystemTime>, u64);

fn stamp(file: &Path) -> Option<Stamp> {
    let data = std::fs::metadata(file).ok()?;
    Some((data.modified().ok(), data.len()))
}

impl Events {
    /// Listens from now on.
    pub(crate) fn new(file: Option<PathBuf>) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            seen: file.as_deref().and_then(stamp),
            file,
        })
    }

    /// The next thing that happens.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Event::Stop,
                _ = self.interrupt.recv() => return Event::Stop,
                _ = self.hang_up.recv() => return Event::Reload,
                () = tokio::time::sleep(LOOK), if self.file.is_some() => {
                    let now = self.file.as_deref().and_then(stamp);
                    // A file that is gone is being replaced: what it becomes is looked at next time.
                    if now.is_some() && now != self.seen {
                        self.seen = now;
                        return Event::Reload;
                    }
                }
            }
        }
    }

    /// The next signal to stop.
    pub(crate) async fn stopped(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Reads the configuration again and puts it in force, whole or not at all. Every error is logged, and
/// what needs a restart is said.
pub(crate) fn apply(running: &Running, sources: &Sources, current: &mut Config, adapt: impl Fn(Config) -> Config) {
    let next = match sources.load() {
        Ok(loaded) => adapt(loaded.config),
        Err(report) => {
            for finding in report.findings() {
                tracing::error!("{finding}");
            }
            return tracing::error!(
                "the new configuration has {} errors; the old one serves on",
                report.findings().len()
            );
        }
    };
    if let Err(error) = running.reload(&next) {
        return tracing::error!(%error, "the new configuration cannot be used; the old one serves on");
    }
    let waiting = needs_restart(current, &next);
    if !waiting.is_empty() {
        tracing::warn!(settings = waiting.join(", "), "these settings have changed and take effect at the next start");
    }
    tracing::info!(routes = next.routes.len(), upstreams = next.upstreams.len(), "the new configuration is in force");
    *current = next;
}

/// The sections that differ, apart from what a reload puts in force.
fn needs_restart(old: &Config, new: &Config) -> Vec<String> {
    let sections = |config: &Config| match serde_json::to_value(config) {
        Ok(Value::Object(mut sections)) => {
            sections.remove("routes");
            sections.remove("upstreams");
            sections.remove("guard");
            sections.remove("forward_auth");
            if let Some(server) = sections.get_mut("server").and_then(Value::as_object_mut) {
                server.remove("zone");
            }
            if let Some(identity) = sections.get_mut("identity").and_then(Value::as_object_mut) {
                identity.remove("limits");
            }
            sections
        }
        _ => serde_json::Map::new(),
    };
    let (old, new) = (sections(old), sections(new));
    new.into_iter().filter(|(name, section)| old.get(name) != Some(section)).map(|(name, _)| name).collect()
}
