//! Refresh tokens are used once, however many try at once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Backend, TestApp};

async fn fifty_at_once_leave_one_successor(backend: Backend) {
    let app = TestApp::builder().backend(backend).start().await;
    let ada = app.user("ada@example.com").await;
    let first = ada.login().await.expect_tokens();
    let answers = join_all((0..50).map(|_| app.refresh(&first.refresh))).await;
    let mut successors: Vec<String> = answers.into_iter().map(|a| a.expect_tokens().refresh).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1, "everybody got the same successor");
    let second = app.refresh(&successors[0]).await.expect_tokens();

    // Long after, the first one comes back: somebody has stolen it. The whole family ends.
    app.clock.advance(Duration::from_secs(60));
    app.refresh(&first.refresh).await.expect_problem(401, "session.reused");
    app.refresh(&second.refresh).await.expect(401);
    app.get("/api/v1/me").bearer(&second.access).send().await.expect(401);
}

#[tokio::test]
async fn refresh_on_sqlite() {
    fifty_at_once_leave_one_successor(Backend::SqliteAndMemory).await;
}

#[tokio::test]
async fn refresh_on_postgresql() {
    fifty_at_once_leave_one_successor(Backend::PostgresAndRedis).await;
}

#[tokio::test]
async fn fifty_registrations_of_one_address_make_one_account() {
    let app = TestApp::builder().config("[identity.limits]\nsignup = \"1000/hour\"").start().await;
    let user = json!({"email": "ada@example.com", "password": testkit::PASSWORD});
    let all = join_all((0..50).map(|_| app.post("/api/v1/auth/register").json(&user).send())).await;
    let created = all.iter().filter(|a| a.status == 201).count();
    assert!(
        created >= 1 && all.iter().all(|a| matches!(a.status, 201 | 503)),
        "{:?}",
        all.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    let found = app.admin_get("/api/v1/admin/users?filter=email%20eq%20%22ada%40example.com%22").await.expect(200).json;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
}
