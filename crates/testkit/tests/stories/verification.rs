//! What mails lead to, through the whole gate: the same stories on every database and key-value store.

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Answer, Backend, PASSWORD, TestApp};

macro_rules! on_every_backend {
    ($($name:ident;)*) => {$(
        mod $name {
            #[tokio::test] async fn on_sqlite_and_memory() { super::$name(testkit::Backend::SqliteAndMemory).await }
            #[tokio::test] async fn on_postgresql_and_redis() { super::$name(testkit::Backend::PostgresAndRedis).await }
        }
    )*};
}

on_every_backend! {
    somebody_registers_and_verifies_their_address;
    somebody_forgets_their_password;
    somebody_moves_to_another_address;
    an_administrator_invites_somebody;
}

const NEW: &str = "Amber-Lantern-58-tide";
const LIMITS: &str = r#"
[identity.limits]
ip = ["100000/minute"]
[mail.links.reset_password]
to = "https://app.example.com/reset?token={token}"
ttl = "30m"
"#;

async fn start(backend: Backend) -> TestApp {
    TestApp::builder().backend(backend).config(LIMITS).start().await
}

async fn post(app: &TestApp, path: &str, body: serde_json::Value) -> Answer {
    app.post(&format!("/api/v1/auth/{path}")).json(&body).send().await
}

async fn is_verified(app: &TestApp, email: &str) -> bool {
    let tokens = login(app, email, PASSWORD).await.expect_tokens();
    let profile = app.get("/api/v1/auth/profile").bearer(&tokens.access).send().await;
    profile.expect(200).json["email_verified"] == true
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "login", json!({"email": email, "password": password})).await
}

async fn somebody_registers_and_verifies_their_address(backend: Backend) {
    let app = start(backend).await;
    post(&app, "register", json!({"email": "ada@example.com", "password": PASSWORD})).await.expect(201);
    let mail = app.mail_to("ada@example.com").await;
    assert!(mail.link().starts_with("http://portcullis.test/ui/verify-email?token="), "{}", mail.link());
    assert!(!is_verified(&app, "ada@example.com").await);
    let right = json!({"email": "ada@example.com", "code": mail.code()});
    let all = join_all((0..50).map(|_| post(&app, "verify-email", right.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 204).count(), 1);
    assert!(is_verified(&app, "ada@example.com").await);
    // A stale credential is in nobody's way.
    let resend =
        app.post("/api/v1/auth/verify-email/resend").bearer("nonsense").json(&json!({"email": "ada@example.com"}));
    resend.send().await.expect(202);
}

async fn somebody_forgets_their_password(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let before = ada.login().await.expect_tokens();
    let unknown = post(&app, "password-reset", json!({"email": "nobody@example.com"})).await.expect(202);
    let known = post(&app, "password-reset", json!({"email": "ada@example.com"})).await.expect(202);
    assert_eq!((unknown.text, unknown.headers.len()), (known.text, known.headers.len()));
    let mail = app.mail_to("ada@example.com").await;
    assert!(
        mail.link().starts_with("https://app.example.com/reset?token=") && mail.text.contains("30 minutes"),
        "{}",
        mail.text
    );
    let choice = json!({"token": mail.token(), "new_password": NEW});
    let all = join_all((0..50).map(|_| post(&app, "password-reset/confirm", choice.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 204).count(), 1, "exactly one wins");
    assert_eq!(app.mail_to("ada@example.com").await.subject, "Your password was changed");
    app.get("/api/v1/me").bearer(&before.access).send().await.expect(401);
    app.refresh(&before.refresh).await.expect(401);
    login(&app, "ada@example.com", NEW).await.expect_tokens();
    assert!(app.unread().iter().all(|mail| mail.to == "ada@example.com"), "nobody else was written to");
}

async fn somebody_moves_to_another_address(backend: Backend) {
    let app = start(backend).await;
    let ada = app.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    let body = json!({"new_email": "ada@example.org", "current_password": PASSWORD});
    app.post("/api/v1/auth/change-email").bearer(&tokens.access).json(&body).send().await.expect(202);
    app.mail_to("ada@example.com").await;
    let token = app.mail_to("ada@example.org").await.token();
    let all = join_all((0..50).map(|_| post(&app, "change-email/confirm", json!({"token": token})))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 204).count(), 1);
    assert!(app.mail_to("ada@example.com").await.text.contains("ada@example.org"));
    login(&app, "ada@example.org", PASSWORD).await.expect_tokens();
    app.get("/api/v1/me").bearer(&tokens.access).send().await.expect(200);
}

async fn an_administrator_invites_somebody(backend: Backend) {
    let app = start(backend).await;
    let body = json!({"email": "ada@example.com", "invite": true, "language": "de"});
    app.admin_call("POST", "/api/v1/admin/users", &body).await.expect(201);
    let mail = app.mail_to("ada@example.com").await;
    assert_eq!(mail.subject, "Sie sind zu Default eingeladen");
    let choice = json!({"token": mail.token(), "new_password": NEW});
    let all = join_all((0..50).map(|_| post(&app, "invitation/accept", choice.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 204).count(), 1);
    login(&app, "ada@example.com", NEW).await.expect_tokens();
}

#[tokio::test]
async fn mails_that_are_asked_for_are_limited_by_address_and_by_recipient() {
    let app = TestApp::builder().config("[identity.limits]\nrecovery = \"7/hour\"\n").start().await;
    app.user("ada@example.com").await;
    for _ in 0..7 {
        post(&app, "password-reset", json!({"email": "ada@example.com"})).await.expect(202);
    }
    post(&app, "password-reset", json!({"email": "ada@example.com"})).await.expect(429);
    for _ in 0..5 {
        app.mail_to("ada@example.com").await;
    }
    // What comes after the fifth was never meant to leave: this one, written later, is the next to arrive.
    let body = json!({"channel": "mail", "to": "ops@example.com"});
    app.admin_call("POST", "/api/v1/admin/messages/test", &body).await.expect(202);
    app.mail_to("ops@example.com").await;
    assert!(app.unread().is_empty());
}
