//! Two nodes on one PostgreSQL and one Redis: what one takes back, the other refuses; a limit counts
//! across both.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Backend, TestApp};

const LIMITED: &str = r#"
[[routes]]
name = "limited"
match = { path = "/limited" }
upstream = "echo"
limits = [{ by = "user", rate = "7/minute" }, { by = "ip", rate = "100000/hour", algorithm = "sliding_window" }]
"#;

async fn two() -> (TestApp, TestApp) {
    let one = TestApp::builder().backend(Backend::PostgresAndRedis).config(LIMITED).start().await;
    let other = one.another_node().await;
    (one, other)
}

/// Asks until the answer has this status. The requirement is one second; how long it took is told,
/// not asserted, because this machine may be busy. A revocation that never arrives fails by the
/// runner's own time limit.
#[expect(clippy::print_stdout, reason = "tells whoever runs it with --no-capture how long it took")]
async fn until(app: &TestApp, token: &str, status: u16, what: &str) {
    let began = Instant::now();
    while app.get("/api/v1/me").bearer(token).send().await.status != status {
        tokio::task::yield_now().await;
    }
    println!("{what}: felt on the other node after {:?}", began.elapsed());
}

#[tokio::test]
async fn what_one_node_takes_back_the_other_refuses() {
    let (one, other) = two().await;
    let ada = one.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    other.get("/api/v1/me").bearer(&tokens.access).send().await.expect(200);
    one.post("/api/v1/auth/logout").bearer(&tokens.access).send().await.expect(204);
    until(&other, &tokens.access, 401, "logout").await;

    let tokens = ada.login().await.expect_tokens();
    other.get("/api/v1/me").bearer(&tokens.access).send().await.expect(200);
    one.admin_call("POST", &format!("/api/v1/admin/users/{}/disable", ada.id), &json!({})).await;
    until(&other, &tokens.access, 401, "disable").await;
}

#[tokio::test]
async fn a_new_signing_key_is_known_everywhere() {
    let (one, other) = two().await;
    let ada = one.user("ada@example.com").await;
    one.admin_call("POST", "/api/v1/admin/keys/rotate", &json!({})).await;
    let tokens = ada.login().await.expect_tokens();
    until(&other, &tokens.access, 200, "a new key").await;
}

#[tokio::test]
async fn a_limit_counts_across_nodes_and_is_exact() {
    let (one, other) = two().await;
    let tokens = one.user("ada@example.com").await.login().await.expect_tokens();
    let calls = (0..40)
        .map(|i| if i % 2 == 0 { &one } else { &other })
        .map(|app| app.get("/limited").bearer(&tokens.access).send());
    let answers = join_all(calls).await;
    let count = |status| answers.iter().filter(|a| a.status == status).count();
    assert_eq!((count(200), count(429)), (7, 33));
}
