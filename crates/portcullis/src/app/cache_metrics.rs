//! What routes that keep answers count, shown as metrics.

use gateway::{CacheNumbers, TableView};
use observe::metrics::{MetricDoc, Metrics, Sample};

const REQUESTS: MetricDoc = MetricDoc {
    name: "portcullis_cache_requests_total",
    kind: "counter",
    labels: &["route", "result"],
    help: "Requests to routes that keep answers: hit, stale, revalidated, miss, collapsed (waited for another one) or bypass",
};
const STORED: MetricDoc = MetricDoc {
    name: "portcullis_cache_stored_total",
    kind: "counter",
    labels: &["route"],
    help: "Answers that were kept",
};
const GIVEN: MetricDoc = MetricDoc {
    name: "portcullis_cache_given_bytes_total",
    kind: "counter",
    labels: &["route"],
    help: "Bytes of bodies that were given from memory",
};
const MEMORY: MetricDoc = MetricDoc {
    name: "portcullis_cache_memory_bytes",
    kind: "gauge",
    labels: &[],
    help: "Memory that kept answers take, roughly",
};
const ENTRIES: MetricDoc =
    MetricDoc { name: "portcullis_cache_entries", kind: "gauge", labels: &[], help: "Things that are kept" };

/// For the reference.
pub(super) fn docs() -> impl Iterator<Item = &'static MetricDoc> {
    [&REQUESTS, &STORED, &GIVEN, &MEMORY, &ENTRIES].into_iter()
}

/// One counter of each route.
fn by_route(metrics: &Metrics, view: &TableView, name: &'static str, doc: &MetricDoc, read: fn(&CacheNumbers) -> u64) {
    let view = view.clone();
    metrics.counter(name, doc.help, move || {
        let Some(table) = view.table() else { return Vec::new() };
        table.caches().map(|(route, numbers)| Sample::new(read(&numbers)).label("route", route)).collect()
    });
}

/// Shows the numbers of the routes in force at every scrape.
pub(super) fn export(metrics: &Metrics, view: &TableView) {
    let watched = view.clone();
    metrics.counter("cache_requests", REQUESTS.help, move || {
        let Some(table) = watched.table() else { return Vec::new() };
        let mut samples = Vec::new();
        for (route, numbers) in table.caches() {
            for (result, count) in [
                ("hit", numbers.hits),
                ("stale", numbers.stale),
                ("revalidated", numbers.revalidated),
                ("miss", numbers.misses),
                ("collapsed", numbers.collapsed),
                ("bypass", numbers.bypassed),
            ] {
                samples.push(Sample::new(count).label("route", route).label("result", result));
            }
        }
        samples
    });
    by_route(metrics, view, "cache_stored", &STORED, |numbers| numbers.stored);
    by_route(metrics, view, "cache_given_bytes", &GIVEN, |numbers| numbers.bytes);
    let watched = view.clone();
    metrics.gauge("cache_memory_bytes", MEMORY.help, move || vec![Sample::new(watched.cache_size().0)]);
    let watched = view.clone();
    metrics.gauge("cache_entries", ENTRIES.help, move || vec![Sample::new(watched.cache_size().1)]);
}
