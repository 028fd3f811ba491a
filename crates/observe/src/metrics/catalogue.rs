//! The list of what is counted, for the reference.

/// One metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricDoc {
    /// Full name, without the suffixes of its parts (`_bucket`, `_count`).
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// Every metric about requests. A test holds it against what is rendered.
pub const CATALOGUE: &[MetricDoc] = &[
    MetricDoc {
        name: "portcullis_requests_total",
        kind: "counter",
        labels: &["route", "class", "fault"],
        help: "Finished requests by route, status class and who failed (none, client, upstream, gate)",
    },
    MetricDoc {
        name: "portcullis_request_duration_seconds",
        kind: "histogram",
        labels: &["route"],
        help: "From the request's head to the response's last byte",
    },
    MetricDoc {
        name: "portcullis_upstream_duration_seconds",
        kind: "histogram",
        labels: &["route"],
        help: "Waiting for the upstream's response head",
    },
    MetricDoc {
        name: "portcullis_requests_in_flight",
        kind: "gauge",
        labels: &["route"],
        help: "Requests being served now",
    },
    MetricDoc {
        name: "portcullis_request_body_bytes_total",
        kind: "counter",
        labels: &["route"],
        help: "Bytes of request bodies that were read",
    },
    MetricDoc {
        name: "portcullis_response_body_bytes_total",
        kind: "counter",
        labels: &["route"],
        help: "Bytes of response bodies that were sent",
    },
    MetricDoc {
        name: "portcullis_authentications_total",
        kind: "counter",
        labels: &["method", "outcome"],
        help: "Requests by how the caller authenticated, and those refused for want of a valid credential",
    },
    MetricDoc {
        name: "portcullis_version_requests_total",
        kind: "counter",
        labels: &["route", "version"],
        help: "Finished requests by the version of the API they were for, on routes with versions",
    },
    MetricDoc {
        name: "portcullis_limit_refusals_total",
        kind: "counter",
        labels: &["route"],
        help: "Requests refused by a rate limit",
    },
    MetricDoc {
        name: "portcullis_refusals_total",
        kind: "counter",
        labels: &["code"],
        help: "Requests that the gate itself answered with a problem, by its code",
    },
];

/// The help of a metric by the name it is registered under: without prefix, unit and suffix.
pub(super) fn help(registered: &str) -> &'static str {
    let is = |doc: &&MetricDoc| {
        let name = doc.name.strip_prefix("portcullis_").unwrap_or(doc.name);
        let name = name.strip_suffix("_total").unwrap_or(name);
        name == registered || name.strip_suffix("_seconds").or_else(|| name.strip_suffix("_bytes")) == Some(registered)
    };
    CATALOGUE.iter().find(is).map_or("", |doc| doc.help)
}
