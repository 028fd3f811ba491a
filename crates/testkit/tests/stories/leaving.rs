//! Somebody deletes their account, by the pages.

use std::time::Duration;

use serde_json::json;
use testkit::{Browser, PASSWORD, TestApp};

const SESSION: &str = "__Host-portcullis_session";
const PAGE: &str = "/ui/account/privacy/delete";

async fn sign_in(browser: &mut Browser<'_>, path: &str) {
    let page = browser.open(path).await.expect(200);
    let page = browser.submit(&page, "/ui/login", &[("login", "ada@example.com")]).await.expect(200);
    browser.submit(&page, "/ui/login/password", &[("password", PASSWORD)]).await.expect(200);
}

#[tokio::test]
async fn somebody_deletes_their_account_after_typing_who_they_are() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    sign_in(&mut browser, "/ui/account/privacy").await;
    let page = browser.open("/ui/account/privacy").await.expect(200);
    assert!(page.says(&format!("href=\"{PAGE}\"")), "{}", page.html());
    let page = browser.open(PAGE).await.expect(200);
    let page = browser.submit(&page, PAGE, &[("login", "ada")]).await.expect(400);
    assert!(page.says("Please type exactly what is shown.") && browser.cookie(SESSION).is_some());
    // A sign-in of long ago is not enough.
    app.clock.advance(Duration::from_secs(11 * 60));
    let page = browser.submit(&page, PAGE, &[("login", "Ada@example.com")]).await.expect(200);
    assert!(page.path.starts_with("/ui/login?again=1"), "{}", page.path);
    let page = browser.submit(&page, "/ui/login", &[("login", "ada@example.com")]).await.expect(200);
    let page = browser.submit(&page, "/ui/login/password", &[("password", PASSWORD)]).await.expect(200);
    assert_eq!(page.path, PAGE);
    let page = browser.submit(&page, PAGE, &[("login", "Ada@example.com")]).await.expect(200);
    assert!(page.path == "/ui/login" && page.says("Your account is deleted."), "{}", page.html());
    assert!(browser.cookie(SESSION).is_none() && browser.open("/ui/account").await.path.starts_with("/ui/login"));
    assert!(app.mail_to("ada@example.com").await.text.contains("was deleted"));

    // A tenant need not let people do it.
    app.user("bob@example.com").await;
    app.admin_call("PATCH", "/api/v1/admin/settings", &json!({"account_deletion": false})).await.expect(200);
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/account/privacy").await.expect(200);
    let page = browser.submit(&page, "/ui/login", &[("login", "bob@example.com")]).await.expect(200);
    let page = browser.submit(&page, "/ui/login/password", &[("password", PASSWORD)]).await.expect(200);
    assert!(page.path == "/ui/account/privacy" && !page.says(PAGE), "{}", page.html());
    browser.open(PAGE).await.expect(404);
}

#[tokio::test]
async fn who_has_not_confirmed_their_address_asks_for_a_mail_from_the_account() {
    let app = TestApp::start().await;
    let ada = json!({"email": "ada@example.com", "password": PASSWORD});
    app.post("/api/v1/auth/register").json(&ada).send().await.expect(201);
    app.mail_to("ada@example.com").await;
    let mut browser = Browser::at(&app);
    sign_in(&mut browser, "/ui/account").await;
    let page = browser.open("/ui/account").await.expect(200);
    let page = browser.submit(&page, "verify-email/resend", &[]).await.expect(200);
    assert!(page.path == "/ui/verify-email" && page.says("ada@example.com"), "{}", page.html());
    let code = app.mail_to("ada@example.com").await.code();
    let page = browser.submit(&page, "/ui/verify-email", &[("code", &code)]).await.expect(200);
    assert!(page.path == "/ui/account" && page.says("is confirmed") && !page.says("verify-email"), "{}", page.html());
}
