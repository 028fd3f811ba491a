//! `/api/auth/*` is identity of the default version: the same handlers under the same limits.

use serde_json::json;
use testkit::{PASSWORD, TestApp};

#[tokio::test]
async fn every_call_answers_without_its_version() {
    let app = TestApp::start().await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    app.post("/api/auth/register").json(&account).send().await.expect(201);
    let tokens = app.post("/api/auth/login").json(&account).send().await.expect_tokens();
    for path in ["/api/auth/me", "/api/auth/profile"] {
        app.get(path).bearer(&tokens.access).send().await.expect(200);
        app.get(path).send().await.expect_problem(401, "credentials.missing");
    }
    let renewed = app.post("/api/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
    let tokens = renewed.expect_tokens();
    let next = json!({"current_password": PASSWORD, "new_password": "Another-Good-Passw0rd!"});
    app.post("/api/auth/change-password").bearer(&tokens.access).json(&next).send().await.expect(204);
    let account = json!({"email": "ada@example.com", "password": "Another-Good-Passw0rd!"});
    let tokens = app.post("/api/auth/login").json(&account).send().await.expect_tokens();
    app.post("/api/auth/logout").bearer(&tokens.access).send().await.expect(204);
    app.get("/api/auth/me").bearer(&tokens.access).send().await.expect_problem(401, "credentials.refused");
    app.get("/api/auth").send().await.expect(404);
}

#[tokio::test]
async fn another_spelling_is_no_second_try() {
    let app = TestApp::builder().config("[identity.limits]\nlogin = \"2/minute\"").start().await;
    let account = json!({"email": "nobody@example.com", "password": PASSWORD});
    for path in ["/api/auth/login", "/api/v1/auth/login"] {
        app.post(path).json(&account).send().await.expect_problem(401, "credentials.invalid");
    }
    for path in ["/api/auth/login", "/api/v1/auth/login"] {
        app.post(path).json(&account).send().await.expect_problem(429, "limit.exceeded");
    }
}
