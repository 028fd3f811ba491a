//! What recording one finished request costs, on the request's own path.

use std::{hint::black_box, io, sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use kernel::{
    AuthMethod, Clock as _, OsRandom, Subject, SystemClock, TenantId, UserId,
    exchange::{Exchange, Fault, Recorder as _},
};
use observe::{Observer, access::AccessLog, logging::Format, metrics::Metrics};

fn recording(c: &mut Criterion) {
    let (now, random) = (SystemClock.now(), OsRandom::new());
    let exchange = Exchange {
        started: now,
        duration: Duration::from_micros(412),
        upstream_duration: Some(Duration::from_micros(377)),
        request_id: "019a2b3c-4d5e-7f60-8123-456789abcdef",
        method: "GET",
        path: "/api/v1/orders/2026/10042",
        protocol: "HTTP/1.1",
        host: "gate.example.com",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        client_ip: [203, 0, 113, 7].into(),
        tenant: Some(TenantId::new(now, &random)),
        subject: Some(Subject::User(UserId::new(now, &random))),
        auth_method: Some(AuthMethod::Jwt),
        upstream: Some("127.0.0.1:9001"),
        version: None,
        status: 200,
        code: None,
        fault: Fault::None,
        bytes_in: 0,
        bytes_out: 512,
    };
    let log = |format| AccessLog::to(format, Box::new(io::sink())).map(Arc::new).ok();
    for (name, access) in
        [("metrics", None), ("metrics and JSON line", log(Format::Json)), ("metrics and text line", log(Format::Text))]
    {
        let route = Observer::new(Arc::new(Metrics::new()), access).route("orders");
        c.bench_function(&format!("record/{name}"), |b| {
            b.iter(|| {
                route.begin();
                route.end(black_box(&exchange));
            });
        });
    }
}

criterion_group!(benches, recording);
criterion_main!(benches);
