//! Passwords by policy, and users by the file, through the whole gate.

use serde_json::{Value, json};
use testkit::{PASSWORD, TestApp};

const IMPORT: &str = "/api/v1/admin/users/import";

/// Asks until the import is done.
async fn finished(app: &TestApp, path: &str) -> Value {
    loop {
        let import = app.admin_get(path).await.expect(200).json;
        if import["status"] != "running" {
            return import;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn users_come_by_the_file_and_log_in_with_the_passwords_they_had() {
    let limits = "[identity.limits]\nip = [\"100000/minute\"]\nuser = [\"100000/minute\"]";
    let app = TestApp::builder().config(limits).start().await;
    let file = "email,email_verified,password_hash\n\
        ada@example.com,true,$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n\
        nobody,,\n";
    let started = app.admin_upload("POST", IMPORT, "text/csv", file).await.expect(202);
    let import = finished(&app, started.header("location")).await;
    assert_eq!((&import["status"], &import["created"], &import["failed"]), (&json!("done"), &json!(1), &json!(1)));
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    app.post("/api/v1/auth/login").json(&login).send().await.expect_tokens();

    // More than other calls may send, and no more than that.
    let large = format!("email\n{}", "x".repeat(11 << 20));
    let started = app.admin_upload("POST", IMPORT, "text/csv", &large).await.expect(202);
    assert_eq!(finished(&app, started.header("location")).await["status"], "failed", "no such record");

    let exported = app.admin_get("/api/v1/admin/users/export?format=csv").await.expect(200);
    assert_eq!(exported.header("content-type"), "text/csv; charset=utf-8");
    assert!(exported.text.starts_with("id,email,") && exported.text.contains(",ada@example.com,true,"));
    app.get("/api/v1/admin/users/export?format=csv").send().await.expect_problem(401, "credentials.missing");
}

#[tokio::test]
async fn a_page_asks_what_a_password_must_be() {
    let app =
        TestApp::builder().config("[passwords]\npolicy = { min_length = 20, blocklist = [\"acme\"] }").start().await;
    // Whatever credential is lying around, the answer is the same.
    for path in ["/api/v1/auth/password-policy", "/api/auth/password-policy"] {
        let told = app.get(path).bearer("stale").send().await.expect(200).json;
        assert_eq!((&told["min_length"], &told["upper"]), (&json!(20), &json!(false)));
    }
    let register = json!({"email": "ada@example.com", "password": "Acme-4cme"});
    let refused = app.post("/api/v1/auth/register").json(&register).send().await.expect_problem(400, "password.weak");
    let codes: Vec<&str> =
        refused.json["errors"].as_array().expect("errors").iter().filter_map(|e| e["code"].as_str()).collect();
    assert_eq!(codes, ["too_short", "common"]);
    let register = json!({"email": "ada@example.com", "password": PASSWORD});
    app.post("/api/v1/auth/register").json(&register).send().await.expect(201);
}
