//! Who is served at all: hosts, addresses, countries, pages of other origins.

use crate::{
    harness::{Gate, Setup, Upstream, open_to},
    mmdb,
};

const PREFLIGHT: &str = "Origin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n\
                         Access-Control-Request-Headers: authorization, x-one\r\n";

fn across_origins(upstream: &Upstream, cors: &str) -> String {
    format!("{}[routes.cors]\n{cors}\n", open_to(upstream.address).replace("auth = \"none\"", "auth = [\"api_key\"]"))
}

async fn options(gate: &Gate, fields: &str) -> crate::harness::Answer {
    gate.ask(&format!("OPTIONS /x HTTP/1.1\r\nHost: gate.test\r\n{fields}\r\n")).await
}

#[tokio::test]
async fn preflights_are_answered_without_a_credential_or_the_upstream() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&across_origins(
        &upstream,
        "origins = ['https://app.test']\ncredentials = true\nexpose = ['X-Total']\nmax_age = '5m'",
    ));
    let answer = options(&gate, PREFLIGHT).await;
    assert_eq!((answer.status(), answer.text()), (204, String::new()));
    for (name, value) in [
        ("access-control-allow-origin", Some("https://app.test")),
        ("access-control-allow-credentials", Some("true")),
        ("access-control-allow-methods", Some("PUT")),
        ("access-control-allow-headers", Some("authorization, x-one")),
        ("access-control-max-age", Some("300")),
    ] {
        assert_eq!(answer.field(name), value, "{name}");
    }
    assert!(answer.all("vary").contains(&"origin"));
    let refused = options(&gate, &PREFLIGHT.replace("app.test", "evil.test")).await;
    assert_eq!(refused.problem(), (403, "cors.refused".into()));
    assert_eq!(refused.field("access-control-allow-origin"), None);
    assert_eq!(upstream.seen.lock().len(), 0);

    // Without the fields of a preflight, OPTIONS is a method like others.
    assert_eq!(options(&gate, "Origin: https://app.test\r\n").await.status(), 401);
    let told = gate.ledger.finished(3).await;
    assert_eq!((told[0].status, told[0].route.as_str()), (204, "all"));
}

#[tokio::test]
async fn pages_may_read_answers_and_refusals() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    let gate = Gate::open(&across_origins(&upstream, "origins = ['https://*.test']\nexpose = ['X-Total']"));
    let key = "X-API-Key: pk_live_ada\r\n";
    let read = gate.get("/x", &format!("{key}Origin: https://app.test\r\n")).await;
    assert_eq!((read.status(), read.field("access-control-allow-origin")), (200, Some("https://app.test")));
    assert_eq!(read.field("access-control-expose-headers"), Some("X-Total".to_lowercase().as_str()));
    assert_eq!(read.field("access-control-allow-credentials"), None, "the route decides, not the upstream");
    assert_eq!(read.all("vary"), ["Accept", "origin"]);

    let refused = gate.get("/x", "Origin: https://app.test\r\n").await;
    assert_eq!((refused.status(), refused.field("access-control-allow-origin")), (401, Some("https://app.test")));
    for fields in [key.to_owned(), format!("{key}Origin: https://app.evil\r\n")] {
        let other = gate.get("/x", &fields).await;
        assert_eq!((other.status(), other.field("access-control-allow-origin")), (200, None));
        assert!(other.all("vary").contains(&"origin"), "a cache must know that it depends");
    }
}

#[tokio::test]
async fn a_tenants_own_pages_and_a_default_for_every_route() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("guard.cors.tenant_hosts = true\n{}", open_to(upstream.address)));
    let ask = async |path: &str, origin: &str| {
        let answer = gate.get(path, &format!("Origin: {origin}\r\n")).await;
        answer.field("access-control-allow-origin").is_some()
    };
    assert!(ask("/t/acme/x", "https://acme.test").await && ask("/x", "https://default.test").await);
    assert!(!ask("/t/acme/x", "https://default.test").await && !ask("/x", "https://acme.test").await);
    assert!(!ask("/t/acme/x", "http://acme.test").await);
}

#[tokio::test]
async fn only_listed_hosts_and_clients_are_served() {
    let upstream = Upstream::ok().await;
    let text = format!(
        "[guard]\nhosts = ['api.test']\nclients = {{ deny_ips = ['203.0.113.0/24'] }}\n{}\
         [[routes]]\nname = 'inside'\nmatch.path = '/inside'\nupstream = 'u'\nauth = 'none'\nclients.allow_ips = ['10.0.0.0/8']\n",
        // The upstream's table comes before the first section.
        String::new()
    );
    let text = format!(
        "{text}[upstreams.u]\ntargets = ['http://{}']\n[[routes]]\nname = 'all'\nmatch.path = '/{{*rest}}'\nupstream = 'u'\nauth = 'none'\n",
        upstream.address
    );
    let gate = Setup { trusted_proxies: vec!["127.0.0.1"], ..Setup::new(&text) }.open();
    let ask = async |host: &str, path: &str, client: &str| {
        let answer =
            gate.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {client}\r\n\r\n")).await;
        if answer.status() == 200 { "ok".to_owned() } else { answer.problem().1 }
    };
    assert_eq!(ask("API.test:8080", "/", "192.0.2.1").await, "ok");
    assert_eq!(ask("acme.test", "/", "192.0.2.1").await, "ok", "a tenant's host");
    assert_eq!(ask("evil.test", "/", "192.0.2.1").await, "host.not_served");
    assert_eq!(ask("api.test", "/", "203.0.113.9").await, "client.refused");
    assert_eq!(ask("api.test", "/inside", "192.0.2.1").await, "client.refused");
    assert_eq!(ask("api.test", "/inside", "10.1.1.1").await, "ok");
    // What a client claims to be counts only as far as a proxy of ours vouches for it.
    assert_eq!(ask("api.test", "/inside", "10.1.1.1, 192.0.2.1").await, "client.refused");
}

#[tokio::test]
async fn countries_come_from_the_operators_database() {
    let upstream = Upstream::ok().await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("countries.mmdb");
    std::fs::write(&file, mmdb::database(&[([192, 0, 2, 0], 24, "DE")])).expect("written");
    let text = format!(
        "guard.country_database = '{}'\n{}clients.allow_countries = ['DE']\n",
        file.display(),
        open_to(upstream.address)
    );
    let gate = Setup { trusted_proxies: vec!["127.0.0.1"], ..Setup::new(&text) }.open();
    for (client, status) in [("192.0.2.1", 200), ("198.51.100.1", 403), ("2001:db8::1", 403)] {
        let answer = gate.get("/", &format!("X-Forwarded-For: {client}\r\n")).await;
        assert_eq!(answer.status(), status, "{client}");
    }
}

#[tokio::test]
async fn a_route_may_take_smaller_heads_and_bodies_than_the_server() {
    let upstream = Upstream::ok().await;
    let limits = "max_headers = 4\nmax_head = '100B'\nmax_body = '3B'\n";
    let gate = Gate::open(&format!("{}{limits}", open_to(upstream.address)));
    assert_eq!(gate.get("/", "A: 1\r\nB: 2\r\nC: 3\r\n").await.status(), 200);
    let many = gate.get("/", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n").await;
    assert_eq!(many.problem(), (431, "request.head_too_large".into()));
    // `host: gate.test` takes 13 of them, `a` one more.
    assert_eq!(gate.get("/", &format!("A: {}\r\n", "x".repeat(86))).await.status(), 200);
    assert_eq!(gate.get("/", &format!("A: {}\r\n", "x".repeat(87))).await.status(), 431);
    let body = gate.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd").await;
    assert_eq!(body.problem(), (413, "request.too_large".into()));
}
