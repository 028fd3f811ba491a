//! Registering, logging in, and who one is then.

use kernel::jose::Claims;

use super::*;
use crate::preferences::{Preferences, Registration};

crate::testing::on_both_databases! {
    a_tenant_closes_registration_for_itself;
}

fn claims(node: &TestCore, tokens: &Json) -> Claims {
    let keys = node.core.edge.keys.load();
    let verified = keys.verify(text(&tokens["access_token"]), node.core.now());
    verified.map(|(claims, _)| claims).expect("a valid token")
}

#[tokio::test]
async fn a_newcomer_logs_in_and_is_somebody() {
    let node = TestCore::start().await;
    let body = json!({"email": " Ada@Example.com ", "password": PASSWORD, "display_name": "Ada", "company_name": "Engines",
        "phone": "+49 30 123456", "external_id": "crm-1", "attributes": {"plan": "gold"}});
    let registered = node.post("/api/v1/auth/register", &body).send().await.expect(201);
    assert_eq!(registered["user"]["email"], "ada@example.com");
    let tokens = login(&node, "ADA@example.com").await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens["user"]["roles"], json!(["user"]));
    let me = node.get("/api/v1/me").bearer(text(&tokens["access_token"])).send().await.expect(200);
    assert_eq!((&me["user"]["id"], &me["user"]["phone"]), (&tokens["user"]["id"], &json!("+4930123456")));
    assert_eq!((&me["user"]["attributes"], &me["method"]), (&json!({"plan": "gold"}), &json!("jwt")));
    let permissions = me["permissions"].as_array().expect("a list");
    assert!(permissions.contains(&json!("profile:read")) && !permissions.contains(&json!("users:read")));
    let same = node.get("/api/v1/auth/me").bearer(text(&tokens["access_token"])).send().await.expect(200);
    assert_eq!(me, same);
}

#[tokio::test]
async fn an_access_token_says_what_it_must() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let plain = claims(&node, &login(&node, "ada@example.com").await);
    let now = node.core.now().as_secs();
    let tenant = node.tenant();
    assert_eq!((plain.iss.as_str(), &plain.aud), (&*tenant.issuer, &vec![tenant.issuer.to_string()]));
    assert_eq!((plain.iat, plain.nbf, plain.exp, plain.auth_time), (now, now, now + 900, Some(now)));
    assert_eq!((plain.tid, plain.email, plain.scope.as_str()), (tenant.id, None, ""));
    assert!(plain.sid.is_some() && plain.akid.is_none() && plain.permissions.is_none());
    assert_eq!(plain.roles, ["user".parse().expect("a role")]);

    let body = json!({"email": "ada@example.com", "password": PASSWORD, "scope": "openid email"});
    let tokens = node.post("/api/v1/auth/login", &body).send().await.expect(200);
    let asked = claims(&node, &tokens);
    assert_eq!((asked.email.as_deref(), asked.scope.as_str()), (Some("ada@example.com"), "openid email"));
    assert_ne!((asked.jti, asked.sid), (plain.jti, plain.sid));
    // A refresh keeps the scope and the time of the login.
    node.clock.advance(MINUTE);
    let refreshed = claims(&node, &refresh(&node, &tokens["refresh_token"]).await.expect(200));
    assert_eq!(
        (refreshed.email.as_deref(), refreshed.auth_time, refreshed.iat),
        (Some("ada@example.com"), Some(now), now + 60)
    );
}

#[tokio::test]
async fn a_login_is_by_address_or_user_name_and_by_one_of_them() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    let id = user_id(&tokens);
    let work = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            let sql = "UPDATE users SET username = 'countess' WHERE tenant_id = $1 AND id = $2";
            tx.execute(sql, params![id]).await
        })
    });
    work.await.map_err(|e: StoreError| e).expect("named");
    let try_body = async |body: Json| node.post("/api/v1/auth/login", &body).send().await;
    try_body(json!({"username": "Countess", "password": PASSWORD})).await.expect(200);
    for (body, code) in [
        (json!({"password": PASSWORD}), "request.invalid"),
        (json!({"email": "ada@example.com", "username": "countess", "password": PASSWORD}), "request.invalid"),
        (json!({"email": "a".repeat(255), "password": PASSWORD}), "request.invalid"),
        (json!({"email": "ada@example.com", "password": "x".repeat(129)}), "request.invalid"),
        (json!({"email": "ada@example.com", "password": PASSWORD, "scope": "admin"}), "request.invalid"),
        (json!({"email": "ada@example.com", "password": PASSWORD, "admin": true}), "request.malformed"),
        (json!({"email": "ada@example.com"}), "request.malformed"),
    ] {
        try_body(body).await.expect_problem(400, code);
    }
}

#[tokio::test]
async fn no_answer_to_nonsense_repeats_the_password() {
    let node = TestCore::start().await;
    for body in [r#"{"email": 1, "password": "hunter2"}"#, r#"{"password": ["hunter2"]}"#, r#"{"password": "hunter2""#]
    {
        let reply = node.call(http::Method::POST, "/api/v1/auth/login").raw(body).send().await;
        assert!(!reply.json.to_string().contains("hunter2"), "{}", reply.json);
        reply.expect_problem(400, "request.malformed");
    }
}

#[tokio::test]
async fn registration_can_be_closed() {
    let mut settings = crate::testing::settings();
    settings.open_registration = false;
    let node = TestCore::start_with(settings).await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    node.post("/api/v1/auth/register", &body).send().await.expect_problem(403, "registration.closed");
    assert_eq!(node.core.hasher.computed(), 0);
    // No tenant opens what the operator has closed; what it said before opens nothing either.
    let boss = node.person("boss@example.com", &["admin"]).await;
    let open = json!({"registration": "open"});
    let told = node.call(http::Method::PATCH, "/api/v1/admin/settings").json(&open).bearer(&boss.token).send().await;
    let told = told.expect_problem(400, "request.invalid");
    assert_eq!(
        (&told["errors"][0]["field"], &told["errors"][0]["code"]),
        (&json!("/registration"), &json!("unavailable"))
    );
    let said = Preferences { registration: Some(Registration::Open), ..Preferences::default() };
    assert!(!said.may_register(&node.core.settings));
}

async fn a_tenant_closes_registration_for_itself(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let acme = node.new_tenant("acme").await;
    let decide = async |registration: Json| {
        let body = json!({ "registration": registration });
        let path = "/api/v1/admin/settings";
        node.call(http::Method::PATCH, path).json(&body).bearer(&boss.token).send().await.expect(200)
    };
    let register = async |email: &str, tenant: &std::sync::Arc<kernel::edge::Tenant>| {
        let body = json!({"email": email, "password": PASSWORD});
        node.post("/api/v1/auth/register", &body).tenant(tenant).send().await
    };
    assert_eq!(decide(json!("closed")).await["registration"], "closed");
    let hashed = node.core.hasher.computed();
    register("ada@example.com", &node.tenant()).await.expect_problem(403, "registration.closed");
    assert_eq!(node.core.hasher.computed(), hashed, "no work for nothing");
    register("ada@example.com", &acme).await.expect(201);
    // Administrators still make accounts.
    let body = json!({"email": "bob@example.com", "password": PASSWORD});
    node.post("/api/v1/admin/users", &body).bearer(&boss.token).send().await.expect(201);
    assert!(decide(Json::Null).await.get("registration").is_none());
    register("ada@example.com", &node.tenant()).await.expect(201);
    decide(json!("open")).await;
    register("eve@example.com", &node.tenant()).await.expect(201);
}

#[tokio::test]
async fn people_change_their_profile_field_by_field() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    let token = text(&tokens["access_token"]);
    let put =
        async |body: Json| node.call(http::Method::PUT, "/api/v1/auth/profile").json(&body).bearer(token).send().await;
    let body = json!({"display_name": " Ada ", "phone": "+4930123456", "attributes": {"a": 1}});
    assert_eq!(put(body).await.expect(200)["display_name"], "Ada");
    let profile = put(json!({"phone": null, "company_name": "Engines"})).await.expect(200);
    assert_eq!((&profile["display_name"], &profile["phone"]), (&json!("Ada"), &Json::Null));
    assert_eq!((&profile["company_name"], &profile["attributes"]), (&json!("Engines"), &json!({"a": 1})));
    let read = node.get("/api/v1/auth/profile").bearer(token).send().await.expect(200);
    assert_eq!(read, profile);
    put(json!({"email": "eve@example.com"})).await.expect_problem(400, "request.malformed");
    put(json!({"status": "active", "roles": ["admin"]})).await.expect_problem(400, "request.malformed");
    let problem = put(json!({"phone": "1", "display_name": ""})).await.expect_problem(400, "request.invalid");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(audited(&node, "user.profile_updated").await, 2);
}

#[tokio::test]
async fn a_tenants_own_key_has_no_profile_but_is_somebody() {
    let node = TestCore::start().await;
    let key = kernel::ApiKeyId::new(node.core.now(), &*node.core.random);
    let own = std::sync::Arc::new(kernel::Principal {
        subject: kernel::Subject::ApiKey(key),
        method: kernel::AuthMethod::ApiKey,
        api_key: Some(key),
        roles: std::sync::Arc::new([]),
        narrowed_to: Some(std::sync::Arc::new(
            ["profile:read", "orders:*"].map(|g| g.parse().expect("a grant")).into_iter().collect(),
        )),
        ..kernel::Principal::clone(&node.caller(&[]))
    });
    node.get("/api/v1/auth/profile").by(&own).send().await.expect_problem(403, "account.none");
    let me = node.get("/api/v1/me").by(&own).send().await.expect(200);
    assert_eq!((&me["user"], &me["api_key_id"]), (&Json::Null, &json!(key.to_string())));
    assert_eq!(me["permissions"], json!(["orders:*", "profile:read"]));
}

/// The credential is narrower than the roles, and wider where the roles are narrower: both bounds hold.
#[tokio::test]
async fn effective_permissions_are_what_the_edge_would_allow() {
    let node = TestCore::start().await;
    let id = user_id(&newcomer(&node, "ada@example.com").await);
    let caller = node.caller(&["profile:*", "content:read", "orders:*"]);
    let narrowed = ["profile:read", "users:read", "orders:read"].map(|g| g.parse().expect("a grant"));
    let narrowed = std::sync::Arc::new(kernel::Principal {
        subject: kernel::Subject::User(id),
        narrowed_to: Some(std::sync::Arc::new(narrowed.into_iter().collect())),
        ..kernel::Principal::clone(&caller)
    });
    let me = node.get("/api/v1/me").by(&narrowed).send().await.expect(200);
    assert_eq!(me["permissions"], json!(["orders:read", "profile:read"]));
}

#[tokio::test]
async fn a_token_says_when_and_how_its_holder_proved_who_they_are() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    let said = claims(&node, &tokens);
    let once = kernel::Amr::of(kernel::assurance::Method::Password);
    assert_eq!(said.amr, once);
    let refreshed = claims(&node, &refresh(&node, &tokens["refresh_token"]).await.expect(200));
    assert_eq!(refreshed.amr, once, "a refresh proves nothing new");
    let payload = text(&tokens["access_token"]).split('.').nth(1).expect("a payload").to_owned();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).expect("base64");
    let payload: Json = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!((&payload["amr"], &payload["acr"]), (&json!(["pwd"]), &json!("1fa")));
}
