//! Sessions: their cookie, their list, their ends.

use std::sync::Arc;

use kernel::{AuthMethod, Principal, Secret, Subject, principal::Network};

use super::*;
use crate::sessions::{authenticate_cookie, cookie};

/// Logs in with a cookie and returns the tokens and the cookie's value.
async fn login_with_cookie(node: &TestCore, email: &str) -> (Json, Secret) {
    let body = json!({"email": email, "password": PASSWORD, "set_cookie": true, "remember_me": true, "scope": "email"});
    let reply = node.post("/api/v1/auth/login", &body).header("user-agent", "Test/1").send().await;
    let header = reply.headers["set-cookie"].to_str().expect("text").to_owned();
    let (pair, attributes) = header.split_once(';').expect("attributes");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=2592000"] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    let value = pair.strip_prefix(&format!("{}=", cookie::NAME)).expect("the name").to_owned();
    (reply.expect(200), Secret::new(value))
}

#[tokio::test]
async fn a_cookie_is_its_session_until_it_ends() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    assert!(!try_login(&node, "ada@example.com", PASSWORD).await.headers.contains_key("set-cookie"), "only if asked");
    let (tokens, cookie) = login_with_cookie(&node, "ada@example.com").await;
    let principal = authenticate_cookie(&node.core, cookie.clone()).await.expect("known");
    assert_eq!((principal.method, principal.subject), (AuthMethod::Session, Subject::User(user_id(&tokens))));
    assert_eq!((&*principal.scope, principal.roles[0].as_str()), ("email", "user"));
    assert_eq!(principal.expires_at, node.core.now() + MINUTE, "the edge asks again within a minute");

    let reply = node.call(http::Method::POST, "/api/v1/auth/logout").by(&principal).send().await;
    assert!(reply.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    reply.expect(204);
    let refused = authenticate_cookie(&node.core, cookie).await.expect_err("ended");
    assert_eq!(refused.kind.code, "session.ended");
    assert!(node.core.edge.revocations.covers(&principal), "the edge's cache is told too");
    assert!(node.judge(text(&tokens["access_token"])).is_err());
}

#[tokio::test]
async fn cookies_nobody_has_been_given_are_refused() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let (tokens, cookie) = login_with_cookie(&node, "ada@example.com").await;
    let other_tenant = format!("AAAA{}", &cookie.expose()[4..]);
    let refresh_token = text(&tokens["refresh_token"]).trim_start_matches("prt_");
    for wrong in ["", "x", &cookie.expose()[1..], &other_tenant, refresh_token] {
        let refused = authenticate_cookie(&node.core, Secret::new(wrong.to_owned())).await.expect_err(wrong);
        assert_eq!(refused.kind.code, "session.invalid");
    }
}

/// Use is noted at most once a minute, and keeps the session from its idle limit.
#[tokio::test]
async fn a_cookie_in_use_does_not_go_idle() {
    let mut settings = crate::testing::settings();
    settings.sessions.remember = settings.sessions.idle;
    let node = TestCore::start_with(settings).await;
    register(&node, "ada@example.com").await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "set_cookie": true});
    let reply = node.post("/api/v1/auth/login", &body).send().await;
    let header = reply.headers["set-cookie"].to_str().expect("text");
    assert!(!header.contains("Max-Age"), "goes with the browser");
    let value = header.split(['=', ';']).nth(1).expect("a value").to_owned();
    let idle = node.core.settings.sessions.idle;
    for _ in 0..3 {
        node.clock.advance(idle - MINUTE);
        authenticate_cookie(&node.core, Secret::new(value.clone())).await.expect("in use");
    }
    node.clock.advance(idle);
    let refused = authenticate_cookie(&node.core, Secret::new(value)).await.expect_err("idle");
    assert_eq!(refused.kind.code, "session.expired");
}

#[tokio::test]
async fn a_cookie_is_exchanged_for_an_access_token_only() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let (_, cookie) = login_with_cookie(&node, "ada@example.com").await;
    let principal = authenticate_cookie(&node.core, cookie).await.expect("known");
    let tokens = node.call(http::Method::POST, "/api/v1/auth/token").by(&principal).send().await.expect(200);
    assert_eq!(tokens["refresh_token"], Json::Null);
    let judged = node.judge(text(&tokens["access_token"])).expect("accepted");
    assert_eq!((judged.session, judged.subject), (principal.session, principal.subject));
    // A token is not exchanged for another: it would outlive what it was given for.
    let reply = node.call(http::Method::POST, "/api/v1/auth/token").bearer(text(&tokens["access_token"])).send().await;
    reply.expect_problem(403, "token.source");
}

#[tokio::test]
async fn an_api_key_is_exchanged_unless_the_token_would_escape_its_bounds() {
    let node = TestCore::start().await;
    let key = kernel::ApiKeyId::new(node.core.now(), &*node.core.random);
    let grants = Arc::new(["orders:read".parse().expect("a grant")].into_iter().collect());
    let own = Principal {
        subject: Subject::ApiKey(key),
        method: AuthMethod::ApiKey,
        api_key: Some(key),
        roles: Arc::new([]),
        narrowed_to: Some(grants),
        ..Principal::clone(&node.caller(&[]))
    };
    let exchange = async |principal: Principal| {
        node.call(http::Method::POST, "/api/v1/auth/token").by(&Arc::new(principal)).send().await
    };
    let tokens = exchange(own.clone()).await.expect(200);
    let judged = node.judge(text(&tokens["access_token"])).expect("accepted");
    assert_eq!((judged.subject, judged.api_key), (Subject::ApiKey(key), Some(key)));
    assert_eq!(judged.narrowed_to, own.narrowed_to, "no more than the key may");
    let network: Network = "10.0.0.0/8".parse().expect("a network");
    exchange(Principal { networks: Arc::new([network]), ..own.clone() }).await.expect_problem(403, "token.bound_key");
    let rate = "1/minute".parse().expect("a rate");
    exchange(Principal { limits: Arc::new([rate]), ..own }).await.expect_problem(403, "token.bound_key");
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions_only() {
    let node = TestCore::start().await;
    let (ada, bob) = (newcomer(&node, "ada@example.com").await, newcomer(&node, "bob@example.com").await);
    let (second, third) = (login(&node, "ada@example.com").await, login(&node, "ada@example.com").await);
    let token = text(&ada["access_token"]);
    let list = node.get("/api/v1/sessions").bearer(token).send().await.expect(200);
    let items = list["items"].as_array().expect("items");
    let current: Vec<_> = items.iter().filter(|s| s["current"] == true).collect();
    assert_eq!((items.len(), current.len(), &current[0]["ip"]), (3, 1, &json!("192.0.2.1")));

    let session_of = |tokens: &Json| node.judge(text(&tokens["access_token"])).expect("accepted").session.expect("one");
    let delete = async |path: String| node.call(http::Method::DELETE, &path).bearer(token).send().await;
    delete(format!("/api/v1/sessions/{}", session_of(&bob))).await.expect_problem(404, "not_found");
    delete("/api/v1/sessions/nonsense".into()).await.expect_problem(404, "not_found");
    let id = session_of(&second);
    delete(format!("/api/v1/sessions/{id}")).await.expect(204);
    delete(format!("/api/v1/sessions/{id}")).await.expect_problem(404, "not_found");
    refresh(&node, &second["refresh_token"]).await.expect_problem(401, "session.ended");

    delete("/api/v1/sessions".into()).await.expect(204);
    assert!(node.judge(text(&third["access_token"])).is_err(), "the others have ended");
    assert!(
        node.judge(token).is_ok() && node.judge(text(&bob["access_token"])).is_ok(),
        "the own one and Bob's have not"
    );
}

#[tokio::test]
async fn logging_out_holds_at_once_and_after_a_restart() {
    let node = TestCore::start().await;
    let (first, second) = (newcomer(&node, "ada@example.com").await, login(&node, "ada@example.com").await);
    let out = |path: &'static str, tokens: &Json| {
        node.call(http::Method::POST, path).bearer(text(&tokens["access_token"])).send()
    };
    out("/api/v1/auth/logout", &first).await.expect(204);
    assert!(node.judge(text(&first["access_token"])).is_err() && node.judge(text(&second["access_token"])).is_ok());
    let third = login(&node, "ada@example.com").await;
    out("/api/v1/auth/logout-all", &second).await.expect(204);
    let restarted = node.another_node().await;
    for tokens in [&first, &second, &third] {
        assert!(node.judge(text(&tokens["access_token"])).is_err());
        assert!(restarted.judge(text(&tokens["access_token"])).is_err());
        refresh(&node, &tokens["refresh_token"]).await.expect_problem(401, "session.ended");
    }
    assert_eq!(audited(&node, "session.ended").await, 2);
}

/// A token that grew from an API key has no session: it is denied by its own id.
#[tokio::test]
async fn a_token_without_a_session_is_denied_by_itself() {
    let node = TestCore::start().await;
    let key = kernel::ApiKeyId::new(node.core.now(), &*node.core.random);
    let own = Arc::new(Principal {
        subject: Subject::ApiKey(key),
        method: AuthMethod::ApiKey,
        api_key: Some(key),
        roles: Arc::new([]),
        narrowed_to: Some(Arc::default()),
        ..Principal::clone(&node.caller(&[]))
    });
    node.call(http::Method::POST, "/api/v1/auth/logout").by(&own).send().await.expect_problem(403, "logout.no_login");
    let tokens = async || node.call(http::Method::POST, "/api/v1/auth/token").by(&own).send().await.expect(200);
    let (one, other) = (tokens().await, tokens().await);
    let token = text(&one["access_token"]);
    node.call(http::Method::POST, "/api/v1/auth/logout").bearer(token).send().await.expect(204);
    assert!(node.judge(token).is_err() && node.another_node().await.judge(token).is_err());
    assert!(node.judge(text(&other["access_token"])).is_ok());
}

#[tokio::test]
async fn sweeping_drops_what_can_matter_no_more_and_nothing_else() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    try_login(&node, "bob@example.com", "wrong").await;
    refresh(&node, &tokens["refresh_token"]).await.expect(200);
    assert_eq!(super::super::sweep(&node.core).await.expect("swept"), 0);
    node.clock.advance(8 * 24 * 60 * MINUTE);
    assert_eq!(super::super::sweep(&node.core).await.expect("swept"), 3, "two tokens and a failure");
    assert_eq!(count(&node, "sessions WHERE 1 = 1").await, 1, "kept for a while");
    node.clock.advance(31 * 24 * 60 * MINUTE);
    assert_eq!(super::super::sweep(&node.core).await.expect("swept"), 1);
}
