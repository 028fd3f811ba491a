//! The numbers of one route.

use std::sync::{Arc, OnceLock};

use kernel::exchange::{Exchange, Fault};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};

use super::{CodeLabel, Families, MAX_LABEL, RequestLabels, RouteLabel, VersionLabels};

/// Status classes. What is no status (below 100, above 599) counts as the last.
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];
const FAULTS: [Fault; 4] = [Fault::None, Fault::Client, Fault::Upstream, Fault::Gate];

/// The code of a refusal by a rate limit. A constant of the gate, which this crate does not know.
const LIMITED: &str = "limit.exceeded";

/// Handles of one route, looked up once.
#[derive(Debug)]
pub struct RouteMetrics {
    families: Arc<Families>,
    route: RouteLabel,
    /// By class and fault; made at their first use, so that no series stays at zero for ever.
    requests: [[OnceLock<Counter>; FAULTS.len()]; CLASSES.len()],
    duration: Histogram,
    upstream_duration: OnceLock<Histogram>,
    in_flight: Gauge,
    request_bytes: Counter,
    response_bytes: Counter,
    limited: OnceLock<Counter>,
}

impl RouteMetrics {
    pub(super) fn new(families: Arc<Families>, name: &str) -> Self {
        let end = (0..=MAX_LABEL.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        let route = RouteLabel { route: name[..end].into() };
        Self {
            requests: Default::default(),
            duration: families.duration.get_or_create_owned(&route),
            upstream_duration: OnceLock::new(),
            in_flight: families.in_flight.get_or_create_owned(&route),
            request_bytes: families.request_bytes.get_or_create_owned(&route),
            response_bytes: families.response_bytes.get_or_create_owned(&route),
            limited: OnceLock::new(),
            route,
            families,
        }
    }

    /// A request began.
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request that began has ended.
    pub fn end(&self, exchange: &Exchange<'_>) {
        self.in_flight.dec();
        self.request(exchange.status, exchange.fault).inc();
        self.duration.observe(exchange.duration.as_secs_f64());
        if let Some(duration) = exchange.upstream_duration {
            let histogram =
                self.upstream_duration.get_or_init(|| self.families.upstream_duration.get_or_create_owned(&self.route));
            histogram.observe(duration.as_secs_f64());
        }
        if exchange.bytes_in > 0 {
            self.request_bytes.inc_by(exchange.bytes_in);
        }
        if exchange.bytes_out > 0 {
            self.response_bytes.inc_by(exchange.bytes_out);
        }
        if let Some(method) = exchange.auth_method {
            self.families.accepted(method).inc();
        }
        if let Some(version) = exchange.version {
            let labels = VersionLabels { route: self.route.route.clone(), version: version.into() };
            self.families.versions.get_or_create(&labels).inc();
        }
        if let Some(code) = exchange.code {
            self.refusal(code, exchange);
        }
    }

    fn request(&self, status: u16, fault: Fault) -> &Counter {
        let class = match status {
            100..=599 => usize::from(status / 100 - 1),
            _ => CLASSES.len() - 1,
        };
        let at = FAULTS.iter().position(|known| *known == fault).unwrap_or_default();
        self.requests[class][at].get_or_init(|| {
            let labels =
                RequestLabels { route: self.route.route.clone(), class: CLASSES[class], fault: FAULTS[at].as_str() };
            self.families.requests.get_or_create_owned(&labels)
        })
    }

    /// The gate's own answers. Codes are constants, so they are few.
    #[cold]
    fn refusal(&self, code: &'static str, exchange: &Exchange<'_>) {
        self.families.refusals.get_or_create(&CodeLabel { code }).inc();
        if code == LIMITED {
            self.limited.get_or_init(|| self.families.limited.get_or_create_owned(&self.route)).inc();
        }
        let about_credentials = code.starts_with("credentials.") || code == "session.csrf";
        if about_credentials && exchange.auth_method.is_none() && exchange.fault == Fault::Client {
            self.families.refused.inc();
        }
    }
}
