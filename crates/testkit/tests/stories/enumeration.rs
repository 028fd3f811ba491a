//! Who has an account here? The answers must not tell: same status, same body, same work.

use serde_json::{Value, json};
use testkit::{Answer, TestApp};

/// A body with everything that may differ by chance replaced.
fn shape(answer: &Answer, email: &str) -> String {
    fn blank(value: &Value, key: &str) -> Value {
        match value {
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), blank(v, k))).collect(),
            Value::Array(all) => all.iter().map(|v| blank(v, key)).collect(),
            Value::String(_) if matches!(key, "id" | "request_id" | "created_at" | "updated_at") => json!("…"),
            other => other.clone(),
        }
    }
    format!("{} {} {}", answer.status, answer.header("content-type"), blank(&answer.json, "")).replace(email, "EMAIL")
}

#[tokio::test]
async fn login_and_registration_tell_nothing() {
    let app = TestApp::start().await;
    let ada = app.user("ada@example.com").await;
    let login = |email: String| {
        let app = &app;
        async move {
            let before = app.hashes();
            let body = json!({"email": email, "password": "Wrong-Password-9-Times"});
            let answer = app.post("/api/v1/auth/login").json(&body).send().await;
            (shape(&answer, &email), app.hashes() - before)
        }
    };
    let (known, unknown) = (login(ada.email.clone()).await, login("bob@example.com".into()).await);
    assert_eq!(known, unknown);
    assert!(known.0.starts_with("401 application/problem+json"), "{}", known.0);
    assert_eq!(known.1, 1, "one hash each");

    let register = |email: &'static str| {
        let app = &app;
        async move {
            let before = app.hashes();
            let body = json!({"email": email, "password": testkit::PASSWORD});
            let answer = app.post("/api/v1/auth/register").json(&body).send().await;
            (shape(&answer, email), app.hashes() - before)
        }
    };
    assert_eq!(register("ada@example.com").await, register("eve@example.com").await);
}

#[tokio::test]
async fn a_locked_account_looks_the_same_whether_it_exists_or_not() {
    let config = "[identity.limits]\nlogin = \"1000/minute\"";
    let app = TestApp::builder().config(config).start().await;
    let ada = app.user("ada@example.com").await;
    let guess = async |email: &str| {
        let mut seen = Vec::new();
        for _ in 0..8 {
            let body = json!({"email": email, "password": "Wrong-Password-9-Times"});
            let before = app.hashes();
            let answer = app.post("/api/v1/auth/login").json(&body).send().await;
            let wait = answer.headers.get("retry-after").map(|v| v.to_str().expect("text").parse().expect("seconds"));
            if let Some(seconds @ ..=64) = wait {
                app.clock.advance(std::time::Duration::from_secs(seconds));
            }
            seen.push((shape(&answer, email), wait, app.hashes() - before));
        }
        seen
    };
    assert_eq!(guess(&ada.email).await, guess("bob@example.com").await);
    // From elsewhere the right password still opens.
    ada.login().await.expect_problem(429, "login.locked");
    let elsewhere = app.post("/api/v1/auth/login").json(&json!({"email": ada.email, "password": testkit::PASSWORD}));
    elsewhere.from("203.0.113.9").send().await.expect_tokens();
}
