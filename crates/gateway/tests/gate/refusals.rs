//! Who may not, and how they are told.

use crate::harness::{Gate, Upstream, open_to};

fn with(upstream: &Upstream, route: &str) -> String {
    open_to(upstream.address).replace("auth = \"none\"", route)
}

#[tokio::test]
async fn a_route_is_closed_to_strangers() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&with(&upstream, ""));
    let answer = gate.get("/", "").await;
    assert_eq!(answer.problem(), (401, "credentials.missing".into()));
    assert_eq!(answer.field("www-authenticate"), Some("Bearer realm=\"portcullis\""));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    let answer = gate.get("/", "Authorization: Bearer pk_live_eve\r\n").await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.field("www-authenticate"), Some("Bearer realm=\"portcullis\", error=\"invalid_token\""));
    assert_eq!(upstream.seen.lock().len(), 0);
}

#[tokio::test]
async fn a_route_names_the_permission_it_needs() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&with(&upstream, "permissions = [\"orders:read\"]"));
    assert_eq!(gate.get("/", "X-API-Key: pk_live_ada\r\n").await.status(), 200);
    gate.reload(&with(&upstream, "permissions = [\"orders:write\"]"));
    let answer = gate.get("/", "X-API-Key: pk_live_ada\r\n").await;
    assert_eq!(answer.problem(), (403, "permission.denied".into()));
    assert_eq!(upstream.seen.lock().len(), 1);
}

#[tokio::test]
async fn the_limit_is_exact_and_told() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&with(&upstream, "auth = \"none\"\nlimits = [{ by = \"ip\", rate = \"3/hour\" }]"));
    for left in ["2", "1", "0"] {
        let answer = gate.get("/", "").await;
        assert_eq!(answer.status(), 200);
        assert!(answer.field("ratelimit").is_some_and(|told| told.contains(&format!("r={left}"))));
    }
    let answer = gate.get("/", "").await;
    assert_eq!(answer.problem(), (429, "limit.exceeded".into()));
    assert!(answer.field("retry-after").and_then(|v| v.parse::<u64>().ok()).is_some_and(|s| (1..=3_660).contains(&s)));
    assert!(answer.field("ratelimit-policy").is_some());
    assert_eq!(upstream.seen.lock().len(), 3);
}

#[tokio::test]
async fn what_is_not_served_is_said_plainly() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(
        &open_to(upstream.address)
            .replace("path = \"/{*rest}\"", "path = \"/orders/{id}\", methods = [\"GET\", \"PUT\"]"),
    );
    assert_eq!(gate.get("/nothing", "").await.problem(), (404, "route.unknown".into()));
    let answer = gate.ask("DELETE /orders/7 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(answer.problem(), (405, "method_not_allowed".into()));
    assert_eq!(answer.field("allow"), Some("GET, HEAD, PUT"));
    let told = gate.ledger.finished(2).await;
    assert_eq!(
        (told[0].route.as_str(), told[0].path.as_str(), told[0].host.as_str()),
        ("unmatched", "/nothing", "gate.test")
    );
    // The same through a detour: routed by what the path is, not by how it is written.
    assert_eq!(gate.get("/x/../orders/%37", "").await.status(), 200);
    assert_eq!(gate.get("/orders/../nothing", "").await.status(), 404);
}

#[tokio::test]
async fn tenants_are_told_apart() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let ask = async |host: &str| gate.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert_eq!(ask("acme.test").await.status(), 200);
    assert_eq!(ask("closed.test").await.problem(), (403, "tenant.suspended".into()));
    assert_eq!(gate.get("/t/nobody/", "").await.problem(), (404, "tenant.unknown".into()));
    assert_eq!(gate.get("/", "X-Tenant-ID: acme\r\n").await.status(), 200);
}

#[tokio::test]
async fn a_keys_tenant_is_no_way_into_another() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&with(&upstream, ""));
    let key = "X-API-Key: pk_live_ada\r\n";
    assert_eq!(gate.get("/", key).await.status(), 200);
    assert_eq!(gate.get("/t/acme/", key).await.status(), 401);
    assert_eq!(upstream.seen.lock().len(), 1);
}
