//! What upstreams count about themselves, shown as metrics. One label, the upstream's name: targets may
//! come and go, and are not the configuration's to bound.

use gateway::{TableView, upstream::UpstreamNumbers};
use observe::metrics::{MetricDoc, Metrics, Sample};

use super::cache_metrics;

/// One metric, and where its number is.
struct Shown {
    /// Without prefix and suffix.
    name: &'static str,
    doc: MetricDoc,
    read: fn(&UpstreamNumbers) -> u64,
}

macro_rules! shown {
    ($($kind:ident $name:literal $suffix:literal $field:ident $help:literal;)*) => {
        const SHOWN: &[Shown] = &[$(Shown {
            name: $name,
            doc: MetricDoc {
                name: concat!("portcullis_", $name, $suffix),
                kind: stringify!($kind),
                labels: &["upstream"],
                help: $help,
            },
            read: |numbers| numbers.$field,
        }),*];
    };
}

shown! {
    gauge "upstream_targets" "" targets "Targets that an upstream has";
    gauge "upstream_targets_available" "" targets_available "Targets that are fit to be used";
    gauge "upstream_panic" "" panic "1 while so few targets are fit that all are used";
    counter "upstream_ejections" "_total" ejections "How often a target was left out because requests to it failed";
    counter "upstream_checks_failed" "_total" checks_failed "Checks that a target has failed";
    gauge "upstream_circuits_open" "" circuits_open "Circuits of an upstream that are open now";
    counter "upstream_circuits_opened" "_total" circuits_opened "How often a circuit has opened";
    counter "upstream_circuit_refusals" "_total" circuit_refusals "Requests that an open circuit has refused";
    counter "upstream_retries" "_total" retries "Attempts beyond the first";
    counter "upstream_retries_denied" "_total" retries_denied "Attempts that the budget did not allow";
    counter "upstream_hedges" "_total" hedges "Requests that were sent to a second target beside the first";
    counter "upstream_hedges_won" "_total" hedges_won "How often the second was the one to answer";
    counter "upstream_fallbacks" "_total" fallbacks "Requests that were answered by a route's fallback";
    gauge "upstream_places_taken" "" running "Requests that hold one of an upstream's limited places now";
    gauge "upstream_waiting" "" waiting "Requests that wait for a place now";
    counter "upstream_saturated" "_total" saturated "Requests for which there was no place";
}

const SHED_LEVEL: MetricDoc = MetricDoc {
    name: "portcullis_shedding_level",
    kind: "gauge",
    labels: &[],
    help: "What the gate refuses for having too much to do: 0 nothing, 100 all of low importance, 200 all but critical",
};
const SHED_REFUSALS: MetricDoc = MetricDoc {
    name: "portcullis_shedding_refusals_total",
    kind: "counter",
    labels: &["importance"],
    help: "Requests that the gate refused for having too much to do",
};

/// For the reference.
pub(crate) fn docs() -> impl Iterator<Item = &'static MetricDoc> {
    SHOWN.iter().map(|shown| &shown.doc).chain([&SHED_LEVEL, &SHED_REFUSALS]).chain(cache_metrics::docs())
}

/// Shows what the gate refuses to stay on its feet.
fn export_shedding(metrics: &Metrics, view: &TableView) {
    let watched = view.clone();
    metrics.gauge("shedding_level", SHED_LEVEL.help, move || {
        watched.shedding().map(|shed| Sample::new(shed.level.into())).into_iter().collect()
    });
    let watched = view.clone();
    metrics.counter("shedding_refusals", SHED_REFUSALS.help, move || {
        let refusals = |shed: gateway::SheddingNumbers| {
            let sample = |importance, count| Sample::new(count).label("importance", importance);
            vec![sample("low", shed.refused_low), sample("normal", shed.refused_normal)]
        };
        watched.shedding().map(refusals).unwrap_or_default()
    });
}

/// Shows the numbers of the upstreams in force at every scrape.
pub(super) fn export(metrics: &Metrics, view: &TableView) {
    export_shedding(metrics, view);
    cache_metrics::export(metrics, view);
    for shown in SHOWN {
        let view = view.clone();
        let samples = move || {
            let Some(table) = view.table() else { return Vec::new() };
            let sample = |upstream: &std::sync::Arc<gateway::upstream::Upstream>| {
                Sample::new((shown.read)(&upstream.numbers())).label("upstream", upstream.name())
            };
            table.upstreams().map(sample).collect()
        };
        match shown.doc.kind {
            "counter" => metrics.counter(shown.name, shown.doc.help, samples),
            _ => metrics.gauge(shown.name, shown.doc.help, samples),
        }
    }
}
