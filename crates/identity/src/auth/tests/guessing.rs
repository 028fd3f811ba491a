//! Guessing passwords: counted before they are looked at, per account and source.

use futures_util::future::join_all;

use super::{super::lockout, *};

/// Fails to log in, from somewhere, and waits for as long as one is asked to.
async fn fail_from(node: &TestCore, source: &str) {
    let guess = json!({"email": "ada@example.com", "password": "wrong"});
    let reply = node.post("/api/v1/auth/login", &guess).from(source).send().await;
    node.wait(&reply);
    reply.expect_problem(401, "credentials.invalid");
}

async fn fail(node: &TestCore) {
    fail_from(node, HERE).await;
}

/// Where calls come from unless a test says otherwise.
const HERE: &str = "192.0.2.1";

#[tokio::test]
async fn five_failures_lock_the_account_for_that_source_for_fifteen_minutes() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    for (number, delay) in [(1, None), (2, Some("1")), (3, Some("2")), (4, Some("4")), (5, Some("900"))] {
        let reply = try_login(&node, "ada@example.com", "wrong").await;
        let told = reply.headers.get("retry-after").map(|v| v.to_str().expect("text"));
        assert_eq!(told, delay, "failure {number}");
        node.wait(&reply);
        reply.expect_problem(401, "credentials.invalid");
    }
    // Even the right password is not looked at, and trying does not make the lock longer.
    node.clock.advance(14 * MINUTE);
    let reply = try_login(&node, "ada@example.com", PASSWORD).await;
    assert_eq!(reply.headers["retry-after"], "60");
    reply.expect_problem(429, "login.locked");
    node.clock.advance(MINUTE);
    login(&node, "ada@example.com").await;
}

/// Nobody's password is looked at before its time, whether it is right and whether the account exists; and
/// coming too soon makes nothing worse.
#[tokio::test]
async fn the_delay_grows_and_is_enforced() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        for _ in 0..2 {
            try_login(&node, email, "wrong").await.expect_problem(401, "credentials.invalid");
        }
        let before = node.core.hasher.computed();
        for _ in 0..20 {
            let reply = try_login(&node, email, PASSWORD).await;
            assert_eq!(reply.headers["retry-after"], "1");
            reply.expect_problem(429, "login.delayed");
        }
        assert_eq!(node.core.hasher.computed(), before);
    }
    node.clock.advance(Duration::from_secs(1));
    try_login(&node, "nobody@example.com", PASSWORD).await.expect_problem(401, "credentials.invalid");
    login(&node, "ada@example.com").await;
}

#[tokio::test]
async fn an_attacker_elsewhere_does_not_lock_the_owner_out() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let guess = json!({"email": "ada@example.com", "password": "wrong"});
    for _ in 0..5 {
        fail_from(&node, "203.0.113.9").await;
    }
    node.post("/api/v1/auth/login", &guess).from("203.0.113.9").send().await.expect_problem(429, "login.locked");
    login(&node, "ada@example.com").await;
    // The owner's success does not let the attacker go on.
    node.post("/api/v1/auth/login", &guess).from("203.0.113.9").send().await.expect_problem(429, "login.locked");
}

#[tokio::test]
async fn a_network_of_one_subscriber_is_one_source() {
    let node = TestCore::start().await;
    let guess = json!({"email": "ada@example.com", "password": "wrong"});
    for i in 0..5 {
        fail_from(&node, &format!("2001:db8:1:2:{i}::1")).await;
    }
    let locked = node.post("/api/v1/auth/login", &guess).from("2001:db8:1:2:ffff::1").send().await;
    locked.expect_problem(429, "login.locked");
    let next = node.post("/api/v1/auth/login", &guess).from("2001:db8:1:3::1").send().await;
    next.expect_problem(401, "credentials.invalid");
}

#[tokio::test]
async fn fifty_guesses_at_once_are_not_more_than_two() {
    two_are_looked_at(&TestCore::start().await).await;
}

#[tokio::test]
async fn fifty_guesses_at_once_are_not_more_than_two_on_postgres() {
    two_are_looked_at(&TestCore::start_on_postgres(crate::testing::settings()).await).await;
}

async fn two_are_looked_at(node: &TestCore) {
    register(node, "ada@example.com").await;
    let before = node.core.hasher.computed();
    let replies = join_all((0..50).map(|_| try_login(node, "ada@example.com", "wrong"))).await;
    assert_eq!(node.core.hasher.computed() - before, 2, "two were looked at");
    let refused = replies.iter().filter(|r| r.code() == "login.delayed").count();
    let wrong = replies.iter().filter(|r| r.code() == "credentials.invalid").count();
    assert_eq!((wrong, refused), (2, 48));
}

#[tokio::test]
async fn success_forgets_the_failures() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    for _ in 0..3 {
        for _ in 0..4 {
            fail(&node).await;
        }
        login(&node, "ada@example.com").await;
    }
    assert_eq!(count(&node, "login_failures WHERE 1 = 1").await, 0);
}

#[tokio::test]
async fn failures_of_long_ago_do_not_count() {
    let node = TestCore::start().await;
    for _ in 0..4 {
        fail(&node).await;
    }
    node.clock.advance(15 * MINUTE);
    for _ in 0..5 {
        fail(&node).await;
    }
    try_login(&node, "ada@example.com", "wrong").await.expect_problem(429, "login.locked");
}

#[tokio::test]
async fn an_account_over_its_rate_is_refused_before_anything_is_counted_or_hashed() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let before = node.core.hasher.computed();
    node.limiter.refuse(true);
    let reply = try_login(&node, "ada@example.com", PASSWORD).await;
    assert_eq!(reply.headers["retry-after"], "30");
    reply.expect_problem(429, "login.limited");
    assert_eq!((node.core.hasher.computed() - before, count(&node, "login_failures WHERE 1 = 1").await), (0, 0));
}

/// The account's rate is over all sources; but a device that is logged in has its own, so a stranger
/// cannot use it up. The keys say nothing about the account.
#[tokio::test]
async fn a_device_in_use_has_its_own_rate() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    login(&node, "ada@example.com").await;
    login(&node, "ADA@example.com ").await;
    let elsewhere = json!({"email": "ada@example.com", "password": "wrong"});
    node.post("/api/v1/auth/login", &elsewhere).from("203.0.113.9").send().await;
    let keys: Vec<String> = node.limiter.asked().into_iter().filter(|key| key.starts_with("login:")).collect();
    assert_eq!(keys[0], keys[2], "a new device and a stranger share the account's rate");
    assert_eq!(keys[1], format!("{}:192.0.2.1", keys[0]));
    assert!(!keys[0].contains("ada@"), "{}", keys[0]);
}

#[tokio::test]
async fn an_administrator_unlocks_every_source() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    for _ in 0..5 {
        fail(&node).await;
    }
    try_login(&node, "ada@example.com", PASSWORD).await.expect_problem(429, "login.locked");
    let vault = node.core.vault.clone();
    let work = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            let user = users::by_email(tx, &"ada@example.com".parse().expect("an address")).await?;
            lockout::unlock(tx, &vault, &user.expect("ada")).await
        })
    });
    assert!(work.await.map_err(|e: StoreError| e).expect("unlocked"));
    login(&node, "ada@example.com").await;
}
