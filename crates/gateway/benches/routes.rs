//! What finding a route costs, and that it does not grow with the number of routes.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops")]

use std::{hint::black_box, sync::Arc};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway::{
    config::{GatewayConfig, OneOrMany, RouteConfig, UpstreamConfig},
    route::{Asked, RouteTable, TableParts},
    upstream::StickyKey,
};
use http::{HeaderMap, Method};
use kernel::{Clock, OsRandom, SystemClock, exchange::NoRecorder};

/// So many routes of the usual shapes, on a few hosts.
fn table(count: usize) -> RouteTable {
    let mut config = GatewayConfig::default();
    config.upstreams.insert("u".into(), UpstreamConfig::new(["http://127.0.0.1:9001"]));
    for n in 0..count {
        let path = match n % 3 {
            0 => format!("/service-{n}/{{*rest}}"),
            1 => format!("/service-{n}/orders/{{id}}"),
            _ => format!("/service-{n}/status"),
        };
        let mut route = RouteConfig::new(format!("route-{n}"), path, "u");
        if n % 5 == 0 {
            route.matches.host = OneOrMany(vec![format!("host-{}.example.com", n % 7), "*.example.org".into()]);
        }
        config.routes.push(route);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let parts = TableParts {
        config: &config,
        builtin: Vec::new(),
        recorder: &NoRecorder,
        workers: 1,
        random: &OsRandom::new(),
        clock: &clock,
        sticky_key: &StickyKey::new(&[0; 32]),
        previous: None,
    };
    RouteTable::build(parts).expect("the routes are valid")
}

fn find(c: &mut Criterion) {
    let mut group = c.benchmark_group("route");
    let headers = HeaderMap::new();
    for count in [10, 1_000, 5_000] {
        let table = table(count);
        // A template in the middle, a prefix, and a path that nobody serves.
        for (name, path) in
            [("template", "/service-7/orders/4711"), ("prefix", "/service-9/a/b/c"), ("none", "/nothing")]
        {
            let path = if count == 10 { path.replace('9', "3") } else { path.to_owned() };
            group.bench_with_input(BenchmarkId::new(name, count), &path, |b, path| {
                let asked = Asked {
                    host: "www.example.com",
                    path,
                    query: None,
                    method: &Method::GET,
                    headers: &headers,
                    client: std::net::IpAddr::from([192, 0, 2, 7]),
                };
                b.iter(|| table.explain(black_box(&asked)).is_some());
            });
        }
    }
    group.finish();
}

/// Compiling everything anew is what a reload costs.
fn build(c: &mut Criterion) {
    c.bench_function("route/build/5000", |b| b.iter(|| table(black_box(5_000)).len()));
}

criterion_group!(benches, find, build);
criterion_main!(benches);
