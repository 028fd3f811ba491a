//! More passwords than can be looked at.

use super::*;

#[tokio::test]
async fn an_overloaded_pool_costs_nobody_an_attempt() {
    let mut settings = crate::testing::settings();
    settings.passwords.queue = 0;
    let node = TestCore::start_with(settings).await;
    let taken = node.core.hasher.reserve().expect("the only place");
    let reply = try_login(&node, "ada@example.com", "wrong").await;
    assert_eq!(reply.headers["retry-after"], "1");
    reply.expect_problem(503, "passwords.busy");
    assert_eq!(count(&node, "login_failures WHERE 1 = 1").await, 0);
    drop(taken);
    try_login(&node, "ada@example.com", "wrong").await.expect_problem(401, "credentials.invalid");
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_looked_at_and_costs_no_attempt() {
    nothing_is_counted(&TestCore::start().await).await;
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_looked_at_and_costs_no_attempt_on_postgres() {
    nothing_is_counted(&TestCore::start_on_postgres(crate::testing::settings()).await).await;
}

/// Nothing was learnt of the account, and nothing is held against its owner, who closed the page too early.
async fn nothing_is_counted(node: &TestCore) {
    register(node, "ada@example.com").await;
    for _ in 0..3 {
        let reply = try_login(node, "ada@example.com", "wrong").await;
        node.wait(&reply);
        reply.expect_problem(401, "credentials.invalid");
    }
    let before = node.core.hasher.computed();
    for password in [PASSWORD, "wrong", "wrong", PASSWORD] {
        let body = json!({"email": "ada@example.com", "password": password});
        node.post("/api/v1/auth/login", &body).abandoned().send().await.expect_problem(503, "passwords.busy");
        node.clock.advance(Duration::from_secs(4));
    }
    assert_eq!((node.core.hasher.computed(), node.core.hasher.pending()), (before, 0));
    let reply = try_login(node, "ada@example.com", "wrong").await;
    assert_eq!(reply.headers["retry-after"], "4", "the fourth failure");
    node.wait(&reply);
    // The one that completes the lock takes the lock back with it.
    let body = json!({"email": "ada@example.com", "password": "wrong"});
    node.post("/api/v1/auth/login", &body).abandoned().send().await.expect_problem(503, "passwords.busy");
    node.clock.advance(Duration::from_secs(8));
    login(node, "ada@example.com").await;
}

/// Logs in as from a page of ours, with the cookie of a browser if there is one.
async fn browse(node: &TestCore, email: &str, password: &str, cookie: Option<&str>) -> Reply {
    let call = node.post("/api/v1/auth/login", &json!({"email": email, "password": password}));
    let call = call.header("sec-fetch-site", "same-origin");
    match cookie {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn strangers_do_not_keep_people_out_of_browsers_that_they_use() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    register(&node, "bob@example.com").await;
    let first = browse(&node, "ada@example.com", PASSWORD, None).await;
    let cookie = first.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
    let token = text(&first.expect(200)["access_token"]).to_owned();
    let flood: Vec<_> = std::iter::from_fn(|| node.core.hasher.reserve().ok()).collect();

    let before = (node.core.hasher.computed(), node.core.hasher.pending());
    let other = cookie.replace(&cookie[cookie.len() - 40..], &"A".repeat(40));
    for (email, cookie) in [
        ("ada@example.com", None),
        ("ada@example.com", Some(other.as_str())),
        ("bob@example.com", Some(cookie.as_str())),
        ("nobody@example.com", Some(cookie.as_str())),
    ] {
        browse(&node, email, PASSWORD, cookie).await.expect_problem(503, "passwords.busy");
    }
    node.post("/api/v1/auth/register", &json!({"email": "eve@example.com", "password": PASSWORD}))
        .send()
        .await
        .expect_problem(503, "passwords.busy");
    assert_eq!((node.core.hasher.computed(), node.core.hasher.pending()), before);
    assert_eq!(count(&node, "login_failures WHERE 1 = 1").await, 0, "nobody's attempt");

    browse(&node, "ada@example.com", PASSWORD, Some(&cookie)).await.expect(200);
    browse(&node, "ada@example.com", "wrong", Some(&cookie)).await.expect_problem(401, "credentials.invalid");
    // Neither whoever is signed in: several hashes, one after the other.
    let change = json!({"current_password": PASSWORD, "new_password": "Copper-Lantern-48-reef"});
    node.post("/api/v1/auth/change-password", &change).bearer(&token).send().await.expect(204);
    drop(flood);
    assert_eq!(node.core.hasher.pending(), 0);
}
