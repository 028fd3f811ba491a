//! A user registers, logs in and calls a real service through the gate; everybody else is refused.
//! The same story on every database and key-value store.

use serde_json::json;
use testkit::{Backend, TestApp};

const ROUTES: &str = r#"
[[routes]]
name = "orders"
match = { path = "/orders/{*rest}", methods = ["GET", "POST"] }
upstream = "echo"
permissions = ["orders:read"]

[[routes]]
name = "public"
match = { path = "/public/{*rest}" }
upstream = "echo"
auth = "none"

[[routes]]
name = "limited"
match = { path = "/limited" }
upstream = "echo"
limits = [
    { by = "user", rate = "3/minute" },
    { by = "ip", rate = "1000/hour", algorithm = "sliding_window" },
]
"#;

macro_rules! on_every_backend {
    ($($name:ident;)*) => {$(
        mod $name {
            #[tokio::test] async fn on_sqlite_and_memory() { super::$name(testkit::Backend::SqliteAndMemory).await }
            #[tokio::test] async fn on_postgresql_and_redis() { super::$name(testkit::Backend::PostgresAndRedis).await }
        }
    )*};
}

on_every_backend! {
    a_user_reaches_what_they_may_and_nothing_else;
    logout_is_felt_by_the_very_next_call;
    disabling_is_felt_by_the_very_next_call;
    a_change_of_roles_is_felt_by_the_very_next_call;
    the_limit_is_exact;
    a_session_cookie_and_an_api_key_open_the_gate_too;
    a_tenant_is_an_island;
}

async fn start(backend: Backend) -> TestApp {
    TestApp::builder().backend(backend).config(ROUTES).start().await
}

async fn a_user_reaches_what_they_may_and_nothing_else(backend: Backend) {
    let app = start(backend).await;
    let registered = app
        .post("/api/v1/auth/register")
        .json(&json!({"email": "ada@example.com", "password": testkit::PASSWORD}))
        .send()
        .await;
    registered.expect(201);
    let ada = app
        .post("/api/v1/auth/login")
        .json(&json!({"email": "Ada@Example.com", "password": testkit::PASSWORD}))
        .send()
        .await
        .expect_tokens();

    app.get("/orders/1").send().await.expect_problem(401, "credentials.missing");
    app.get("/orders/1").bearer("nonsense").send().await.expect(401);
    let refused = app.get("/orders/1").bearer(&ada.access).send().await.expect_problem(403, "permission.denied");
    assert!(refused.json["detail"].as_str().is_some_and(|d| d.contains("orders:read")), "{}", refused.text);
    assert!(app.echo.received().is_empty(), "nothing reached the upstream");

    let me = app.get("/api/v1/me").bearer(&ada.access).send().await.expect(200).json;
    app.admin_call("POST", "/api/v1/admin/roles", &json!({"name": "clerk", "permissions": ["orders:*"]}))
        .await
        .expect(201);
    let id = me["user"]["id"].as_str().expect("an id").to_owned();
    app.admin_call("PUT", &format!("/api/v1/admin/users/{id}/roles"), &json!({"roles": ["user", "clerk"]}))
        .await
        .expect(200);

    let echoed = app.get("/orders/1?x=%20y").bearer(&ada.access).send().await.expect(200).json;
    assert_eq!(echoed["uri"], "/orders/1?x=%20y");
    let headers = &echoed["headers"];
    assert_eq!(headers["x-portcullis-user"], id.as_str());
    assert!(headers["x-portcullis-roles"].as_str().is_some_and(|r| r.contains("clerk")), "{headers}");
    assert!(headers["authorization"].is_null(), "the credential stays at the gate");
    app.get("/public/x").send().await.expect(200);
    app.get("/nowhere").send().await.expect(404);
}

async fn logout_is_felt_by_the_very_next_call(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let (one, two) = (ada.login().await.expect_tokens(), ada.login().await.expect_tokens());
    app.get("/api/v1/me").bearer(&one.access).send().await.expect(200);
    app.get("/api/v1/me").bearer(&two.access).send().await.expect(200);

    app.post("/api/v1/auth/logout").bearer(&one.access).send().await.expect(204);
    app.get("/api/v1/me").bearer(&one.access).send().await.expect(401);
    app.refresh(&one.refresh).await.expect(401);
    app.get("/api/v1/me").bearer(&two.access).send().await.expect(200);

    let three = ada.login().await.expect_tokens();
    app.post("/api/v1/auth/logout-all").bearer(&two.access).send().await.expect(204);
    for tokens in [&two, &three] {
        app.get("/api/v1/me").bearer(&tokens.access).send().await.expect(401);
        app.refresh(&tokens.refresh).await.expect(401);
    }
    ada.login().await.expect_tokens();
}

async fn disabling_is_felt_by_the_very_next_call(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    app.get("/api/v1/me").bearer(&tokens.access).send().await.expect(200);
    app.admin_call("POST", &format!("/api/v1/admin/users/{}/disable", ada.id), &json!({})).await;
    app.get("/api/v1/me").bearer(&tokens.access).send().await.expect(401);
    app.refresh(&tokens.refresh).await.expect(401);
    let unknown = app
        .post("/api/v1/auth/login")
        .json(&json!({"email": "nobody@example.com", "password": testkit::PASSWORD}))
        .send()
        .await;
    let disabled = ada.login().await;
    assert_eq!((disabled.status, &disabled.json["code"]), (unknown.status, &unknown.json["code"]));

    app.admin_call("POST", &format!("/api/v1/admin/users/{}/enable", ada.id), &json!({})).await;
    app.get("/api/v1/me").bearer(&tokens.access).send().await.expect(401);
    ada.login().await.expect_tokens();
}

async fn a_change_of_roles_is_felt_by_the_very_next_call(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    let roles = |roles: serde_json::Value| {
        let path = format!("/api/v1/admin/users/{}/roles", ada.id);
        let app = &app;
        async move { app.admin_call("PUT", &path, &json!({"roles": roles})).await.expect(200) }
    };
    app.get("/api/v1/admin/users").bearer(&tokens.access).send().await.expect_problem(403, "permission.denied");
    roles(json!(["user", "admin"])).await;
    app.get("/api/v1/admin/users").bearer(&tokens.access).send().await.expect(200);
    roles(json!(["user"])).await;
    app.get("/api/v1/admin/users").bearer(&tokens.access).send().await.expect_problem(403, "permission.denied");
}

async fn the_limit_is_exact(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    let calls = (0..12).map(|_| {
        let call = app.get("/limited").bearer(&tokens.access);
        async move { call.send().await }
    });
    let mut answers = Vec::new();
    for call in calls.map(tokio::spawn).collect::<Vec<_>>() {
        answers.push(call.await.expect("a call"));
    }
    let (allowed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
    assert_eq!((allowed.len(), refused.len()), (3, 9));
    for answer in refused {
        let answer = answer.expect_problem(429, "limit.exceeded");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|s| (1..=61).contains(&s)));
        assert!(!answer.header("ratelimit").is_empty() && !answer.header("ratelimit-policy").is_empty());
    }
    let bob = app.user("bob@example.com").await.login().await.expect_tokens();
    app.get("/limited").bearer(&bob.access).send().await.expect(200);
}

async fn a_session_cookie_and_an_api_key_open_the_gate_too(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let login = app
        .post("/api/v1/auth/login")
        .json(&json!({"email": ada.email, "password": testkit::PASSWORD, "set_cookie": true}))
        .send()
        .await
        .expect(200);
    let cookie = login.header("set-cookie").to_owned();
    for attribute in ["__Host-portcullis_session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    app.get("/limited").header("cookie", &pair).send().await.expect(200);
    app.post("/limited").header("cookie", &pair).send().await.expect_problem(403, "session.csrf");
    app.post("/limited").header("cookie", &pair).header("sec-fetch-site", "same-origin").send().await.expect(200);

    // The gate's own routes know nobody then, and say why; not of a cookie that proves where it is from.
    let changes =
        |origin: &str| app.call("PUT", "/api/v1/auth/profile").header("cookie", &pair).header("origin", origin);
    let refused = changes("https://evil.example").json(&json!({})).send().await;
    let refused = refused.expect_problem(401, "credentials.missing");
    assert!(refused.json["detail"].as_str().expect("a detail").contains("another site"), "{}", refused.text);
    let nobody = app.call("PUT", "/api/v1/auth/profile").json(&json!({})).send().await;
    let nobody = nobody.expect_problem(401, "credentials.missing");
    assert!(!nobody.text.contains("another site"), "{}", nobody.text);

    let tokens = login.expect_tokens();
    let key = app
        .post("/api/v1/api-keys")
        .bearer(&tokens.access)
        .json(&json!({"name": "ci", "permissions": ["profile:read"]}))
        .send()
        .await
        .expect(201);
    let secret = key.json["key"].as_str().filter(|s| s.starts_with("pk_live_")).expect("the secret, once").to_owned();
    let id = key.json["id"].as_str().expect("an id").to_owned();
    app.get("/api/v1/me").header("x-api-key", &secret).send().await.expect(200);
    app.get("/api/v1/me").bearer(&secret).send().await.expect(200);
    app.get(&format!("/api/v1/api-keys/{id}")).bearer(&tokens.access).send().await.expect(200);
    let delete = app.call("DELETE", &format!("/api/v1/api-keys/{id}")).bearer(&tokens.access);
    delete.send().await.expect(204);
    app.get("/api/v1/me").header("x-api-key", &secret).send().await.expect(401);
}

async fn a_tenant_is_an_island(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    let created =
        app.admin_call("POST", "/api/v1/admin/tenants", &json!({"slug": "acme", "name": "Acme"})).await.expect(201);
    let id = created.json["id"].as_str().expect("an id").to_owned();

    let user = json!({"email": "ada@example.com", "password": testkit::PASSWORD});
    app.post("/api/v1/auth/register").header("x-tenant-id", "acme").json(&user).send().await.expect(201);
    let theirs = app.post("/t/acme/api/v1/auth/login").json(&user).send().await.expect_tokens();
    app.get("/api/v1/me").bearer(&theirs.access).send().await.expect(200);
    app.get("/t/acme/api/v1/me").bearer(&theirs.access).send().await.expect(200);
    app.get("/api/v1/me").header("x-tenant-id", &id).bearer(&theirs.access).send().await.expect(200);
    app.get("/t/acme/api/v1/me").bearer(&tokens.access).send().await.expect(401);
    app.post("/t/acme/api/v1/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await.expect(401);

    let keys = app.get("/.well-known/jwks.json").send().await.expect(200).json;
    let their_keys = app.get("/t/acme/.well-known/jwks.json").send().await.expect(200).json;
    assert_ne!(keys["keys"][0]["kid"], their_keys["keys"][0]["kid"]);

    app.admin_call("POST", "/api/v1/admin/tenants/{id}/suspend".replace("{id}", &id).as_str(), &json!({})).await;
    app.get("/api/v1/me").bearer(&theirs.access).send().await.expect_problem(403, "tenant.suspended");
    app.get("/t/acme/.well-known/jwks.json").send().await.expect_problem(403, "tenant.suspended");
    app.get("/t/nobody/.well-known/jwks.json").send().await.expect_problem(404, "tenant.unknown");
}
