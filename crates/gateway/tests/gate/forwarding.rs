//! What reaches the upstream, byte for byte, and what reaches the client.

use std::sync::Arc;

use gateway::transform::Assertions;
use http::HeaderValue;
use kernel::{Principal, edge::Tenant};

use crate::harness::{Gate, Setup, Upstream, open_to};

fn closed_to(upstream: &Upstream) -> String {
    open_to(upstream.address).replace("auth = \"none\"", "auth = [\"api_key\", \"session\"]")
}

#[tokio::test]
async fn the_upstream_sees_exactly_this() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let answer = gate
        .ask(
            "GET /a/./b//%63?q=%2F&x={y} HTTP/1.1\r\nHost: Gate.Test:8080\r\nAccept: */*\r\nConnection: keep-alive, X-Drop\r\n\
             X-Drop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: x\r\nX-Kept: yes\r\n\r\n",
        )
        .await;
    assert_eq!((answer.status(), answer.text()), (200, "ok".to_owned()));
    let seen = upstream.only();
    let id = seen.field("x-request-id").expect("an id").to_owned();
    assert_eq!(answer.field("x-request-id"), Some(id.as_str()));
    assert_eq!(uuid::Uuid::parse_str(&id).expect("a UUID").get_version_num(), 7);
    let expected = format!(
        "GET /a/b/c?q=%2F&x={{y}} HTTP/1.1\r\naccept: */*\r\nx-kept: yes\r\nx-forwarded-for: 127.0.0.1\r\n\
         forwarded: for=127.0.0.1;proto=http\r\nx-forwarded-proto: http\r\nx-forwarded-host: Gate.Test:8080\r\n\
         x-request-id: {id}\r\nx-portcullis-tenant: 00000000-0000-0000-0000-000000000001\r\nhost: {}\r\n\r\n",
        upstream.address
    );
    let mut got: Vec<String> = String::from_utf8_lossy(&seen.raw).split("\r\n").map(str::to_owned).collect();
    let mut expected: Vec<String> = expected.split("\r\n").map(str::to_owned).collect();
    got.sort();
    expected.sort();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn forged_identity_is_removed_in_every_spelling() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    let forged = "X-Portcullis-User: root\r\nx_portcullis_user: root\r\nX-PORTCULLIS_Roles: admin\r\n\
                  X-Portcullis-Assertion: x\r\nX-Portcullis-Anything: x\r\nX_Forwarded_For: 6.6.6.6\r\n\
                  X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n\
                  X-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Request-Id: forged-request-id\r\nTransfer_Encoding: chunked\r\n";
    assert_eq!(gate.get("/", forged).await.status(), 200);
    let seen = upstream.only();
    let raw = String::from_utf8_lossy(&seen.raw).to_ascii_lowercase();
    for word in
        ["root", "admin", "6.6.6.6", "evil", "forged", "_", "assertion", "anything", "https", "real-ip", "port:"]
    {
        assert!(!raw.contains(word), "{word} in {raw}");
    }
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.client_ip.as_str(), told.fault), ("127.0.0.1", "none"));
}

struct Signed;

impl Assertions for Signed {
    fn assertion(&self, principal: &Principal, tenant: &Tenant, upstream: &str) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("signed:{}:{}:{upstream}", principal.subject, tenant.slug)).ok()
    }
}

#[tokio::test]
async fn the_caller_is_told_to_the_upstream_and_cannot_be_erased() {
    let upstream = Upstream::ok().await;
    let gate = Setup { assertions: Arc::new(Signed), ..Setup::new(&closed_to(&upstream)) }.open();
    // Naming our fields in Connection must not take them away.
    let fields =
        "X-API-Key: pk_live_ada\r\nConnection: X-Portcullis-User, X-Portcullis-Tenant, X-Forwarded-For, Host\r\n";
    assert_eq!(gate.get("/", fields).await.status(), 200);
    let seen = upstream.only();
    assert_eq!(seen.field("x-portcullis-user"), Some("00000000-0000-0000-0000-000000000ada"));
    assert_eq!(seen.field("x-portcullis-tenant"), Some("00000000-0000-0000-0000-000000000001"));
    assert_eq!(seen.field("x-portcullis-roles"), Some("reader,writer"));
    assert_eq!(seen.field("x-portcullis-scopes"), Some("openid orders"));
    assert_eq!(seen.field("x-portcullis-session"), Some("00000000-0000-0000-0000-0000000005e5"));
    assert_eq!(seen.field("x-portcullis-assertion"), Some("signed:00000000-0000-0000-0000-000000000ada:default:u"));
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
    assert!(seen.field("host").is_some());
    assert!(gate.ledger.finished(1).await[0].subject);
}

#[tokio::test]
async fn credentials_stay_at_the_gate_unless_the_route_passes_them_on() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&closed_to(&upstream));
    let cookies = "Cookie: theme=dark; __Host-portcullis_session=ada; __Host-portcullis_device=d; lang=de\r\nSec-Fetch-Site: same-origin\r\n";
    assert_eq!(gate.get("/cookie", cookies).await.status(), 200);
    assert_eq!(gate.get("/key", "X-API-Key: pk_live_ada\r\n").await.status(), 200);
    assert_eq!(gate.get("/bearer", "Authorization: Bearer pk_live_ada\r\n").await.status(), 200);
    for seen in upstream.seen.lock().iter() {
        let raw = String::from_utf8_lossy(&seen.raw).to_ascii_lowercase();
        assert!(
            !raw.contains("pk_live") && !raw.contains("host-portcullis_") && !raw.contains("authorization"),
            "{raw}"
        );
    }
    assert_eq!(upstream.seen.lock()[0].field("cookie"), Some("theme=dark; lang=de"));

    gate.reload(&format!("{}\nforward_credentials = true\n", closed_to(&upstream)));
    assert_eq!(gate.get("/passed", "X-API-Key: pk_live_ada\r\n").await.status(), 200);
    assert_eq!(upstream.seen.lock()[3].field("x-api-key"), Some("pk_live_ada"));
    // The device's cookie is no credential to be passed on.
    assert_eq!(gate.get("/passed", cookies).await.status(), 200);
    let passed = upstream.seen.lock()[4].field("cookie").map(str::to_owned);
    assert_eq!(passed.as_deref(), Some("theme=dark; __Host-portcullis_session=ada; lang=de"));
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_as_far_as_it_vouches() {
    let upstream = Upstream::ok().await;
    let setup = Setup { trusted_proxies: vec!["127.0.0.0/8", "10.0.0.0/8"], ..Setup::new(&open_to(upstream.address)) };
    let gate = setup.open();
    let fields = "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n\
                  X-Request-Id: proxy-0001\r\n";
    let answer = gate.get("/", fields).await;
    assert_eq!(answer.field("x-request-id"), Some("proxy-0001"));
    let seen = upstream.only();
    assert_eq!(seen.field("x-forwarded-for"), Some("6.6.6.6, 203.0.113.9, 10.1.2.3, 127.0.0.1"));
    assert_eq!(
        (seen.field("x-forwarded-proto"), seen.field("x-forwarded-host")),
        (Some("https"), Some("shop.example"))
    );
    assert_eq!(seen.field("forwarded"), Some("for=127.0.0.1;proto=https"));
    // The nearest address that is no proxy of ours; what stands beyond it anybody could have written.
    assert_eq!(gate.ledger.finished(1).await[0].client_ip, "203.0.113.9");

    // Not well formed: a new one.
    let answer = gate.get("/", "X-Request-Id: bad id\r\n").await;
    assert_eq!(answer.field("x-request-id").map(str::len), Some(36));
}

#[tokio::test]
async fn routes_shape_the_path_and_the_host() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!(
        "upstreams.u.targets = [\"http://{}\"]\n\
         [[routes]]\nname = \"api\"\nmatch = {{ path = \"/api/{{*rest}}\" }}\nupstream = \"u\"\nauth = \"none\"\n\
         strip_prefix = \"/api\"\npreserve_host = true\n",
        upstream.address
    ));
    for path in ["/api/orders?a=/api", "/api", "/api/", "/t/acme/api/x"] {
        assert_eq!(gate.get(path, "").await.status(), 200, "{path}");
    }
    let seen = upstream.seen.lock();
    let starts: Vec<&str> = seen.iter().map(|s| s.start.as_str()).collect();
    assert_eq!(starts, ["GET /orders?a=/api HTTP/1.1", "GET / HTTP/1.1", "GET / HTTP/1.1", "GET /x HTTP/1.1"]);
    assert!(seen.iter().all(|s| s.field("host") == Some("gate.test")));
    assert_eq!(seen[3].field("x-portcullis-tenant"), Some("00000000-0000-0000-0000-000000000002"));
}

#[tokio::test]
async fn responses_lose_what_is_not_for_the_client() {
    let upstream = Upstream::answering(
        "HTTP/1.1 201 Created\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nX-Portcullis-User: x\r\n\
         X-Request-Id: theirs\r\nSet-Cookie: a=1\r\nSet-Cookie: __Host-portcullis_session=stolen; Path=/\r\nSet-Cookie: __Host-portcullis_device=planted; Path=/\r\nSet-Cookie: b=2\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    )
    .await;
    let gate = Gate::open(&open_to(upstream.address));
    let answer = gate.get("/", "").await;
    assert_eq!((answer.status(), answer.text()), (201, "abc".into()));
    assert_eq!(answer.all("set-cookie"), ["a=1", "b=2"]);
    for name in ["x-secret", "keep-alive", "x-portcullis-user", "connection"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_ne!(answer.field("x-request-id"), Some("theirs"));
    let told = gate.ledger.finished(1).await.remove(0);
    assert_eq!((told.status, told.bytes_out, told.upstream), (201, 3, Some(upstream.address.to_string())));
}

#[tokio::test]
async fn connections_to_an_upstream_are_used_again() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&open_to(upstream.address));
    for _ in 0..5 {
        assert_eq!(gate.get("/", "").await.status(), 200);
    }
    assert_eq!(upstream.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    // Also when a reload leaves the upstream as it was.
    gate.reload(&open_to(upstream.address).replace("\"all\"", "\"renamed\""));
    assert_eq!(gate.get("/", "").await.status(), 200);
    assert_eq!(upstream.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert_eq!(gate.ledger.finished(6).await[5].route, "renamed");
}

#[tokio::test]
async fn weights_share_out_the_requests() {
    let (one, three) = (Upstream::ok().await, Upstream::ok().await);
    let gate = Gate::open(&open_to(one.address).replace(
        &format!("[\"http://{}\"]", one.address),
        &format!("[\"http://{}\", {{ url = \"http://{}\", weight = 3 }}]", one.address, three.address),
    ));
    for _ in 0..12 {
        assert_eq!(gate.get("/", "").await.status(), 200);
    }
    assert_eq!((one.seen.lock().len(), three.seen.lock().len()), (3, 9));
}
