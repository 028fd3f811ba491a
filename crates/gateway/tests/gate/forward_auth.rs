//! Other proxies ask about requests that they forward themselves.

use crate::{
    harness::{Answer, Gate, Setup, Upstream},
    pki::Authority,
    tls::{connect, tls},
};

const CONFIG: &str = r#"
[forward_auth]
login_url = "https://auth.test/login?lang=en"
[upstreams.u]
targets = ["http://UPSTREAM"]
[[routes]]
name = "shop"
match = { path = "/{*rest}", host = "shop.test" }
[[routes]]
name = "public"
match = { path = "/public/{*rest}", host = "shop.test" }
auth = "none"
[[routes]]
name = "admin"
match = { path = "/admin", host = "shop.test" }
permissions = ["orders:delete"]
[[routes]]
name = "strong"
match = { path = "/strong", host = "shop.test" }
acr = "mfa"
max_age = "10m"
[[routes]]
name = "search"
match = { path = "/search", host = "shop.test" }
limits = [{ by = "user", rate = "1/hour" }]
[[routes]]
name = "pages"
match = { path = "/pages", host = "shop.test" }
cors = { origins = ["https://page.test"] }
[[routes]]
name = "served"
match = { path = "/{*rest}", host = "served.test" }
upstream = "u"
auth = "none"
"#;

fn setup(upstream: &Upstream) -> Setup {
    let text = CONFIG.replace("UPSTREAM", &upstream.address.to_string());
    Setup { trusted_proxies: vec!["127.0.0.1/32"], ..Setup::new(&text) }
}

async fn open() -> (Gate, Upstream) {
    let upstream = Upstream::ok().await;
    (setup(&upstream).open(), upstream)
}

/// As Traefik asks.
async fn ask(gate: &Gate, method: &str, host: &str, uri: &str, fields: &str) -> Answer {
    gate.get(
        "/forward-auth",
        &format!(
            "X-Forwarded-Method: {method}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: {host}\r\n\
             X-Forwarded-Uri: {uri}\r\nX-Forwarded-For: 192.0.2.7\r\n{fields}"
        ),
    )
    .await
}

const KEY: &str = "X-API-Key: pk_live_ada\r\n";

#[tokio::test]
async fn a_known_caller_is_told_of() {
    let (gate, upstream) = open().await;
    let answer = ask(&gate, "DELETE", "shop.test", "/orders/1?x=1", KEY).await;
    assert_eq!((answer.status(), answer.text()), (200, String::new()));
    assert_eq!(answer.field("x-portcullis-roles"), Some("reader,writer"));
    assert_eq!(answer.field("x-portcullis-scopes"), Some("openid orders"));
    assert_eq!(answer.field("x-portcullis-user"), Some("00000000-0000-0000-0000-000000000ada"));
    for name in ["assertion", "actor", "certificate-subject", "certificate-names", "certificate-fingerprint"] {
        let name = format!("x-portcullis-{name}");
        assert_eq!(answer.field(&name), Some(""), "there is none, and no client's copy stays");
    }
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    // Who is not known is told of as nobody.
    let answer = ask(&gate, "GET", "shop.test", "/public/x", "X-Portcullis-User: root\r\n").await;
    assert_eq!((answer.status(), answer.field("x-portcullis-user")), (200, Some("")));
    let told = gate.ledger.finished(2).await;
    let line = &told[0];
    assert_eq!((line.route.as_str(), line.status, line.fault), ("forward-auth:shop", 200, "none"));
    assert_eq!(
        (line.host.as_str(), line.path.as_str(), line.client_ip.as_str()),
        ("shop.test", "/orders/1", "192.0.2.7")
    );
    assert_eq!(told[1].route, "forward-auth:public");
    let disguised = ask(&gate, "GET", "shop.test", "/public/x", "X_Portcullis-Actor: root\r\n").await;
    assert_eq!(disguised.problem(), (400, "forward_auth.request".into()));
    assert!(upstream.seen.lock().is_empty(), "the proxy forwards, not the gate");
}

#[tokio::test]
async fn refusals_are_those_of_the_route() {
    let (gate, _upstream) = open().await;
    let answer = ask(&gate, "GET", "shop.test", "/orders", "").await;
    assert_eq!(answer.problem(), (401, "credentials.missing".into()));
    assert_eq!(answer.field("www-authenticate"), Some("Bearer realm=\"portcullis\""));
    assert_eq!(ask(&gate, "GET", "shop.test", "/admin", KEY).await.status(), 403);
    assert_eq!(ask(&gate, "GET", "shop.test", "/search", KEY).await.status(), 200);
    let answer = ask(&gate, "GET", "shop.test", "/search", KEY).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.field("retry-after").is_some() && answer.field("ratelimit").is_some());
    assert_eq!(ask(&gate, "GET", "other.test", "/orders", KEY).await.problem(), (404, "route.unknown".into()));
    assert_eq!(ask(&gate, "CONNECT", "shop.test", "/orders", KEY).await.status(), 501);
    // A cookie alone opens no WebSocket for other sites' pages, though proxies have taken `Upgrade` away.
    let cookie = "Cookie: __Host-portcullis_session=ada\r\n";
    assert_eq!(ask(&gate, "GET", "shop.test", "/orders", cookie).await.status(), 200);
    let socket = format!("{cookie}Sec-WebSocket-Key: x\r\nOrigin: https://evil.test\r\n");
    assert_eq!(ask(&gate, "GET", "shop.test", "/orders", &socket).await.problem(), (403, "session.csrf".into()));
    let socket = format!("{cookie}Sec-WebSocket-Key: x\r\nOrigin: https://shop.test\r\n");
    assert_eq!(ask(&gate, "GET", "shop.test", "/orders", &socket).await.status(), 200);
    // Who has not proven enough is told what would be, and people are led to where they prove it.
    for known in [KEY, cookie] {
        let answer = ask(&gate, "GET", "shop.test", "/strong", known).await;
        assert_eq!(answer.problem(), (401, "auth.step_up_required".into()));
        let challenge = answer.field("www-authenticate").expect("a challenge");
        let asked = "error=\"insufficient_user_authentication\", acr_values=\"mfa\", max_age=\"600\"";
        assert!(challenge.ends_with(asked), "{challenge}");
    }
    let answer = ask(&gate, "GET", "shop.test", "/strong", &format!("{cookie}Accept: text/html\r\n")).await;
    let login = "https://auth.test/login?lang=en&acr_values=mfa&max_age=600&return_to=https%3A//shop.test/strong";
    assert_eq!((answer.status(), answer.field("location")), (302, Some(login)));
    let preflight = "Origin: https://page.test\r\nAccess-Control-Request-Method: PUT\r\n";
    assert_eq!(ask(&gate, "OPTIONS", "shop.test", "/pages", preflight).await.status(), 200, "the service answers it");
    assert_eq!(ask(&gate, "OPTIONS", "shop.test", "/orders", preflight).await.status(), 401);
}

#[tokio::test]
async fn the_certificate_of_the_proxy_is_not_the_clients() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let more = format!("tls.client_ca = {:?}\ntls.client_auth = \"optional\"\n", clients.file());
    let routes = "forward_auth = {}\n[[routes]]\nname = \"m\"\nmatch = { path = \"/m\" }\nauth = [\"mtls\"]\n";
    let text = format!("{}{routes}", tls(&[&authority.sign("a", &["a.test"])], &more));
    let gate = Setup { trusted_proxies: vec!["127.0.0.1/32"], ..Setup::new(&text) }.open();
    let proxy = clients.sign("proxy", &["proxy.test"]);
    let mut proxy = connect(&gate, &authority.client(Some(&proxy), &[]), "a.test").await;
    proxy.send("GET /forward-auth/m HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
    assert_eq!(proxy.answer().await.problem(), (403, "certificate.required".into()));
}

#[tokio::test]
async fn envoy_asks_below_the_path() {
    let (gate, upstream) = open().await;
    let envoy = |path: &str, host: &str, fields: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        let gate = &gate;
        async move { gate.ask(&request).await }
    };
    assert_eq!(envoy("/forward-auth/orders?x=1", "shop.test", KEY).await.status(), 200);
    assert_eq!(envoy("/forward-auth/orders", "shop.test", "").await.status(), 401);
    assert_eq!(envoy("/forward-auth/public", "shop.test", "").await.status(), 200);
    // A route of its host would be found first, if this were a request like any other.
    let answer = envoy("/forward-auth/x", "served.test", "").await;
    assert_eq!((answer.status(), answer.text()), (200, String::new()));
    for path in ["/forward-auth/../x", "/forward-auth/%2e%2e/x", "/forward-auth//x"] {
        assert_eq!(envoy(path, "served.test", "").await.problem(), (400, "forward_auth.request".into()));
    }
    assert!(upstream.seen.lock().is_empty());
    assert_eq!(envoy("/forward-authority", "served.test", "").await.text(), "ok", "that is another path");
}

#[tokio::test]
async fn nobody_else_may_ask_and_nothing_else_is_told() {
    let upstream = Upstream::ok().await;
    let gate = Setup { trusted_proxies: vec!["192.0.2.0/24"], ..setup(&upstream) }.open();
    assert_eq!(ask(&gate, "GET", "shop.test", "/public", "").await.problem(), (403, "forward_auth.untrusted".into()));
    assert_eq!(gate.ledger.finished(1).await[0].route, "forward-auth");

    let (gate, upstream) = open().await;
    let answer = ask(&gate, "GET", "shop.test", "/public", "X-Original-URL: https://shop.test/admin\r\n").await;
    assert_eq!(answer.problem(), (400, "forward_auth.request".into()));
    // A route that others forward is nowhere for those who come here themselves.
    let direct = gate.ask(&format!("GET /public HTTP/1.1\r\nHost: shop.test\r\n{KEY}\r\n")).await;
    assert_eq!(direct.problem(), (404, "route.unknown".into()));
    // Trailers-only answers have the status 200, which would let the request through.
    let call = "Content-Type: application/grpc\r\n";
    assert_eq!(ask(&gate, "POST", "shop.test", "/orders", call).await.problem(), (401, "credentials.missing".into()));
    assert!(upstream.seen.lock().is_empty());
}

#[tokio::test]
async fn routes_that_are_built_in_are_not_asked_about() {
    let service = gateway::upstream::InProcess::new(
        "identity",
        tower::service_fn(|_: http::Request<gateway::body::RequestBody>| async {
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::<bytes::Bytes>::default()))
        }),
        tokio::runtime::Handle::current(),
    );
    let builtin =
        |path: &str| gateway::route::Route::in_process("identity", path.parse().expect("a pattern"), service.clone());
    let upstream = Upstream::ok().await;
    let gate = Setup { builtin: vec![builtin("/api/v1/{*rest}")], ..setup(&upstream) }.open();
    // It lets anybody in, and is more exact than the shop's route.
    assert_eq!(ask(&gate, "GET", "shop.test", "/api/v1/orders", "").await.status(), 401);
    assert_eq!(ask(&gate, "GET", "other.test", "/api/v1/orders", "").await.status(), 404);
}

#[tokio::test]
async fn browsers_are_sent_to_sign_in() {
    let (gate, _upstream) = open().await;
    let page = "Accept: text/html,*/*;q=0.8\r\n";
    let back = "https://auth.test/login?lang=en&return_to=https%3A//shop.test/orders%3Fa%3D1%26b%3D2";
    let answer = ask(&gate, "GET", "shop.test", "/orders?a=1&b=2", page).await;
    assert_eq!((answer.status(), answer.field("location")), (302, Some(back)));
    // An old session is none.
    let old = format!("{page}Cookie: __Host-portcullis_session=old\r\nSec-Fetch-Mode: navigate\r\n");
    assert_eq!(ask(&gate, "GET", "shop.test", "/orders", &old).await.status(), 302);
    // nginx takes no redirect, and hands the address on.
    let nginx = format!("X-Original-Method: GET\r\nX-Original-URL: https://shop.test/orders?a=1&b=2\r\n{page}");
    let answer = gate.get("/forward-auth", &nginx).await;
    assert_eq!((answer.status(), answer.field("location")), (401, Some(back)));
    // On the host that was asked for.
    let text = CONFIG.replace("https://auth.test/login?lang=en", "/ui/login").replace("UPSTREAM", "127.0.0.1:1");
    let here = Setup { trusted_proxies: vec!["127.0.0.1/32"], ..Setup::new(&text) }.open();
    let answer = ask(&here, "GET", "shop.test:8443", "/orders?a=1", page).await;
    assert_eq!(answer.field("location"), Some("https://shop.test:8443/ui/login?return_to=/orders%3Fa%3D1"));
    // Programs, forms, and what pages load are told.
    for fields in ["Accept: application/json\r\n", "", "Accept: text/html\r\nSec-Fetch-Mode: cors\r\n"] {
        assert_eq!(ask(&gate, "GET", "shop.test", "/orders", fields).await.status(), 401);
    }
    assert_eq!(ask(&gate, "POST", "shop.test", "/orders", page).await.status(), 401);
    let wrong = format!("{page}X-API-Key: pk_live_wrong\r\n");
    assert_eq!(ask(&gate, "GET", "shop.test", "/orders", &wrong).await.status(), 401);
    assert_eq!(ask(&gate, "GET", "shop.test", "/admin", &format!("{page}{KEY}")).await.status(), 403);
}

#[tokio::test]
async fn mistakes_in_the_configuration_are_found() {
    let places = |text: &str| Setup::new(text).problems().into_iter().map(|p| p.path).collect::<Vec<_>>();
    let route = "[[routes]]\nname = \"r\"\nmatch = { path = \"/r\" }\n";
    assert_eq!(places(route), ["routes[0].upstream"]);
    assert_eq!(places(&format!("[forward_auth]\n{route}timeout = \"1s\"\n")), ["routes[0].timeout"]);
    let text = "forward_auth = { path = \"/a/\", login_url = \"//login\", return_parameter = \"a b\" }\n";
    assert_eq!(places(text), ["forward_auth.path", "forward_auth.login_url", "forward_auth.return_parameter"]);
    for path in ["", "/", "a", "/{x}", "/a/../b", "/a?b"] {
        assert_eq!(places(&format!("forward_auth.path = \"{path}\"\n")), ["forward_auth.path"], "{path}");
    }
}
