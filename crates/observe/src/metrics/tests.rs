use std::{collections::BTreeSet, time::Duration};

use kernel::{
    Timestamp,
    exchange::{Exchange, Fault},
};

use super::*;

fn exchange() -> Exchange<'static> {
    Exchange {
        started: Timestamp::EPOCH,
        duration: Duration::from_micros(1_500),
        upstream_duration: Some(Duration::from_micros(700)),
        request_id: "1",
        method: "GET",
        path: "/secret-path",
        protocol: "HTTP/1.1",
        host: "some-host",
        user_agent: "some-agent",
        client_ip: [10, 9, 8, 7].into(),
        tenant: None,
        subject: None,
        auth_method: Some(AuthMethod::Jwt),
        upstream: Some("127.0.0.1:9001"),
        version: None,
        status: 200,
        code: None,
        fault: Fault::None,
        bytes_in: 10,
        bytes_out: 500,
    }
}

fn refusal(code: &'static str, status: u16) -> Exchange<'static> {
    Exchange {
        auth_method: None,
        upstream: None,
        upstream_duration: None,
        status,
        code: Some(code),
        fault: Fault::Client,
        ..exchange()
    }
}

fn has(metrics: &Metrics, line: &str) -> bool {
    metrics.render().lines().any(|rendered| rendered == line)
}

#[test]
fn a_request_is_counted_under_its_route() {
    let metrics = Metrics::new();
    let route = metrics.route("orders");
    route.begin();
    route.begin();
    assert!(has(&metrics, "portcullis_requests_in_flight{route=\"orders\"} 2"));
    route.end(&exchange());
    route.end(&Exchange { status: 503, fault: Fault::Upstream, auth_method: Some(AuthMethod::Session), ..exchange() });
    for line in [
        "portcullis_requests_total{route=\"orders\",class=\"2xx\",fault=\"none\"} 1",
        "portcullis_requests_total{route=\"orders\",class=\"5xx\",fault=\"upstream\"} 1",
        "portcullis_requests_in_flight{route=\"orders\"} 0",
        "portcullis_request_duration_seconds_bucket{le=\"0.001\",route=\"orders\"} 0",
        "portcullis_request_duration_seconds_bucket{le=\"0.0025\",route=\"orders\"} 2",
        "portcullis_upstream_duration_seconds_count{route=\"orders\"} 2",
        "portcullis_request_body_bytes_total{route=\"orders\"} 20",
        "portcullis_response_body_bytes_total{route=\"orders\"} 1000",
        "portcullis_authentications_total{method=\"jwt\",outcome=\"accepted\"} 1",
        "portcullis_authentications_total{method=\"session\",outcome=\"accepted\"} 1",
        "portcullis_authentications_total{method=\"none\",outcome=\"refused\"} 0",
    ] {
        assert!(has(&metrics, line), "{line} is not in\n{}", metrics.render());
    }
    assert!(metrics.render().ends_with("# EOF\n"));
}

#[test]
fn refusals_are_counted_by_code() {
    let metrics = Metrics::new();
    let route = metrics.route("orders");
    for exchange in [
        refusal("credentials.missing", 401),
        refusal("session.csrf", 403),
        refusal("limit.exceeded", 429),
        Exchange { auth_method: Some(AuthMethod::ApiKey), ..refusal("limit.exceeded", 429) },
        Exchange { auth_method: Some(AuthMethod::Jwt), ..refusal("permission.denied", 403) },
    ] {
        route.begin();
        route.end(&exchange);
    }
    for line in [
        "portcullis_refusals_total{code=\"credentials.missing\"} 1",
        "portcullis_refusals_total{code=\"limit.exceeded\"} 2",
        "portcullis_refusals_total{code=\"permission.denied\"} 1",
        "portcullis_limit_refusals_total{route=\"orders\"} 2",
        "portcullis_authentications_total{method=\"none\",outcome=\"refused\"} 2",
        "portcullis_authentications_total{method=\"api_key\",outcome=\"accepted\"} 1",
    ] {
        assert!(has(&metrics, line), "{line} is not in\n{}", metrics.render());
    }
}

#[test]
fn a_route_that_is_built_again_goes_on_counting() {
    let metrics = Metrics::new();
    for _ in 0..3 {
        let route = metrics.route("orders");
        route.begin();
        route.end(&exchange());
    }
    assert!(has(&metrics, "portcullis_requests_total{route=\"orders\",class=\"2xx\",fault=\"none\"} 3"));
}

#[test]
fn nothing_of_a_request_becomes_a_label() {
    let metrics = Metrics::new();
    let route = metrics.route("orders");
    for status in [0, 99, 101, 204, 304, 404, 499, 599, 600, 65_535] {
        for fault in [Fault::None, Fault::Client, Fault::Upstream, Fault::Gate] {
            route.begin();
            route.end(&Exchange { status, fault, ..exchange() });
        }
    }
    let text = metrics.render();
    for part in ["secret-path", "some-host", "some-agent", "10.9.8.7", "9001"] {
        assert!(!text.contains(part), "{part}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("portcullis_requests_total{")).count(), 6 * 4);
}

#[test]
fn odd_names_stay_one_bounded_label() {
    let metrics = Metrics::new();
    metrics.route("a\"b\\c\nd").begin();
    assert!(has(&metrics, r#"portcullis_requests_in_flight{route="a\"b\\c\nd"} 1"#));
    metrics.route(&"ä".repeat(500)).begin();
    assert!(has(&metrics, &format!("portcullis_requests_in_flight{{route=\"{}\"}} 1", "ä".repeat(64))));
}

#[test]
fn others_show_their_numbers() {
    let metrics = Metrics::new();
    metrics.gauge("revocations", "Entries", || vec![Sample::new(7)]);
    metrics.gauge("pool_connections", "Connections", || {
        ["idle", "busy"].map(|state| Sample::float(1.5).label("pool", "orders").label("state", state)).to_vec()
    });
    metrics.counter("token_cache_hits", "Hits", || vec![Sample::new(1)]);
    metrics.counter("token_cache_hits", "Hits", || vec![Sample::new(2)]);
    for line in [
        "# TYPE portcullis_revocations gauge",
        "portcullis_revocations 7.0",
        "portcullis_pool_connections{pool=\"orders\",state=\"busy\"} 1.5",
        "# TYPE portcullis_token_cache_hits counter",
        "portcullis_token_cache_hits_total 2.0",
    ] {
        assert!(has(&metrics, line), "{line} is not in\n{}", metrics.render());
    }
    metrics.gauge("flood", "Too many", || (0..5_000).map(|i| Sample::new(i).label("i", i.to_string())).collect());
    assert_eq!(metrics.render().lines().filter(|line| line.starts_with("portcullis_flood{")).count(), 1_000);
}

#[test]
fn the_catalogue_is_what_is_rendered() {
    let metrics = Metrics::new();
    let route = metrics.route("orders");
    for exchange in [Exchange { version: Some("2"), ..exchange() }, refusal("limit.exceeded", 429)] {
        route.begin();
        route.end(&exchange);
    }
    let text = metrics.render();
    // `# TYPE portcullis_requests counter`
    let rendered: BTreeSet<(String, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| (if kind == "counter" { format!("{name}_total") } else { name.to_owned() }, kind))
        .collect();
    let listed: BTreeSet<(String, &str)> = CATALOGUE.iter().map(|doc| (doc.name.to_owned(), doc.kind)).collect();
    assert_eq!(rendered, listed);
    for doc in CATALOGUE {
        let name = doc.name.trim_end_matches("_total");
        assert!(text.contains(&format!("# HELP {name} {}", doc.help)), "{name}");
        let sample = text.lines().find(|line| line.starts_with(doc.name)).expect(doc.name);
        assert!(doc.labels.iter().all(|label| sample.contains(&format!("{label}=\""))), "{sample}");
    }
}
