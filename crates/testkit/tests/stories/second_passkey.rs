//! A passkey as second factor: after the right password, for one challenge, once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, Authenticator, Backend, TestApp};

use crate::passkeys::{HERE, app, claims, newcomer, register};

/// Somebody with a passkey, who must have a second factor.
async fn owner(app: &TestApp) -> (testkit::Person<'_>, Authenticator) {
    owner_of(app, "ada@example.com").await
}

async fn owner_of<'a>(app: &'a TestApp, email: &str) -> (testkit::Person<'a>, Authenticator) {
    let (person, token) = newcomer(app, email).await;
    let mut device = Authenticator::new(HERE);
    register(app, &token, &mut device).await;
    let policy = json!({"mfa": {"required": "always"}});
    app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
    (person, device)
}

async fn start(app: &TestApp, challenge: &str) -> Answer {
    app.post("/api/v1/auth/mfa/passkey/start").json(&json!({"challenge_id": challenge})).send().await
}

async fn finish(app: &TestApp, challenge: &str, ceremony: &Value, credential: &Value) -> Answer {
    let body = json!({"challenge_id": challenge, "ceremony": ceremony, "credential": credential});
    app.post("/api/v1/auth/mfa/passkey/finish").json(&body).send().await
}

async fn a_passkey_is_given_after_the_password(backend: Backend) {
    let app = app(backend).await;
    let (ada, mut device) = owner(&app).await;
    let asked = ada.login().await.expect(200).json;
    assert_eq!(asked["methods"], json!([{"method": "passkey"}]));
    assert!(asked["enrolment_required"].is_null(), "whoever has one sets nothing up");
    let challenge = asked["challenge_id"].as_str().expect("a challenge");
    let begun = start(&app, challenge).await.expect(200).json;
    let options = &begun["options"]["publicKey"];
    assert_eq!((&options["userVerification"], &options["rpId"]), (&json!("required"), &json!("portcullis.test")));
    assert_eq!(options["allowCredentials"].as_array().map(Vec::len), Some(1), "theirs alone");
    assert!(!begun["options"].to_string().contains("null"), "browsers refuse it: {options}");
    let signed = device.get(&begun["options"]);
    let tokens = finish(&app, challenge, &begun["ceremony"], &signed).await.expect_tokens();
    assert_eq!(claims(&tokens.access)["acr"], "mfa");
    assert_eq!(claims(&tokens.access)["amr"], json!(["pwd", "hwk", "user", "mfa"]));
    // Neither the challenge nor the signature works again.
    finish(&app, challenge, &begun["ceremony"], &signed).await.expect_problem(401, "mfa.challenge_invalid");
    start(&app, challenge).await.expect_problem(401, "mfa.challenge_invalid");
    let next = ada.login().await.expect_mfa_challenge();
    finish(&app, &next, &begun["ceremony"], &signed).await.expect_problem(401, "passkey.invalid");
    ada.answer(&next, "passkey", "123456").await.expect_problem(400, "request.invalid");
}

async fn what_is_not_this_persons_answer_to_this_challenge_is_refused(backend: Backend) {
    let app = app(backend).await;
    let (eve, token) = newcomer(&app, "eve@example.com").await;
    let mut hers = Authenticator::new(HERE);
    register(&app, &token, &mut hers).await;
    let (ada, mut device) = owner(&app).await;
    let challenge = ada.login().await.expect_mfa_challenge();
    let other = ada.login().await.expect_mfa_challenge();
    let refused = async |ceremony: &Value, credential: &Value| {
        finish(&app, &challenge, ceremony, credential).await.expect_problem(401, "passkey.invalid");
        // Guesses are slowed down.
        app.clock.advance(Duration::from_secs(30));
    };
    // Somebody else's key, and a ceremony of another challenge, of another person, of a login without a password.
    let begun = start(&app, &challenge).await.expect(200).json;
    refused(&begun["ceremony"], &hers.get(&begun["options"])).await;
    let begun = start(&app, &other).await.expect(200).json;
    refused(&begun["ceremony"], &device.get(&begun["options"])).await;
    let theirs = eve.login().await.expect_mfa_challenge();
    let begun = start(&app, &theirs).await.expect(200).json;
    refused(&begun["ceremony"], &hers.get(&begun["options"])).await;
    // A key that does not look at its user.
    let begun = start(&app, &challenge).await.expect(200).json;
    device.verifies = false;
    refused(&begun["ceremony"], &device.get(&begun["options"])).await;
    device.verifies = true;
    // Answers are counted, right or wrong.
    let begun = start(&app, &challenge).await.expect(200).json;
    refused(&json!("pcy_nonsense"), &device.get(&begun["options"])).await;
    let late = device.get(&begun["options"]);
    finish(&app, &challenge, &begun["ceremony"], &late).await.expect_problem(401, "mfa.challenge_invalid");
}

/// One challenge, fifty answers at once: one is in.
async fn an_answer_counts_once(backend: Backend) {
    let app = app(backend).await;
    let (ada, mut device) = owner(&app).await;
    let challenge = ada.login().await.expect_mfa_challenge();
    let begun = start(&app, &challenge).await.expect(200).json;
    let signed = device.get(&begun["options"]);
    let answers = join_all((0..50).map(|_| finish(&app, &challenge, &begun["ceremony"], &signed))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401 | 429)));
}

/// Beside an app, a passkey is another way; whoever has none is not offered it.
async fn who_has_what_is_offered_it(backend: Backend) {
    let app = app(backend).await;
    let ada = app.user("ada@example.com").await.with_totp().await;
    let methods = async |person: &testkit::Person<'_>| person.login().await.expect(200).json["methods"].clone();
    assert_eq!(methods(&ada).await, json!([{"method": "totp"}, {"method": "backup_code"}]));
    let challenge = ada.login().await.expect_mfa_challenge();
    start(&app, &challenge).await.expect_problem(409, "passkey.none");
    let token = ada.answer(&challenge, "totp", &ada.code()).await.expect_tokens().access;
    register(&app, &token, &mut Authenticator::new(HERE)).await;
    assert_eq!(methods(&ada).await, json!([{"method": "totp"}, {"method": "backup_code"}, {"method": "passkey"}]));
    // Of another host it answers nothing here, and nobody sets up a factor of their own instead.
    let (bob, _) = owner_of(&app, "bob@example.com").await;
    let tenants = app.admin_get("/api/v1/admin/tenants").await.expect(200).json;
    let path = format!("/api/v1/admin/tenants/{}", tenants["items"][0]["id"].as_str().expect("an id"));
    app.admin_call("PATCH", &path, &json!({"hosts": ["shop.test"]})).await.expect(200);
    bob.login().await.expect_problem(401, "login.passkey_needed");
}

async fn a_passkey_alone_asks_for_nothing(backend: Backend) {
    let app = app(backend).await;
    let (grace, token) = newcomer(&app, "grace@example.com").await;
    register(&app, &token, &mut Authenticator::new(HERE)).await;
    grace.login().await.expect_tokens();
}

crate::on_both! {
    a_passkey_is_given_after_the_password;
    what_is_not_this_persons_answer_to_this_challenge_is_refused;
    an_answer_counts_once;
    who_has_what_is_offered_it;
    a_passkey_alone_asks_for_nothing;
}
