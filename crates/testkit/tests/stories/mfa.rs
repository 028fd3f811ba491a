//! Second factors through the whole gate.

use std::time::Duration;

use serde_json::json;
use testkit::{Backend, Browser, PASSWORD, TestApp};

use crate::pages::sign_in;

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

const STRONG: &str = r#"
[[routes]]
name = "strong"
match = { path = "/strong" }
upstream = "echo"
acr = "mfa"
max_age = "2m"
"#;

#[tokio::test]
async fn a_route_asks_for_more_than_a_password_and_not_long_ago() {
    let app = TestApp::builder().config(STRONG).start().await;
    let ada = app.user("ada@example.com").await;
    let strong = |token: &str| app.get("/strong").bearer(token).send();
    let weak = ada.login().await.expect_tokens();
    let refused = strong(&weak.access).await.expect_problem(401, "auth.step_up_required");
    assert_eq!((&refused.json["acr_values"], &refused.json["max_age"]), (&json!("mfa"), &json!(120)));
    assert_eq!(
        refused.header("www-authenticate"),
        "Bearer realm=\"portcullis\", error=\"insufficient_user_authentication\", acr_values=\"mfa\", max_age=\"120\""
    );
    let ada = ada.with_totp().await;
    let challenge = ada.login().await.expect_mfa_challenge();
    let tokens = ada.answer(&challenge, "totp", &ada.code()).await.expect_tokens();
    strong(&tokens.access).await.expect(200);
    let key = json!({"name": "ci", "permissions": ["profile:read"]});
    let key = app.post("/api/v1/api-keys").bearer(&tokens.access).json(&key).send().await.expect(201);
    let key = key.json["key"].as_str().expect("a key").to_owned();
    app.get("/strong").header("x-api-key", &key).send().await.expect_problem(401, "auth.step_up_required");
    // It is the login that counts, not how new the token is.
    app.clock.advance(Duration::from_secs(121));
    strong(&tokens.access).await.expect_problem(401, "auth.step_up_required");
    let refreshed = app.refresh(&tokens.refresh).await.expect_tokens();
    strong(&refreshed.access).await.expect_problem(401, "auth.step_up_required");
}

#[tokio::test]
async fn a_browser_that_is_trusted_is_asked_where_it_matters_and_comes_back() {
    let app = TestApp::builder().config(STRONG).start().await;
    let ada = app.user("ada@example.com").await.with_totp().await;
    let mut browser = Browser::at(&app);
    browser.send_header("accept", "text/html");
    let page = sign_in(&mut browser, "/ui/login", &ada.email, PASSWORD).await.expect(200);
    let page = browser.submit(&page, "/ui/mfa", &[("code", &ada.code()), ("trust", "1")]).await.expect(200);
    assert_eq!(page.path, "/ui/account");
    assert_eq!(browser.open("/strong").await.answer.status, 200);
    app.clock.advance(Duration::from_secs(121));
    let page = browser.open("/strong").await.expect(401);
    let again = "/ui/step-up?return_to=%2Fstrong&acr_values=mfa&max_age=120";
    assert!(page.says("two-step verification") && page.says(&again.replace('&', "&amp;")), "{}", page.html());
    // The sign-in page, where another proxy sends people, leads there as well.
    let page = browser.open("/ui/login?acr_values=mfa&max_age=120&return_to=%2Fstrong").await.expect(200);
    assert_eq!(page.path, again);
    let wrong = browser.submit(&page, "/ui/step-up", &[("password", "wrong"), ("code", &ada.code())]).await;
    let answer = [("password", PASSWORD), ("code", &*ada.code())];
    let page = browser.submit(&wrong, "/ui/step-up", &answer).await.expect(200);
    assert_eq!((page.path.as_str(), page.answer.status), ("/strong", 200), "{}", page.html());
}

#[tokio::test]
async fn whoever_has_no_second_factor_is_led_to_setting_one_up() {
    let app = TestApp::builder().config(STRONG).start().await;
    let ada = app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    browser.send_header("accept", "text/html");
    sign_in(&mut browser, "/ui/login", &ada.email, PASSWORD).await.expect(200);
    let refused = browser.open("/strong").await.expect(401);
    let proving = "/ui/step-up?return_to=%2Fstrong&acr_values=mfa&max_age=120";
    assert!(refused.says(&proving.replace('&', "&amp;")), "{}", refused.html());
    for at in ["a recent login", "an old one"] {
        let page = browser.open(proving).await.expect(200);
        assert_eq!(page.path, "/ui/account/factors", "{at}");
        assert!(page.says("That page needs a second step when you sign in."), "{at}: {}", page.html());
        app.clock.advance(Duration::from_secs(1000));
    }
}
