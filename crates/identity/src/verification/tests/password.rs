//! Forgotten passwords.

use std::time::Duration;

use futures_util::future::join_all;
use kernel::Secret;

use super::*;
use crate::api_keys;

crate::testing::on_both_databases! {
    a_forgotten_password_is_chosen_anew;
    a_reset_link_works_once_however_many_try;
    a_reset_gets_around_no_second_factor;
    what_was_planted_before_the_address_was_verified_goes_with_the_old_password;
}

async fn request(node: &TestCore, email: &str) -> Vec<Mail> {
    call(node, "password-reset", json!({"email": email})).await.expect(202);
    node.mails().await
}

async fn confirm(node: &TestCore, token: &str, password: &str) -> Reply {
    call(node, "password-reset/confirm", json!({"token": token, "new_password": password})).await
}

async fn a_forgotten_password_is_chosen_anew(node: TestCore) {
    register(&node, "ada@example.com").await;
    let before = login(&node, "ada@example.com", PASSWORD).await.expect(200);
    let (first, second) = (one(request(&node, "ada@example.com").await), one(request(&node, "Ada@example.com").await));
    assert_eq!(first.subject, "Choose a new password");
    confirm(&node, &token(&second), "short").await.expect_problem(400, "password.weak");
    confirm(&node, &token(&second), NEW).await.expect(204);

    let told = one(node.mails().await);
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("ada@example.com", "Your password was changed"));
    assert!(told.text.contains("192.0.2.1") && told.text.contains("2027-01-15 08:00 UTC"), "{}", told.text);
    // Every session has ended, no token was handed out, and other links are void.
    assert!(node.judge(before["access_token"].as_str().expect("a token")).is_err());
    confirm(&node, &token(&first), PASSWORD).await.expect_problem(400, "verification.invalid");
    login(&node, "ada@example.com", PASSWORD).await.expect_problem(401, "credentials.invalid");
    assert!(is_verified(&node, "ada@example.com", NEW).await, "whoever reads the mail has the address");
    assert_eq!(node.audited(node.tenant().id, "user.password_recovered").await, 1);
}

async fn a_reset_link_works_once_however_many_try(node: TestCore) {
    register(&node, "ada@example.com").await;
    let mail = one(request(&node, "ada@example.com").await);
    let token = token(&mail);
    let passwords: Vec<String> = (0..50).map(|i| format!("Amber-Lantern-{i}-tide")).collect();
    let all = join_all(passwords.iter().map(|password| confirm(&node, &token, password))).await;
    let won: Vec<usize> = (0..50).filter(|i| all[*i].status == 204).collect();
    assert_eq!(won.len(), 1, "{:?}", all.iter().map(|r| r.status).collect::<Vec<_>>());
    assert!(all.iter().all(|reply| matches!(reply.status, 204 | 400)));
    login(&node, "ada@example.com", &passwords[won[0]]).await.expect(200);
    assert_eq!(node.audited(node.tenant().id, "user.password_recovered").await, 1);
    assert_eq!(node.mails().await.len(), 1, "told once");
}

/// Somebody registers with an address that is not theirs, and waits for its owner.
async fn what_was_planted_before_the_address_was_verified_goes_with_the_old_password(node: TestCore) {
    register(&node, "ada@example.com").await;
    let planted = login(&node, "ada@example.com", PASSWORD).await.expect(200);
    let access = planted["access_token"].as_str().expect("a token");
    // A factor would stay, so there is none before it is clear whose the account is.
    let refused = node.post("/api/v1/mfa/totp", &json!({})).bearer(access).send().await;
    refused.expect_problem(403, "user.email_unverified");
    let key = node.post("/api/v1/api-keys", &json!({"name": "planted"})).bearer(access).send().await.expect(201);
    let key = Secret::new(key["key"].as_str().expect("a key").to_owned());
    assert!(api_keys::authenticate(&node.core, key.clone()).await.is_ok());
    node.mails().await;

    let mail = one(request(&node, "ada@example.com").await);
    confirm(&node, &token(&mail), NEW).await.expect(204);
    let own = login(&node, "ada@example.com", NEW).await.expect(200);
    assert!(api_keys::authenticate(&node.core, key).await.is_err());
    let own = own["access_token"].as_str().expect("nothing else is asked for");
    let devices = node.get("/api/v1/devices").bearer(own).send().await.expect(200);
    assert_eq!(devices["items"].as_array().map(Vec::len), Some(1), "their own");
    let factors = node.get("/api/v1/mfa").bearer(own).send().await.expect(200);
    assert_eq!(factors, json!({"factors": [], "backup_codes_left": 0}));
}

/// Whoever reads somebody's mail does not get around their second factor, also while the address is not verified.
async fn a_reset_gets_around_no_second_factor(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let app = node.post("/api/v1/mfa/totp", &json!({})).bearer(&ada.token).send().await.expect(201);
    let code = crate::mfa::code_at(app["secret"].as_str().expect("a secret"), node.core.now());
    let body = json!({"id": app["id"], "code": code});
    node.post("/api/v1/mfa/totp/confirm", &body).bearer(&ada.token).send().await.expect(200);
    let path = format!("/api/v1/admin/users/{}", ada.id);
    let moved = json!({"email": "ada@example.org"});
    node.call(http::Method::PATCH, &path).json(&moved).bearer(&boss.token).send().await.expect(200);
    node.mails().await;
    let mail = one(request(&node, "ada@example.org").await);
    confirm(&node, &token(&mail), NEW).await.expect(204);
    let asked = login(&node, "ada@example.org", NEW).await.expect(200);
    assert!(asked["access_token"].is_null() && asked["enrolment_required"].is_null(), "{asked}");
    assert_eq!(asked["methods"][0]["method"], "totp", "{asked}");
}

#[tokio::test]
async fn a_bad_token_costs_no_hash() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let mail = one(request(&node, "ada@example.com").await);
    let before = node.core.hasher.computed();
    let good = token(&mail);
    let bad = format!("{}{}", &good[..good.len() - 1], if good.ends_with('A') { "B" } else { "A" });
    confirm(&node, &bad, NEW).await.expect_problem(400, "verification.invalid");
    node.clock.advance(Duration::from_secs(3_600));
    confirm(&node, &good, NEW).await.expect_problem(400, "verification.invalid");
    assert_eq!(node.core.hasher.computed(), before);
}

#[tokio::test]
async fn a_reset_opens_a_locked_account_to_its_owner() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    for _ in 0..5 {
        let reply = login(&node, "ada@example.com", "wrong").await;
        node.wait(&reply);
        reply.expect_problem(401, "credentials.invalid");
    }
    login(&node, "ada@example.com", PASSWORD).await.expect_problem(429, "login.locked");
    let mail = one(request(&node, "ada@example.com").await);
    confirm(&node, &token(&mail), NEW).await.expect(204);
    login(&node, "ada@example.com", NEW).await.expect(200);
}

#[tokio::test]
async fn whoever_is_disabled_gets_no_link_and_no_password() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    register(&node, "ada@example.com").await;
    let ada = login(&node, "ada@example.com", PASSWORD).await.expect(200);
    let mail = one(request(&node, "ada@example.com").await);
    let path = format!("/api/v1/admin/users/{}/disable", ada["user"]["id"].as_str().expect("an id"));
    node.post(&path, &json!({})).bearer(&boss.token).send().await.expect(200);
    confirm(&node, &token(&mail), NEW).await.expect_problem(400, "verification.invalid");
    assert!(request(&node, "ada@example.com").await.is_empty());
}

/// Changing the password oneself, or by an administrator, is told too, and stops what was under way.
#[tokio::test]
async fn every_change_of_a_password_is_told() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    register(&node, "ada@example.com").await;
    let ada = login(&node, "ada@example.com", PASSWORD).await.expect(200);
    let pending = one(request(&node, "ada@example.com").await);
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    let access = ada["access_token"].as_str().expect("a token");
    let reply =
        node.post("/api/v1/auth/change-password", &change).bearer(access).header("accept-language", "cs").send();
    reply.await.expect(204);
    assert_eq!(one(node.mails().await).subject, "Vaše heslo bylo změněno");
    confirm(&node, &token(&pending), PASSWORD).await.expect_problem(400, "verification.invalid");

    let path = format!("/api/v1/admin/users/{}/reset-password", ada["user"]["id"].as_str().expect("an id"));
    node.post(&path, &json!({})).bearer(&boss.token).send().await.expect(200);
    assert_eq!(one(node.mails().await).subject, "Your password was changed");
}

#[tokio::test]
async fn a_login_with_an_unknown_device_is_told_and_one_with_a_known_device_is_not() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let from = async |ip: &str, agent: &str| {
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let call = node.post("/api/v1/auth/login", &body).from(ip).header("user-agent", agent);
        call.header("accept-language", "de").send().await.expect(200);
        node.mails().await
    };
    assert!(from("192.0.2.1", "Firefox").await.is_empty(), "the first login is no news");
    assert!(from("192.0.2.77", "Firefox").await.is_empty(), "the same network");
    let told = one(from("198.51.100.7", "Firefox").await);
    assert_eq!(told.subject, "Neue Anmeldung in Ihrem Konto");
    assert!(told.text.contains("198.51.100.7") && told.text.contains("Firefox"), "{}", told.text);
    assert!(from("198.51.100.8", "Firefox").await.is_empty(), "it is known now");
    let told = one(from("192.0.2.1", "<b>evil</b>").await);
    assert!(told.html.contains("&lt;b&gt;evil") && !told.html.contains("<b>evil"), "{}", told.html);
    assert_eq!(from("2001:db8:1::1", "Firefox").await.len(), 1);
    assert!(from("2001:db8:2::1", "Firefox").await.is_empty());

    let boss = node.person("boss@example.com", &["admin"]).await;
    let off = json!({"new_login_mail": false});
    node.call(http::Method::PATCH, "/api/v1/admin/settings").json(&off).bearer(&boss.token).send().await.expect(200);
    assert!(from("203.0.113.1", "Firefox").await.is_empty());
}
