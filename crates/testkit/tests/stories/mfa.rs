//! Second factors through the whole gate.

use serde_json::json;
use testkit::{Backend, TestApp};

async fn a_code_lets_one_in_once(backend: Backend) {
    let app = TestApp::builder().backend(backend).start().await;
    let ada = app.user("ada@example.com").await.with_totp().await;
    let challenge = ada.login().await.expect_mfa_challenge();
    ada.answer(&challenge, "totp", "not a code").await.expect_problem(401, "mfa.code_invalid");
    let tokens = ada.answer(&challenge, "totp", &ada.code()).await.expect_tokens();
    app.get("/api/v1/mfa").bearer(&tokens.access).send().await.expect(200);
    let again = ada.login().await.expect_mfa_challenge();
    ada.answer(&again, "totp", &ada.code()).await.expect_problem(401, "mfa.code_used");
    ada.answer(&again, "backup_code", &ada.backup_codes[0]).await.expect_tokens();
}

#[tokio::test]
async fn on_one_machine() {
    a_code_lets_one_in_once(Backend::SqliteAndMemory).await;
}

#[tokio::test]
async fn on_several_machines() {
    a_code_lets_one_in_once(Backend::PostgresAndRedis).await;
}

#[tokio::test]
async fn whoever_must_have_a_factor_sets_it_up_inside_the_login() {
    let app = TestApp::start().await;
    let ada = app.user("ada@example.com").await;
    let policy = json!({"mfa": {"required": "optional", "roles": ["user"]}});
    app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
    let challenge = ada.login().await.expect_mfa_challenge();
    let body = json!({"challenge_id": challenge, "phone": "+49301234567"});
    app.post("/api/v1/auth/mfa/enrol/sms").json(&body).send().await.expect(201);
    let code = app.sms_to("+49301234567").await.code();
    let done = ada.answer(&challenge, "sms", &code).await;
    assert_eq!(done.json["backup_codes"].as_array().map(Vec::len), Some(10), "{}", done.text);
    done.expect_tokens();
    let next = ada.login().await.expect_mfa_challenge();
    app.post("/api/v1/auth/mfa/sms/send").json(&json!({"challenge_id": next})).send().await.expect(202);
    let code = app.sms_to("+49301234567").await.code();
    ada.answer(&next, "sms", &code).await.expect_tokens();
}
