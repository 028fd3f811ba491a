//! Changing passwords, and upgrading their hashes.

use std::sync::Arc;

use http::Method;
use kernel::{OsRandom, Secret};

use super::*;
use crate::{
    passwords::{Cost, Hasher},
    testing::settings,
};

const NEW: &str = "Amber-Lantern-58-tide";

async fn change(node: &TestCore, tokens: &Json, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    node.post("/api/v1/auth/change-password", &body).bearer(text(&tokens["access_token"])).send().await
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let node = TestCore::start().await;
    let (own, other) = (newcomer(&node, "ada@example.com").await, login(&node, "ada@example.com").await);
    change(&node, &own, PASSWORD, NEW).await.expect(204);
    assert!(node.judge(text(&own["access_token"])).is_ok());
    assert!(node.judge(text(&other["access_token"])).is_err());
    refresh(&node, &other["refresh_token"]).await.expect_problem(401, "session.ended");
    refresh(&node, &own["refresh_token"]).await.expect(200);
    try_login(&node, "ada@example.com", PASSWORD).await.expect_problem(401, "credentials.invalid");
    try_login(&node, "ada@example.com", NEW).await.expect(200);
    assert_eq!(audited(&node, "user.password_changed").await, 1);
    change(&node, &own, PASSWORD, "Cobalt-Harbour-71-fern").await.expect_problem(403, "password.wrong");
    assert_eq!(audited(&node, "user.password_refused").await, 1);
}

#[tokio::test]
async fn the_old_password_is_asked_for_and_the_new_one_is_judged() {
    let node = TestCore::start().await;
    let own = newcomer(&node, "ada@example.com").await;
    change(&node, &own, "wrong", NEW).await.expect_problem(403, "password.wrong");
    change(&node, &own, PASSWORD, "short").await.expect_problem(400, "password.weak");
    let problem = change(&node, &own, PASSWORD, PASSWORD).await.expect_problem(400, "password.weak");
    assert_eq!(problem["errors"][0]["code"], "unchanged");
    login(&node, "ada@example.com").await;
    let stranger = json!({"current_password": PASSWORD, "new_password": NEW});
    let reply = node.post("/api/v1/auth/change-password", &stranger).send().await;
    reply.expect_problem(401, "credentials.missing");
}

/// A stolen access token must not be a way to try out passwords.
#[tokio::test]
async fn confirmations_are_counted_like_logins() {
    let node = TestCore::start().await;
    let own = newcomer(&node, "ada@example.com").await;
    for _ in 0..5 {
        let reply = change(&node, &own, "wrong", NEW).await;
        node.wait(&reply);
        reply.expect_problem(403, "password.wrong");
    }
    let before = node.core.hasher.computed();
    change(&node, &own, PASSWORD, NEW).await.expect_problem(429, "login.locked");
    assert_eq!(node.core.hasher.computed(), before);
    node.clock.advance(15 * MINUTE);
    let own = refresh(&node, &own["refresh_token"]).await.expect(200);
    change(&node, &own, PASSWORD, NEW).await.expect(204);
}

#[tokio::test]
async fn a_hash_with_other_parameters_is_upgraded_by_a_login() {
    let node = TestCore::start().await;
    let id = user_id(&newcomer(&node, "ada@example.com").await);
    let old = Cost { memory_kib: 128, iterations: 2, parallelism: 2 };
    let old = Hasher::with_cost(old, 1, 1, Arc::new(OsRandom::new())).expect("a pool");
    let old = Secret::new(old.hash(Secret::new(PASSWORD.into())).await.expect("a hash"));
    let (now, tenant) = (node.core.now(), node.tenant().id);
    let work = node
        .core
        .store
        .tenant(tenant)
        .write(move |tx| Box::pin(async move { users::set_password_hash(tx, id, None, &old, now).await }));
    assert!(work.await.map_err(|e: StoreError| e).expect("set"));
    let stored = async || {
        let account = node.core.store.tenant(tenant).read(move |tx| Box::pin(users::account_by_id(tx, id))).await;
        account.map_err(|e: StoreError| e).expect("read").expect("an account").password_hash.expect("a hash")
    };
    try_login(&node, "ada@example.com", "wrong").await.expect_problem(401, "credentials.invalid");
    assert!(stored().await.expose().contains("m=128"), "a wrong password upgrades nothing");
    login(&node, "ada@example.com").await;
    assert!(stored().await.expose().contains("m=64,t=1,p=1"), "{}", stored().await.expose());
    login(&node, "ada@example.com").await;
}

#[tokio::test]
async fn a_tenant_says_what_its_hashes_cost() {
    let mut settings = settings();
    let floor = Cost::FLOOR;
    settings.passwords.memory_kib = floor.memory_kib;
    settings.passwords.iterations = floor.iterations;
    let node = TestCore::start_with(settings).await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    let path = "/api/v1/admin/settings";
    let set = async |cost: &Json| {
        node.call(Method::PATCH, path).json(&json!({"password_hashing": cost})).bearer(&boss.token).send().await
    };
    let cost = |memory_kib: u32, iterations: u32| json!({"memory_kib": memory_kib, "iterations": iterations, "parallelism": 1});
    for wrong in [cost(floor.memory_kib - 1, 2), cost(floor.memory_kib, 1), cost(floor.memory_kib, 9), cost(300_000, 2)]
    {
        let refused = set(&wrong).await.expect_problem(400, "request.invalid");
        assert_eq!(refused["errors"][0]["field"], "/password_hashing");
    }
    let own = set(&cost(floor.memory_kib, 3)).await.expect(200);
    assert_eq!(own["password_hashing"], cost(floor.memory_kib, 3));
    let stored = async |id| {
        let account = node.core.store.tenant(node.tenant().id).read(move |tx| Box::pin(users::account_by_id(tx, id)));
        let account = account.await.map_err(|e: StoreError| e).expect("read").expect("an account");
        account.password_hash.expect("a hash").expose().clone()
    };
    let ada = user_id(&newcomer(&node, "ada@example.com").await);
    assert!(stored(ada).await.contains("t=3,"), "new ones at once");
    assert!(stored(boss.id).await.contains("t=2,"));
    login(&node, "boss@example.com").await;
    assert!(stored(boss.id).await.contains("t=3,"), "others at the next login");
    let back = set(&Json::Null).await.expect(200);
    assert_eq!(back.get("password_hashing"), None);
    login(&node, "ada@example.com").await;
    assert!(stored(ada).await.contains("t=2,"));
}

/// While a password is being verified, which takes long, the account may be disabled or its password
/// changed: the commit asks again.
#[tokio::test]
async fn what_changed_while_we_hashed_stops_the_login() {
    let node = TestCore::start().await;
    let id = user_id(&newcomer(&node, "ada@example.com").await);
    let (now, tenant) = (node.core.now(), node.tenant().id);
    let store = &node.core.store;
    let account = store.tenant(tenant).read(move |tx| Box::pin(users::account_by_id(tx, id))).await;
    let verified =
        account.map_err(|e: StoreError| e).expect("read").expect("an account").password_hash.expect("a hash");
    let commits = async |verified: Secret| {
        let work = store
            .tenant(tenant)
            .write(move |tx| Box::pin(async move { users::note_login(tx, id, Some(&verified), now).await }));
        work.await.map_err(|e: StoreError| e).expect("asked")
    };
    assert!(commits(verified.clone()).await);
    assert!(!commits(Secret::new("another hash".into())).await, "the password was changed");
    set_status(&node, id, UserStatus::Disabled).await;
    assert!(!commits(verified).await, "the account was disabled");
}
