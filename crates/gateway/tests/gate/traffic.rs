//! Versions, shares, copies, and failures on purpose.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::harness::{Gate, Upstream, serve};

fn route(upstreams: &[(&str, std::net::SocketAddr)], more: &str) -> String {
    let mut text = String::new();
    for (name, address) in upstreams {
        text += &format!("[upstreams.{name}]\ntargets = ['http://{address}']\n");
    }
    text + "[[routes]]\nname = 'r'\nmatch.path = '/api/{*rest}'\nupstream = 'u'\nauth = 'none'\n" + more
}

const VERSIONS: &str = "[routes.versions]\ndefault = '2'\n[routes.versions.known.2]\n[routes.versions.known.1]\nupstream = 'old'\n\
                        deprecated = '2026-01-01'\nsunset = '2126-01-01'\ndocs = 'https://docs.test/v1'\n";

#[tokio::test]
async fn each_version_has_its_upstream_and_says_how_long_it_lives() {
    let (new, old) = (
        Upstream::ok().await,
        Upstream::answering("HTTP/1.1 200 OK\r\nLink: <x>; rel=next\r\nContent-Length: 0\r\n\r\n").await,
    );
    let gate = Gate::open(&route(&[("u", new.address), ("old", old.address)], VERSIONS));
    for (path, fields) in [
        ("/api/v1/orders?a=1", ""),
        ("/api/orders", "API-Version: 1\r\n"),
        ("/api/orders", "Accept: application/vnd.acme.v1+json\r\n"),
        ("/t/acme/api/v1", ""),
    ] {
        let answer = gate.get(path, fields).await;
        assert_eq!((answer.status(), answer.field("deprecation")), (200, Some("@1767225600")), "{path}");
        assert_eq!(answer.field("sunset"), Some("Tue, 01 Jan 2126 00:00:00 GMT"));
        assert_eq!(answer.all("link").len(), 3, "and the upstream's own");
    }
    for path in ["/api/v2/orders", "/api/orders"] {
        let answer = gate.get(path, "").await;
        assert_eq!((answer.status(), answer.field("deprecation")), (200, None));
        assert_eq!(answer.field("vary"), Some("api-version, accept"));
    }
    assert_eq!(gate.get("/api/v3/orders", "").await.problem(), (404, "version.unknown".into()));
    let seen = |upstream: &Upstream| -> Vec<String> {
        upstream.seen.lock().iter().map(|seen| seen.start.split(' ').nth(1).expect("a target").to_owned()).collect()
    };
    assert_eq!(seen(&old), ["/api/orders?a=1", "/api/orders", "/api/orders", "/api"]);
    assert_eq!(seen(&new), ["/api/orders", "/api/orders"]);
    let told: Vec<Option<String>> = gate.ledger.finished(7).await.into_iter().map(|told| told.version).collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(told, [named("1"), named("1"), named("1"), named("1"), named("2"), named("2"), None]);
}

#[tokio::test]
async fn a_canary_takes_its_share_and_those_who_ask() {
    let (main, canary) = (Upstream::ok().await, Upstream::ok().await);
    let upstreams = [("u", main.address), ("canary", canary.address)];
    let gate = Gate::open(&route(&upstreams, "[[routes.split]]\nupstream = 'canary'\ncookies = { canary = 'on' }\n"));
    assert_eq!(gate.get("/api/x", "").await.status(), 200);
    assert_eq!(gate.get("/api/x", "Cookie: canary=on\r\n").await.status(), 200);
    assert_eq!((main.seen.lock().len(), canary.seen.lock().len()), (1, 1));
    gate.reload(&route(&upstreams, "[[routes.split]]\nupstream = 'canary'\npercent = 100\n"));
    assert_eq!(gate.get("/api/x", "").await.status(), 200);
    assert_eq!((main.seen.lock().len(), canary.seen.lock().len()), (1, 2));
}

#[tokio::test]
async fn copies_reach_the_mirror_and_nobody_waits_for_it() {
    let main = Upstream::ok().await;
    let (arrived, copies) = (Arc::new(Notify::new()), Arc::new(parking_lot::Mutex::new(Vec::new())));
    let (tell, keep) = (arrived.clone(), copies.clone());
    // It takes requests and never answers.
    let mirror = serve(move |mut connection| {
        let (tell, keep) = (tell.clone(), keep.clone());
        async move {
            while let Some(request) = connection.message().await {
                keep.lock().push(request);
                tell.notify_one();
            }
        }
    })
    .await;
    let gate = Gate::open(&route(
        &[("u", main.address), ("m", mirror)],
        "mirror = { upstream = 'm', max_body = '4B', max_pending = 2 }\n",
    ));
    let post = async |body: &str| {
        let request = format!(
            "POST /api/x?y=1 HTTP/1.1\r\nHost: a\r\nX-Portcullis-Mirror: 2\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        gate.ask(&request).await.status()
    };
    assert_eq!(post("abcd").await, 200);
    arrived.notified().await;
    assert_eq!(post("abcde").await, 200, "too large to be copied");
    assert_eq!(gate.get("/api/none", "").await.status(), 200);
    arrived.notified().await;
    assert_eq!(post("a").await, 200, "two copies are under way already");
    let bodies: Vec<String> = main.seen.lock().iter().map(|seen| seen.text()).collect();
    assert_eq!(bodies, ["abcd", "abcde", "", "a"]);
    let copies = copies.lock();
    let told: Vec<(&str, String, Option<&str>)> =
        copies.iter().map(|copy| (copy.start.as_str(), copy.text(), copy.field("x-portcullis-mirror"))).collect();
    assert_eq!(
        told,
        [
            ("POST /api/x?y=1 HTTP/1.1", "abcd".to_owned(), Some("1")),
            ("GET /api/none HTTP/1.1", String::new(), Some("1")),
        ]
    );
    assert!(main.seen.lock().iter().all(|seen| seen.field("x-portcullis-mirror").is_none()));
}

#[tokio::test]
async fn a_mirror_that_is_away_harms_nobody() {
    let main = Upstream::ok().await;
    let gate =
        Gate::open(&route(&[("u", main.address), ("m", ([127, 0, 0, 1], 1).into())], "mirror = { upstream = 'm' }\n"));
    for _ in 0..3 {
        assert_eq!(gate.get("/api/x", "").await.status(), 200);
    }
}

#[tokio::test]
async fn requests_fail_on_purpose() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&route(
        &[("u", upstream.address)],
        "[routes.fault]\nheaders = { x-fault = 'on' }\ndelay = { time = '1ms' }\nabort = { status = 503 }\n",
    ));
    assert_eq!(gate.get("/api/x", "").await.status(), 200);
    let failed = gate.get("/api/x", "X-Fault: on\r\n").await;
    assert_eq!((failed.status(), failed.field("cache-control")), (503, Some("no-store")));
    assert_eq!(upstream.seen.lock().len(), 1);
    assert_eq!(gate.ledger.finished(2).await[1].status, 503);
}
