//! Passkeys through the whole gate: registered, signed in with, removed; and everything that must not work.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, Authenticator, Backend, Person, TestApp, Tokens};

pub(crate) const HERE: &str = "http://portcullis.test";
/// A person who tries often.
const LIMITS: &str = "[identity.limits]\nlogin = \"1000/minute\"\nip = [\"10000/minute\"]\nuser = [\"10000/minute\"]\n";

pub(crate) async fn app(backend: Backend) -> TestApp {
    TestApp::builder().backend(backend).config(LIMITS).start().await
}

/// Begins with a passkey.
async fn begin(app: &TestApp, token: &str) -> Answer {
    app.post("/api/v1/passkeys/register/start").bearer(token).json(&json!({})).send().await
}

/// Finishes with what the authenticator made.
async fn finish(app: &TestApp, token: &str, ceremony: &Value, credential: &Value) -> Answer {
    let body = json!({"ceremony": ceremony, "credential": credential, "name": "The key"});
    app.post("/api/v1/passkeys/register/finish").bearer(token).json(&body).send().await
}

/// Registers a passkey.
pub(crate) async fn register(app: &TestApp, token: &str, device: &mut Authenticator) -> Value {
    let begun = begin(app, token).await.expect(200).json;
    finish(app, token, &begun["ceremony"], &device.create(&begun["options"])).await.expect(201).json
}

/// Begins to sign in.
async fn start(app: &TestApp) -> Value {
    app.post("/api/v1/auth/passkey/start").json(&json!({})).send().await.expect(200).json
}

/// Signs in.
async fn answer(app: &TestApp, ceremony: &Value, credential: &Value) -> Answer {
    let body = json!({"ceremony": ceremony, "credential": credential});
    app.post("/api/v1/auth/passkey/finish").json(&body).send().await
}

/// Signs in from the beginning.
async fn login(app: &TestApp, device: &mut Authenticator) -> Answer {
    let begun = start(app).await;
    answer(app, &begun["ceremony"], &device.get(&begun["options"])).await
}

pub(crate) async fn newcomer<'a>(app: &'a TestApp, email: &str) -> (Person<'a>, String) {
    let person = app.user(email).await;
    let token = person.login().await.expect_tokens().access;
    (person, token)
}

#[tokio::test]
async fn nobody_adds_a_passkey_before_their_address_is_verified() {
    let app = app(Backend::SqliteAndMemory).await;
    let eve = json!({"email": "eve@example.com", "password": testkit::PASSWORD});
    app.post("/api/v1/auth/register").json(&eve).send().await.expect(201);
    let token = app.post("/api/v1/auth/login").json(&eve).send().await.expect_tokens().access;
    begin(&app, &token).await.expect_problem(403, "user.email_unverified");
}

async fn a_passkey_is_a_whole_login(backend: Backend) {
    let app = app(backend).await;
    let (ada, token) = newcomer(&app, "ada@example.com").await;
    let mut device = Authenticator::new(HERE);
    let begun = begin(&app, &token).await.expect(200).json;
    let options = &begun["options"]["publicKey"];
    assert_eq!((&options["rp"]["id"], &options["rp"]["name"]), (&json!("portcullis.test"), &json!("Default")));
    let selection = &options["authenticatorSelection"];
    assert_eq!((&selection["residentKey"], &selection["userVerification"]), (&json!("required"), &json!("required")));
    assert!(!options["user"]["id"].as_str().expect("a handle").contains(&ada.id), "not the id");
    let made = finish(&app, &token, &begun["ceremony"], &device.create(&begun["options"])).await.expect(201);
    assert_eq!((&made.json["name"], &made.json["synced"]), (&json!("The key"), &json!(false)));
    app.mail_to("ada@example.com").await;

    let tokens = login(&app, &mut device).await.expect_tokens();
    let me = app.get("/api/v1/me").bearer(&tokens.access).send().await.expect(200).json;
    assert_eq!(me["user"]["id"], ada.id.as_str());
    app.refresh(&tokens.refresh).await.expect_tokens();
    // A passkey alone is two factors.
    assert_eq!(claims(&tokens.access)["acr"], "mfa");
    assert_eq!(claims(&tokens.access)["amr"], json!(["hwk", "user", "mfa"]));

    // A session cookie, too.
    let begun = start(&app).await;
    let body = json!({"ceremony": begun["ceremony"], "credential": device.get(&begun["options"]), "set_cookie": true});
    let cookies = app.post("/api/v1/auth/passkey/finish").json(&body).send().await.expect(200);
    assert!(cookies.headers.get_all("set-cookie").iter().count() == 2, "the session's and the device's");

    // The owner sees, names and removes it.
    let listed = app.get("/api/v1/passkeys").bearer(&tokens.access).send().await.expect(200).json;
    assert!(listed["items"][0]["last_used_at"].is_string());
    let path = format!("/api/v1/passkeys/{}", made.json["id"].as_str().expect("an id"));
    let named = app.call("PATCH", &path).bearer(&tokens.access).json(&json!({"name": "Phone"})).send().await;
    named.expect(204);
    // A device does not make a second key.
    let again = begin(&app, &tokens.access).await.expect(200).json;
    assert_eq!(again["options"]["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
    // Whoever has a passkey changes them with it, and lately.
    app.call("DELETE", &path).bearer(&token).send().await.expect_problem(401, "auth.step_up_required");
    app.call("DELETE", &path).bearer(&tokens.access).send().await.expect(204);
    login(&app, &mut device).await.expect_problem(401, "passkey.invalid");
}

/// A stolen password must not be made into more than a password.
async fn what_is_beyond_a_password_is_asked_for_by_both(backend: Backend) {
    const STEP_UP: &str = "auth.step_up_required";
    let app = app(backend).await;
    // Who has a passkey: no factor with the password alone, neither in the account nor in the login.
    let (ada, token) = newcomer(&app, "ada@example.com").await;
    let app_begun = app.post("/api/v1/mfa/totp").bearer(&token).send().await.expect(201).json;
    let mut device = Authenticator::new(HERE);
    register(&app, &token, &mut device).await;
    let code = app.totp(app_begun["secret"].as_str().expect("a secret"));
    let body = json!({"id": app_begun["id"], "code": code});
    app.post("/api/v1/mfa/totp/confirm").bearer(&token).json(&body).send().await.expect_problem(401, STEP_UP);
    let stolen = ada.login().await.expect_tokens().access;
    app.post("/api/v1/mfa/totp").bearer(&stolen).send().await.expect_problem(401, STEP_UP);
    app.call("DELETE", "/api/v1/me").bearer(&stolen).send().await.expect_problem(401, STEP_UP);
    let policy = json!({"mfa": {"required": "always"}});
    app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
    let asked = ada.login().await.expect(200).json;
    assert_eq!((&asked["methods"], &asked["enrolment_required"]), (&json!([{"method": "passkey"}]), &Value::Null));
    let enrol = app.post("/api/v1/auth/mfa/enrol/totp").json(&json!({"challenge_id": asked["challenge_id"]}));
    enrol.send().await.expect_problem(401, "mfa.challenge_invalid");
    ada.login_with("not the password").await.expect_problem(401, "credentials.invalid");
    let strong = login(&app, &mut device).await.expect_tokens().access;
    app.post("/api/v1/mfa/totp").bearer(&strong).send().await.expect(201);

    // Who has a factor: no passkey with the password alone.
    let policy = json!({"mfa": {"required": "optional"}});
    app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
    let (_, token) = newcomer(&app, "eve@example.com").await;
    let begun = begin(&app, &token).await.expect(200).json;
    let second = app.post("/api/v1/mfa/totp").bearer(&token).send().await.expect(201).json;
    let code = app.totp(second["secret"].as_str().expect("a secret"));
    let body = json!({"id": second["id"], "code": code});
    app.post("/api/v1/mfa/totp/confirm").bearer(&token).json(&body).send().await.expect(200);
    begin(&app, &token).await.expect_problem(401, STEP_UP);
    let made = Authenticator::new(HERE).create(&begun["options"]);
    finish(&app, &token, &begun["ceremony"], &made).await.expect_problem(401, STEP_UP);
}

/// What an access token says.
pub(crate) fn claims(token: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let body = token.split('.').nth(1).expect("a body");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64url")).expect("JSON")
}

async fn what_must_not_work_does_not(backend: Backend) {
    let app = app(backend).await;
    let (_, token) = newcomer(&app, "ada@example.com").await;
    let (_, stranger) = newcomer(&app, "eve@example.com").await;
    let mut device = Authenticator::new(HERE);

    // Registering: on another page, at another host, without asking the user, with another's ceremony, twice.
    for spoil in [
        |device: &mut Authenticator| device.origin = "http://evil.test".into(),
        |device: &mut Authenticator| device.rp_id = Some("evil.test".into()),
        |device: &mut Authenticator| device.verifies = false,
    ] {
        let mut spoilt = Authenticator::new(HERE);
        spoil(&mut spoilt);
        let begun = begin(&app, &token).await.expect(200).json;
        let made = spoilt.create(&begun["options"]);
        finish(&app, &token, &begun["ceremony"], &made).await.expect_problem(403, "passkey.refused");
    }
    let begun = begin(&app, &token).await.expect(200).json;
    let made = device.create(&begun["options"]);
    finish(&app, &stranger, &begun["ceremony"], &made).await.expect_problem(403, "passkey.refused");
    finish(&app, &token, &begun["ceremony"], &made).await.expect_problem(403, "passkey.refused");
    let made = register(&app, &token, &mut device).await;
    let begun = begin(&app, &stranger).await.expect(200).json;
    let copied = Authenticator::create(&mut device, &begun["options"]);
    finish(&app, &stranger, &begun["ceremony"], &copied).await.expect_problem(409, "passkey.exists");
    // The device remembers whom it belongs to.
    let again = begin(&app, &login(&app, &mut Authenticator::new(HERE)).await.text).await;
    again.expect(401);

    // Others' passkeys do not exist.
    let path = format!("/api/v1/passkeys/{}", made["id"].as_str().expect("an id"));
    app.call("DELETE", &path).bearer(&stranger).send().await.expect_problem(404, "not_found");
    let rename = app.call("PATCH", &path).bearer(&stranger).json(&json!({"name": "Mine"})).send().await;
    rename.expect_problem(404, "not_found");
    let listed = app.get("/api/v1/passkeys").bearer(&stranger).send().await.expect(200).json;
    assert_eq!(listed["items"], json!([]));
}

async fn forged_and_replayed_logins_are_refused(backend: Backend) {
    let app = app(backend).await;
    let (ada, token) = newcomer(&app, "ada@example.com").await;
    let mut device = Authenticator::new(HERE);
    register(&app, &token, &mut device).await;
    let handle = device.user_handle.clone();
    for spoil in [
        |device: &mut Authenticator| device.origin = "http://evil.test".into(),
        |device: &mut Authenticator| device.origin = "http://portcullis.test.evil.test".into(),
        |device: &mut Authenticator| device.origin = "http://portcullis.test:81".into(),
        |device: &mut Authenticator| device.rp_id = Some("evil.test".into()),
        |device: &mut Authenticator| device.verifies = false,
        |device: &mut Authenticator| device.synced = true,
        |device: &mut Authenticator| device.user_handle = vec![7; 16],
        |device: &mut Authenticator| device.credential_id = vec![7; 32],
    ] {
        let before = device.credential_id.clone();
        spoil(&mut device);
        login(&app, &mut device).await.expect_problem(401, "passkey.invalid");
        device.origin = HERE.into();
        (device.rp_id, device.verifies, device.synced) = (None, true, false);
        (device.user_handle, device.credential_id) = (handle.clone(), before);
        login(&app, &mut device).await.expect_tokens();
    }
    // Another key that says it is this one.
    let mut other = Authenticator::new(HERE);
    (other.credential_id, other.user_handle) = (device.credential_id.clone(), handle);
    other.counter = Some(1000);
    login(&app, &mut other).await.expect_problem(401, "passkey.invalid");
    // An answer to another question, the same answer again, and one that comes too late.
    let (one, another) = (start(&app).await, start(&app).await);
    let signed = device.get(&one["options"]);
    answer(&app, &another["ceremony"], &signed).await.expect_problem(401, "passkey.invalid");
    answer(&app, &one["ceremony"], &signed).await.expect_tokens();
    answer(&app, &one["ceremony"], &signed).await.expect_problem(401, "passkey.invalid");
    let late = start(&app).await;
    app.clock.advance(Duration::from_secs(300));
    answer(&app, &late["ceremony"], &device.get(&late["options"])).await.expect_problem(401, "passkey.invalid");
    // A counter that does not rise: somebody has a copy.
    login(&app, &mut device).await.expect_tokens();
    device.counter = Some(3);
    login(&app, &mut device).await.expect_problem(401, "passkey.invalid");
    let audit = app.admin_get("/api/v1/admin/audit?action=passkey.cloned").await.expect(200).json;
    assert_eq!(audit["items"].as_array().map(Vec::len), Some(1), "{audit}");
    // Somebody who is disabled.
    device.counter = Some(2000);
    login(&app, &mut device).await.expect_tokens();
    app.admin_call("POST", &format!("/api/v1/admin/users/{}/disable", ada.id), &json!({})).await;
    login(&app, &mut device).await.expect_problem(401, "passkey.invalid");
}

/// One challenge, fifty answers at once: one is in.
async fn a_ceremony_is_used_once(backend: Backend) {
    let app = app(backend).await;
    let (_, token) = newcomer(&app, "ada@example.com").await;
    let mut device = Authenticator::new(HERE);
    (device.counter, device.synced) = (None, true);
    let made = register(&app, &token, &mut device).await;
    assert_eq!(made["synced"], true);
    let begun = start(&app).await;
    let signed = device.get(&begun["options"]);
    let answers = join_all((0..50).map(|_| answer(&app, &begun["ceremony"], &signed))).await;
    let inside: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(inside.len(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401)));
    let access = inside[0].json["access_token"].as_str().expect("a token");
    assert_eq!(claims(access)["amr"], json!(["swk", "user", "mfa"]));
    // Keys that do not count may be used again and again.
    login(&app, &mut device).await.expect_tokens();
    // Fifty registrations of one ceremony make one passkey.
    let begun = begin(&app, access).await.expect(200).json;
    let created = Authenticator::new(HERE).create(&begun["options"]);
    let made = join_all((0..50).map(|_| finish(&app, access, &begun["ceremony"], &created))).await;
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 1);
}

async fn twenty_passkeys_are_enough(backend: Backend) {
    let app = app(backend).await;
    let (_, token) = newcomer(&app, "ada@example.com").await;
    let mut first = Authenticator::new(HERE);
    register(&app, &token, &mut first).await;
    let access = login(&app, &mut first).await.expect_tokens().access;
    // More than there is room for, begun before and finished at once.
    let mut begun = Vec::new();
    for _ in 0..22 {
        begun.push(begin(&app, &access).await.expect(200).json);
    }
    let made = join_all(begun.iter().map(|begun| {
        let created = Authenticator::new(HERE).create(&begun["options"]);
        let (app, access) = (&app, &access);
        async move { finish(app, access, &begun["ceremony"], &created).await }
    }));
    let made = made.await;
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 19);
    assert!(made.iter().all(|answer| answer.status == 201 || answer.json["code"] == "passkey.too_many"));
    begin(&app, &access).await.expect_problem(409, "passkey.too_many");
}

async fn another_tenant_knows_nothing_of_it(backend: Backend) {
    let app = app(backend).await;
    let acme = json!({"slug": "acme", "name": "Acme", "hosts": ["acme.test"]});
    app.admin_call("POST", "/api/v1/admin/tenants", &acme).await.expect(201);
    let (_, token) = newcomer(&app, "ada@example.com").await;
    let mut device = Authenticator::new(HERE);
    register(&app, &token, &mut device).await;
    let at_acme = async |path: &str, body: Value| {
        app.post(path).header("x-tenant-id", "acme").header("origin", "http://acme.test").json(&body).send().await
    };
    let begun = at_acme("/api/v1/auth/passkey/start", json!({})).await.expect(200).json;
    assert_eq!(begun["options"]["publicKey"]["rpId"], "acme.test");
    let body = |device: &mut Authenticator| json!({"ceremony": begun["ceremony"], "credential": device.get(&begun["options"])});
    app.post("/api/v1/auth/passkey/finish")
        .json(&body(&mut device))
        .send()
        .await
        .expect_problem(401, "passkey.invalid");
    device.origin = "http://acme.test".into();
    let theirs = at_acme("/api/v1/auth/passkey/finish", body(&mut device)).await;
    theirs.expect_problem(401, "passkey.invalid");
    device.origin = HERE.into();
    login(&app, &mut device).await.expect_tokens();
}

/// Asks for what a login lacks.
async fn step_up(app: &TestApp, token: &str, wanted: Value) -> Answer {
    app.post("/api/v1/auth/step-up").bearer(token).json(&wanted).send().await
}

/// Proves it with a passkey.
async fn prove(app: &TestApp, token: &str, asked: &Value, begun: &Value, credential: &Value) -> Answer {
    let body = json!({"challenge_id": asked["challenge_id"], "ceremony": begun["ceremony"], "credential": credential});
    app.post("/api/v1/auth/step-up/passkey").bearer(token).json(&body).send().await
}

/// Somebody whose login with a password is eleven minutes old, and their passkey.
async fn long_signed_in<'a>(app: &'a TestApp, email: &str) -> (Person<'a>, Tokens, Authenticator) {
    let person = app.user(email).await;
    let tokens = person.login().await.expect_tokens();
    let mut device = Authenticator::new(HERE);
    register(app, &tokens.access, &mut device).await;
    app.clock.advance(Duration::from_secs(660));
    // As old as its login, however new the token.
    let tokens = app.refresh(&tokens.refresh).await.expect_tokens();
    (person, tokens, device)
}

async fn an_old_login_is_made_new_with_a_passkey(backend: Backend) {
    let app = app(backend).await;
    let (_, old, mut device) = long_signed_in(&app, "ada@example.com").await;
    let begin_totp = async |token: &str| app.post("/api/v1/mfa/totp").bearer(token).send().await;
    begin_totp(&old.access).await.expect_problem(401, "auth.step_up_required");
    let asked = step_up(&app, &old.access, json!({})).await.expect(200).json;
    // The password would not be enough, so it is not asked for.
    assert_eq!((&asked["passkey"], &asked["password"], &asked["methods"]), (&json!(true), &json!(false), &json!([])));
    let begun = start(&app).await;
    let signed = device.get(&begun["options"]);
    let new = prove(&app, &old.access, &asked, &begun, &signed).await.expect_tokens();
    let (was, is) = (claims(&old.access), claims(&new.access));
    assert_eq!((&was["acr"], &was["amr"]), (&json!("1fa"), &json!(["pwd"])));
    assert_eq!((&is["acr"], &is["amr"]), (&json!("mfa"), &json!(["hwk", "user", "mfa"])));
    let seconds = |claims: &Value| claims["auth_time"].as_i64().expect("a time");
    assert_eq!((seconds(&is) - seconds(&was), &is["sub"]), (660, &was["sub"]));
    assert_ne!(is["sid"], was["sid"]);
    begin_totp(&new.access).await.expect(201);
    assert_eq!(step_up(&app, &new.access, json!({"acr": "mfa"})).await.status, 204);

    // The session before is over, with all that came of it.
    app.get("/api/v1/me").bearer(&old.access).send().await.expect_problem(401, "credentials.refused");
    app.refresh(&old.refresh).await.expect_problem(401, "session.ended");
    prove(&app, &old.access, &asked, &begun, &signed).await.expect_problem(401, "credentials.refused");
    // Neither the challenge nor the signature works for the new one.
    prove(&app, &new.access, &asked, &begun, &signed).await.expect_problem(401, "mfa.challenge_invalid");
    app.clock.advance(Duration::from_secs(1));
    let again = step_up(&app, &new.access, json!({"max_age": 0})).await.expect(200).json;
    prove(&app, &new.access, &again, &begun, &signed).await.expect_problem(401, "passkey.invalid");
    app.get("/api/v1/me").bearer(&new.access).send().await.expect(200);
}

async fn a_login_is_made_new_by_its_own_person_alone(backend: Backend) {
    let app = app(backend).await;
    let (_, hers, mut her_device) = long_signed_in(&app, "eve@example.com").await;
    let (ada, tokens, mut device) = long_signed_in(&app, "ada@example.com").await;
    let asked = step_up(&app, &tokens.access, json!({})).await.expect(200).json;
    // Somebody else's passkey, and one that nobody knows.
    for stranger in [&mut her_device, &mut Authenticator::new(HERE)] {
        let begun = start(&app).await;
        let signed = stranger.get(&begun["options"]);
        prove(&app, &tokens.access, &asked, &begun, &signed).await.expect_problem(401, "passkey.invalid");
    }
    // Another's session, and another session of the same person: a challenge is that of who asked.
    let other = ada.login().await.expect_tokens();
    let hers = app.refresh(&hers.refresh).await.expect_tokens();
    for token in [&other.access, &hers.access] {
        let begun = start(&app).await;
        let signed = device.get(&begun["options"]);
        prove(&app, token, &asked, &begun, &signed).await.expect_problem(401, "mfa.challenge_invalid");
    }
    for token in [&tokens.access, &other.access, &hers.access] {
        app.get("/api/v1/me").bearer(token).send().await.expect(200);
    }
    let begun = start(&app).await;
    prove(&app, &tokens.access, &asked, &begun, &device.get(&begun["options"])).await.expect_tokens();
}

/// One challenge answered fifty times at once, by one signature and by as many: one session takes the place.
async fn a_login_is_made_new_once(backend: Backend) {
    let app = app(backend).await;
    let (_, tokens, mut device) = long_signed_in(&app, "ada@example.com").await;
    let only = |answers: Vec<Answer>| {
        let refused = answers.iter().filter(|answer| answer.status == 401).count();
        let mut inside = answers.into_iter().filter(|answer| answer.status == 200);
        assert_eq!(refused, 49);
        inside.next().expect("one").expect_tokens().access
    };
    let (asked, begun) = (step_up(&app, &tokens.access, json!({})).await.expect(200).json, start(&app).await);
    let signed = device.get(&begun["options"]);
    let answers = join_all((0..50).map(|_| prove(&app, &tokens.access, &asked, &begun, &signed))).await;
    let access = only(answers);

    app.clock.advance(Duration::from_secs(1));
    let asked = step_up(&app, &access, json!({"max_age": 0})).await.expect(200).json;
    let mut answers = Vec::new();
    for _ in 0..50 {
        let begun = start(&app).await;
        let signed = device.get(&begun["options"]);
        answers.push((begun, signed));
    }
    let answers = answers.iter().map(|(begun, signed)| prove(&app, &access, &asked, begun, signed));
    let access = only(join_all(answers).await);
    let sessions = app.get("/api/v1/sessions").bearer(&access).send().await.expect(200).json;
    assert_eq!(sessions["items"].as_array().map(Vec::len), Some(1), "{sessions}");
}

crate::on_both! {
    a_passkey_is_a_whole_login;
    what_is_beyond_a_password_is_asked_for_by_both;
    what_must_not_work_does_not;
    forged_and_replayed_logins_are_refused;
    a_ceremony_is_used_once;
    twenty_passkeys_are_enough;
    another_tenant_knows_nothing_of_it;
    an_old_login_is_made_new_with_a_passkey;
    a_login_is_made_new_by_its_own_person_alone;
    a_login_is_made_new_once;
}
