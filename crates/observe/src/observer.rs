//! The gate's recorder.

use std::sync::Arc;

use kernel::exchange::{Exchange, Recorder, RouteRecorder};

use crate::{
    access::AccessLog,
    metrics::{Metrics, RouteMetrics, Sample},
};

/// Records finished requests in metrics and, where there is one, in the access log.
#[derive(Debug)]
pub struct Observer {
    metrics: Arc<Metrics>,
    access: Option<Arc<AccessLog>>,
}

impl Observer {
    /// Records here. The access log's losses become metrics.
    pub fn new(metrics: Arc<Metrics>, access: Option<Arc<AccessLog>>) -> Self {
        if let Some(log) = &access {
            let (written, dropped) = (log.clone(), log.clone());
            metrics.counter("access_log_lines", "Lines of the access log that were written", move || {
                vec![Sample::new(written.stats().written)]
            });
            metrics.counter("access_log_dropped_lines", "Lines of the access log lost to a slow or broken sink", {
                move || vec![Sample::new(dropped.stats().dropped)]
            });
        }
        Self { metrics, access }
    }
}

impl Recorder for Observer {
    fn route(&self, name: &str) -> Arc<dyn RouteRecorder> {
        Arc::new(Route { name: name.into(), metrics: self.metrics.route(name), access: self.access.clone() })
    }
}

/// What is at hand for one route.
struct Route {
    name: Box<str>,
    metrics: RouteMetrics,
    access: Option<Arc<AccessLog>>,
}

impl RouteRecorder for Route {
    fn begin(&self) {
        self.metrics.begin();
    }
    fn end(&self, exchange: &Exchange<'_>) {
        self.metrics.end(exchange);
        if let Some(log) = &self.access {
            log.record(&self.name, exchange);
        }
    }
}
