//! Routes and upstreams made while the gate runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, Backend, TestApp};

const ROUTE: &str = "/api/v1/admin/routes/made";

fn route(path: &str) -> Value {
    json!({ "match": { "path": path }, "upstream": "echo", "auth": "none" })
}

async fn put(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.admin_call("PUT", path, body).await
}

#[tokio::test]
async fn a_route_is_in_force_when_the_call_returns_and_gone_when_it_is_deleted() {
    let app = TestApp::start().await;
    app.get("/made").send().await.expect_problem(404, "route.unknown");
    let upstream = json!({ "targets": [format!("http://{}", app.echo.addr)] });
    put(&app, "/api/v1/admin/upstreams/other", &upstream).await.expect(201);
    put(&app, ROUTE, &json!({ "match": { "path": "/made" }, "upstream": "other", "auth": "none" })).await.expect(201);
    app.get("/made").send().await.expect(200);
    put(&app, ROUTE, &route("/elsewhere")).await.expect(200);
    app.get("/made").send().await.expect(404);
    app.get("/elsewhere").send().await.expect(200);

    let app = app.restart().await;
    app.get("/elsewhere").send().await.expect(200);
    let now = app.admin_get(ROUTE).await.expect(200);
    assert_eq!((now.header("etag"), &now.json["document"]), ("\"3\"", &route("/elsewhere")));
    app.admin_call("POST", "/api/v1/admin/config/revisions/2/rollback", &json!({ "reason": "back" })).await.expect(200);
    app.get("/made").send().await.expect(200);
    app.admin_call("DELETE", ROUTE, &json!({})).await.expect(204);
    app.get("/made").send().await.expect(404);
    let history = app.admin_get("/api/v1/admin/config/revisions").await.expect(200);
    assert_eq!(history.json["items"].as_array().map(Vec::len), Some(5));
    let audit = app.admin_get("/api/v1/admin/audit?action=gateway_config.changed").await.expect(200);
    assert_eq!(audit.json["items"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn findings_are_those_of_config_check_and_nothing_changes() {
    let config = r#"
[[routes]]
name = "written"
match = { path = "/written" }
upstream = "echo"
auth = "none"

[forward_auth]
"#;
    let app = TestApp::builder().config(config).start().await;
    let refuse = async |path: &str, body: Value, field: &str, says: &str| {
        let told = put(&app, path, &body).await.expect_problem(422, "gateway_config.invalid");
        let errors = told.json["errors"].as_array().expect("errors").clone();
        let found = errors.iter().any(|error| {
            error["field"] == field && error["message"].as_str().is_some_and(|message| message.contains(says))
        });
        assert!(found, "{field} {says}: {}", told.text);
    };
    refuse(ROUTE, json!({ "match": { "path": "/a" }, "upstream": "ecko" }), "/upstream", "did you mean").await;
    refuse(ROUTE, json!({ "match": { "path": "/a" }, "upstraem": "echo" }), "/upstraem", "did you mean").await;
    refuse(ROUTE, route("no slash"), "/match/path", "").await;
    refuse(ROUTE, route("/written"), "/match", "written").await;
    let limits = json!([{ "by": "ip", "rate": "5/minute", "quota": "9/day" }]);
    let both = json!({ "match": { "path": "/a" }, "upstream": "echo", "limits": limits });
    refuse(ROUTE, both, "/limits", "exactly one of").await;
    refuse("/api/v1/admin/upstreams/u", json!({ "targets": ["ftp://x"] }), "/targets/0", "http").await;
    refuse("/api/v1/admin/upstreams/u", json!({}), "/targets", "an upstream has 1 to 256 targets").await;
    // Whoever may make routes must not read passwords.
    refuse(ROUTE, route("/api/v1/auth/login"), "/match/path", "Portcullis itself").await;
    refuse(ROUTE, route("/api/auth/login"), "/match/path", "Portcullis itself").await;
    let greedy = json!({ "match": { "path": "/{*rest}" }, "upstream": "echo", "auth": "none", "priority": 1 });
    refuse(ROUTE, greedy, "/match/path", "Portcullis itself").await;
    let at = |path: &str| json!({ "match": { "path": path, "host": "api.example.com" }, "upstream": "echo", "auth": "none" });
    for path in ["/{*rest}", "/{a}/{*rest}", "/api/{b}/auth/login"] {
        refuse(ROUTE, at(path), "/match/path", "Portcullis itself").await;
    }
    for path in ["/ui/reset-password/choose", "/ui/{page}", "/ui", "/api/v1/admin/users/0190/roles", "/.well-known/x"] {
        refuse(ROUTE, route(path), "/match/path", "Portcullis itself").await;
    }
    refuse("/api/v1/admin/routes/login", route("/a"), "", "built-in").await;
    put(&app, "/api/v1/admin/routes/written", &route("/a")).await.expect_problem(409, "gateway_config.in_file");
    put(&app, "/api/v1/admin/upstreams/echo", &json!({})).await.expect_problem(409, "gateway_config.in_file");
    assert_eq!(app.admin_get("/api/v1/admin/config").await.json["revision"], 0);
    app.get("/a").send().await.expect(404);
    put(&app, "/api/v1/admin/routes/hosted", &at("/orders/{*rest}")).await.expect(201);
    // What leads nowhere is only asked about.
    let nowhere = json!({ "match": { "path": "/{*rest}", "host": "api.example.com" }, "auth": "none" });
    put(&app, "/api/v1/admin/routes/asked-about", &nowhere).await.expect(201);
    put(&app, ROUTE, &route("/{*rest}")).await.expect(201);
    app.get("/anything").send().await.expect(200);
    app.get("/api/v1/me").send().await.expect_problem(401, "credentials.missing");
}

#[tokio::test]
async fn nodes_converge() {
    let one = TestApp::builder().backend(Backend::PostgresAndRedis).start().await;
    let other = one.another_node().await;
    put(&one, ROUTE, &route("/made")).await.expect(201);
    let began = std::time::Instant::now();
    while other.get("/made").send().await.status != 200 {
        tokio::task::yield_now().await;
    }
    eprintln!("a new route: felt on the other node after {:?}", began.elapsed());
    // Both at once: neither loses what the other made.
    let made = (0..20).map(|i| {
        let (app, path) = (if i % 2 == 0 { &one } else { &other }, format!("/made/{i}"));
        async move { put(app, &format!("/api/v1/admin/routes/r{i}"), &route(&path)).await.expect(201) }
    });
    join_all(made).await;
    for i in 0..20 {
        for node in [&one, &other] {
            while node.get(&format!("/made/{i}")).send().await.status != 200 {
                tokio::task::yield_now().await;
            }
        }
    }
    other.admin_call("POST", "/api/v1/admin/config/revisions/0/rollback", &json!({})).await.expect(200);
    while one.get("/made").send().await.status != 404 {
        tokio::task::yield_now().await;
    }
}

/// So many that a request is under way at every point of a reload.
const RELOADS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_reloads_under_load_fail_no_request() {
    let app = Arc::new(TestApp::builder().config("[identity.limits]\nip = []\nuser = []\n").start().await);
    put(&app, ROUTE, &route("/made/{*rest}")).await.expect(201);
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (app, stop, sent) = (app.clone(), stop.clone(), sent.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let answer = app.get("/made/it").send().await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for i in 0..RELOADS {
        let mut changed = route("/made/{*rest}");
        changed["strip_prefix"] = if i % 2 == 0 { json!("/made") } else { Value::Null };
        changed["timeout"] = json!(format!("{}s", 10 + i % 7));
        put(&app, ROUTE, &changed).await.expect(200);
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no request failed");
    }
    assert!(sent.load(Ordering::Relaxed) > RELOADS / 10, "there was load");
}

#[tokio::test]
async fn a_route_among_five_thousand_is_in_force_when_the_call_returns() {
    let mut config = String::new();
    for i in 0..5_000 {
        config.push_str(&format!(
            "[[routes]]\nname = \"r{i}\"\nmatch = {{ path = \"/r{i}/{{*rest}}\" }}\nupstream = \"echo\"\nauth = \"none\"\n"
        ));
    }
    let app = TestApp::builder().config(&config).start().await;
    let mut times = Vec::new();
    for i in 0..5 {
        let began = std::time::Instant::now();
        put(&app, ROUTE, &route(&format!("/made/{i}"))).await;
        app.get(&format!("/made/{i}")).send().await.expect(200);
        times.push(began.elapsed());
    }
    app.get("/r4999/x").send().await.expect(200);
    // The requirement is about a release build on a machine of its own: told, not asserted.
    eprintln!("a route among 5 000: live after {times:?}");
}
