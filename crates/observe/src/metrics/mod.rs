//! Numbers for Prometheus, in the OpenMetrics text format.
//!
//! **Bounded cardinality**: labels are route names (from the configuration), status classes, methods of
//! authentication and codes of problems (constants). Nothing of a request ever becomes a label. Handles
//! of a route are looked up once, when its table is built, so that recording is a few atomic additions.
//!
//! Other rooms show their own numbers by [`Metrics::gauge`] and [`Metrics::counter`]: a source that is
//! asked at every scrape. What is built in is listed in [`CATALOGUE`], from which the reference is made.

mod catalogue;
mod route;
mod sources;

use std::sync::Arc;

use kernel::AuthMethod;
use parking_lot::RwLock;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

pub use catalogue::{CATALOGUE, MetricDoc};
pub use route::RouteMetrics;
pub use sources::Sample;

use sources::{Kind, Source, Sources};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Most bytes of a route's name in a label.
const MAX_LABEL: usize = 128;

/// Upper bounds of latency, in seconds: fine where the gate itself works, coarse where clients wait.
const LATENCY: [f64; 16] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RouteLabel {
    route: Arc<str>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct VersionLabels {
    route: Arc<str>,
    version: Box<str>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RequestLabels {
    route: Arc<str>,
    class: &'static str,
    fault: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct AuthLabels {
    method: &'static str,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

type Histograms = Family<RouteLabel, Histogram, fn() -> Histogram>;

/// All numbers of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    sources: Arc<RwLock<Sources>>,
    families: Arc<Families>,
}

/// What is counted for requests.
#[derive(Debug)]
struct Families {
    requests: Family<RequestLabels, Counter>,
    duration: Histograms,
    upstream_duration: Histograms,
    in_flight: Family<RouteLabel, Gauge>,
    request_bytes: Family<RouteLabel, Counter>,
    response_bytes: Family<RouteLabel, Counter>,
    versions: Family<VersionLabels, Counter>,
    limited: Family<RouteLabel, Counter>,
    refusals: Family<CodeLabel, Counter>,
    accepted: [Counter; 3],
    refused: Counter,
}

fn latency() -> Histogram {
    Histogram::new(LATENCY)
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let authentications: Family<AuthLabels, Counter> = Family::default();
        let authenticated = |method, outcome| authentications.get_or_create_owned(&AuthLabels { method, outcome });
        let families = Families {
            requests: Family::default(),
            duration: Family::new_with_constructor(latency),
            upstream_duration: Family::new_with_constructor(latency),
            in_flight: Family::default(),
            request_bytes: Family::default(),
            response_bytes: Family::default(),
            versions: Family::default(),
            limited: Family::default(),
            refusals: Family::default(),
            accepted: ["jwt", "api_key", "session"].map(|method| authenticated(method, "accepted")),
            refused: authenticated("none", "refused"),
        };
        let sources = Arc::new(RwLock::new(Sources::default()));
        let mut registry = Registry::with_prefix("portcullis");
        let help = catalogue::help;
        registry.register("requests", help("requests"), families.requests.clone());
        let seconds = Unit::Seconds;
        registry.register_with_unit("request_duration", help("request_duration"), seconds, families.duration.clone());
        let upstream = families.upstream_duration.clone();
        registry.register_with_unit("upstream_duration", help("upstream_duration"), Unit::Seconds, upstream);
        registry.register("requests_in_flight", help("requests_in_flight"), families.in_flight.clone());
        let bytes = families.request_bytes.clone();
        registry.register_with_unit("request_body", help("request_body"), Unit::Bytes, bytes);
        let bytes = families.response_bytes.clone();
        registry.register_with_unit("response_body", help("response_body"), Unit::Bytes, bytes);
        registry.register("authentications", help("authentications"), authentications);
        registry.register("version_requests", help("version_requests"), families.versions.clone());
        registry.register("limit_refusals", help("limit_refusals"), families.limited.clone());
        registry.register("refusals", help("refusals"), families.refusals.clone());
        registry.register_collector(Box::new(sources::Collected(sources.clone())));
        Self { registry, sources, families: Arc::new(families) }
    }

    /// The handles of one route. `name` comes from the configuration.
    pub fn route(&self, name: &str) -> RouteMetrics {
        RouteMetrics::new(self.families.clone(), name)
    }

    /// Shows numbers that go up and down: sizes of caches, connections of pools. `name` is in snake case,
    /// without `portcullis_`. A second source of the same name replaces the first.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        source: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.sources.write().add(name, Source::new(Kind::Gauge, help, source));
    }

    /// Shows numbers that only go up. `_total` is added to the name.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        source: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.sources.write().add(name, Source::new(Kind::Counter, help, source));
    }

    /// Everything, as [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        // Writing to a String does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

impl Families {
    fn accepted(&self, method: AuthMethod) -> &Counter {
        let [jwt, api_key, session] = &self.accepted;
        match method {
            AuthMethod::Jwt => jwt,
            AuthMethod::ApiKey => api_key,
            AuthMethod::Session => session,
        }
    }
}

#[cfg(test)]
mod tests;
