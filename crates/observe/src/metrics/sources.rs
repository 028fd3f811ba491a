//! Numbers of other rooms, asked for at every scrape.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
    sync::Arc,
};

use parking_lot::RwLock;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

/// Most samples of one source: whoever has more shows too much.
const MAX_SAMPLES: usize = 1_000;

/// One number and its labels, which must be few and never come from requests.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Sample {
    /// A number that stands alone.
    #[expect(clippy::cast_precision_loss, reason = "what is exact up to 2^53 is exact enough for a dashboard")]
    pub const fn new(value: u64) -> Self {
        Self { labels: Vec::new(), value: value as f64 }
    }
    /// A number with a fraction.
    pub const fn float(value: f64) -> Self {
        Self { labels: Vec::new(), value }
    }
    /// Adds a label.
    #[must_use]
    pub fn label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Gauge,
    Counter,
}

impl Kind {
    fn encode(self, value: f64, encoder: MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Gauge => ConstGauge::new(value).encode(encoder),
            Self::Counter => ConstCounter::new(value).encode(encoder),
        }
    }
}

pub(super) struct Source {
    kind: Kind,
    help: &'static str,
    ask: Box<dyn Fn() -> Vec<Sample> + Send + Sync>,
}

impl Source {
    pub(super) fn new(kind: Kind, help: &'static str, ask: impl Fn() -> Vec<Sample> + Send + Sync + 'static) -> Self {
        Self { kind, help, ask: Box::new(ask) }
    }
}

impl Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<&'static str, Source>);

impl Sources {
    pub(super) fn add(&mut self, name: &'static str, source: Source) {
        debug_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
        self.0.insert(name, source);
    }
}

/// Lets the registry ask the sources.
#[derive(Debug)]
pub(super) struct Collected(pub(super) Arc<RwLock<Sources>>);

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, source) in &self.0.read().0 {
            let kind = match source.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
            };
            let mut metric = encoder.encode_descriptor(name, source.help, None, kind)?;
            let samples = (source.ask)();
            if let [Sample { labels, value }] = &*samples
                && labels.is_empty()
            {
                source.kind.encode(*value, metric)?;
                continue;
            }
            for Sample { labels, value } in samples.iter().take(MAX_SAMPLES) {
                source.kind.encode(*value, metric.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}
