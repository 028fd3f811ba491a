//! Logging in with a second factor.

use kernel::{Acr, jose::Unverified};

use super::*;

#[tokio::test]
async fn a_password_alone_is_answered_with_a_challenge_and_the_code_with_tokens() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let asked = log_in(&node, "ada@example.com", PASSWORD).await.expect(200);
    assert_eq!(asked["expires_in"], 300);
    assert_eq!(asked["methods"], json!([{"method": "totp"}, {"method": "backup_code"}]));
    let tokens = answer(&node, text(&asked["challenge_id"]), "totp", &ada.code(&node)).await.expect(200);
    let claims = claims(&node, &tokens);
    assert_eq!(claims.amr.words().collect::<Vec<_>>(), ["pwd", "otp", "mfa"]);
    assert_eq!(claims.amr.acr(), Some(Acr::Mfa));
    assert_eq!(text(&tokens["user"]["email"]), "ada@example.com");
    assert_eq!(node.audited(node.tenant().id, "login.challenged").await, 1);
    // The login before the enrolment, and this one.
    assert_eq!(node.audited(node.tenant().id, "login.succeeded").await, 2);
}

fn claims(node: &TestCore, tokens: &Json) -> kernel::jose::Claims {
    let token = text(&tokens["access_token"]);
    Unverified::parse(token).expect("a token");
    node.core.edge.keys.load().verify(token, node.core.now()).expect("ours").0
}

#[tokio::test]
async fn a_code_works_once_and_the_next_one_works() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    fully(&node, &ada).await;
    let again = challenged(&node, "ada@example.com").await;
    answer(&node, &again, "totp", &ada.code(&node)).await.expect_problem(401, "mfa.code_used");
    node.clock.advance(Duration::from_secs(30));
    answer(&node, &again, "totp", &ada.code(&node)).await.expect(200);
}

#[tokio::test]
async fn a_challenge_is_answered_once_in_time_often_enough_and_by_the_same_program() {
    let node = patient(false).await;
    let ada = owner(&node, "ada@example.com").await;
    let invalid = "mfa.challenge_invalid";

    let late = challenged(&node, "ada@example.com").await;
    node.clock.advance(Duration::from_secs(300));
    answer(&node, &late, "totp", &ada.code(&node)).await.expect_problem(401, invalid);

    let guessed = challenged(&node, "ada@example.com").await;
    for _ in 0..5 {
        answer(&node, &guessed, "totp", wrong(&ada.code(&node))).await.expect_problem(401, "mfa.code_invalid");
    }
    answer(&node, &guessed, "totp", &ada.code(&node)).await.expect_problem(401, invalid);

    let other = challenged(&node, "ada@example.com").await;
    let body = json!({"challenge_id": other, "method": "totp", "code": ada.code(&node)});
    let stolen = node.post("/api/v1/auth/mfa", &body).header("user-agent", "another program").send().await;
    stolen.expect_problem(401, invalid);
    answer(&node, &other, "totp", &ada.code(&node)).await.expect(200);
    node.clock.advance(Duration::from_secs(30));
    answer(&node, &other, "totp", &ada.code(&node)).await.expect_problem(401, invalid);
    answer(&node, "pch_nothing", "totp", "123456").await.expect_problem(401, invalid);
}

#[tokio::test]
async fn whoever_guesses_codes_is_stopped_over_all_challenges_and_sources() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let mut refused = 0;
    for source in 0..30 {
        let ip = format!("198.51.100.{source}");
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        let asked = node.post("/api/v1/auth/login", &login).from(&ip).send().await.expect(200);
        let body = json!({"challenge_id": asked["challenge_id"], "method": "totp", "code": wrong(&ada.code(&node))});
        let reply = node.post("/api/v1/auth/mfa", &body).from(&ip).send().await;
        refused += u32::from(reply.status == 429);
        assert!(matches!(reply.status, 401 | 429), "{}", reply.json);
        // Longer than any delay.
        node.clock.advance(Duration::from_secs(65));
    }
    assert!(refused >= 10, "twenty guesses are looked at, not more: {refused} were refused");
}

#[tokio::test]
async fn a_wrong_password_says_nothing_about_second_factors() {
    let node = TestCore::start().await;
    owner(&node, "ada@example.com").await;
    node.person("bob@example.com", &["user"]).await;
    let ada = log_in(&node, "ada@example.com", "Wrong-Password-17").await.expect_problem(401, "credentials.invalid");
    let bob = log_in(&node, "bob@example.com", "Wrong-Password-17").await.expect_problem(401, "credentials.invalid");
    let nobody = log_in(&node, "eve@example.com", "Wrong-Password-17").await.expect_problem(401, "credentials.invalid");
    assert!(ada == bob && bob == nobody);
}

#[tokio::test]
async fn a_backup_code_works_once_however_it_is_written() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    assert_eq!(ada.backup.len(), 10);
    let first = challenged(&node, "ada@example.com").await;
    answer(&node, &first, "backup_code", &ada.backup[0].to_uppercase().replace('-', "")).await.expect(200);
    let second = challenged(&node, "ada@example.com").await;
    answer(&node, &second, "backup_code", &ada.backup[0]).await.expect_problem(401, "mfa.code_used");
    answer(&node, &second, "backup_code", "aaaaa-aaaaa").await.expect_problem(401, "mfa.code_invalid");
    node.clock.advance(Duration::from_secs(65));
    let tokens = answer(&node, &second, "backup_code", &ada.backup[1]).await.expect(200);
    let shown = node.get("/api/v1/mfa").bearer(text(&tokens["access_token"])).send().await.expect(200);
    assert_eq!(shown["backup_codes_left"], 8);
}

#[tokio::test]
async fn a_challenge_does_not_outlive_its_password() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let waiting = challenged(&node, "ada@example.com").await;
    let (id, hash) = (ada.person.id, node.core.hasher.hash("Another-Kettle-94-moon".to_owned().into()).await);
    let (hash, now) = (kernel::Secret::new(hash.expect("a hash")), node.core.now());
    let changed = node
        .core
        .store
        .tenant(node.tenant().id)
        .write(move |tx| Box::pin(async move { crate::users::set_password_hash(tx, id, None, &hash, now).await }));
    assert!(changed.await.map_err(|e: storage::StoreError| e).expect("changed"));
    answer(&node, &waiting, "totp", &ada.code(&node)).await.expect_problem(401, "mfa.challenge_invalid");
}

#[tokio::test]
async fn a_reset_by_mail_leads_to_a_challenge_and_not_past_it() {
    let node = TestCore::start().await;
    let id = owner(&node, "ada@example.com").await.person.id;
    let now = node.core.now();
    let verified = node
        .core
        .store
        .tenant(node.tenant().id)
        .write(move |tx| Box::pin(async move { crate::users::verify_email(tx, id, "ada@example.com", now).await }));
    assert!(verified.await.map_err(|e: storage::StoreError| e).expect("asked"));
    node.mails().await;
    node.post("/api/v1/auth/password-reset", &json!({"email": "ada@example.com"})).send().await.expect(202);
    let mail = node.mails().await.pop().expect("a mail");
    let token = mail.text.split("token=").nth(1).and_then(|t| t.split_whitespace().next()).expect("a token").to_owned();
    let new = "Another-Kettle-94-moon";
    let body = json!({"token": token, "new_password": new});
    let reset = node.post("/api/v1/auth/password-reset/confirm", &body).send().await;
    assert!(reset.headers.get("set-cookie").is_none());
    assert_eq!(reset.expect(204), Json::Null, "a reset is no login");
    let asked = log_in(&node, "ada@example.com", new).await.expect(200);
    assert_eq!(asked["mfa_required"], true);
}

#[tokio::test]
async fn a_cookie_and_what_else_was_asked_for_comes_with_the_answer() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let login = json!({"email": "ada@example.com", "password": PASSWORD, "set_cookie": true, "scope": "openid email",
        "remember_me": true});
    let asked = node.post("/api/v1/auth/login", &login).send().await;
    assert!(asked.headers.get("set-cookie").is_none());
    let asked = asked.expect(200);
    let done = answer(&node, text(&asked["challenge_id"]), "totp", &ada.code(&node)).await;
    let cookie = done.headers.get("set-cookie").expect("a cookie").to_str().expect("text").to_owned();
    assert!(cookie.starts_with("__Host-portcullis_session=") && cookie.contains("Max-Age="));
    assert_eq!(done.expect(200)["scope"], "openid email");
}

#[tokio::test]
async fn a_phone_is_sent_a_code_that_works_for_its_challenge_only() {
    let node = patient(false).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let phone = json!({"phone": "+49 30 1234567"});
    let begun = node.post("/api/v1/mfa/sms", &phone).bearer(&ada.token).send().await.expect(201);
    let body = json!({"id": begun["id"], "code": texted(&node).await});
    node.post("/api/v1/mfa/sms/confirm", &body).bearer(&ada.token).send().await.expect(200);

    let asked = log_in(&node, "ada@example.com", PASSWORD).await.expect(200);
    assert_eq!(asked["methods"][0], json!({"method": "sms", "hint": "+49•••••••67"}));
    let first = text(&asked["challenge_id"]).to_owned();
    let refused = answer(&node, &first, "sms", "").await.expect_problem(401, "mfa.code_invalid");
    let advice = text(&refused["detail"]);
    assert!(advice.contains("the latest message") && !advice.contains("clock"), "no app is asked for: {advice}");
    let send = json!({"challenge_id": first});
    node.post("/api/v1/auth/mfa/sms/send", &send).send().await.expect(202);
    let code = texted(&node).await;
    let second = challenged(&node, "ada@example.com").await;
    answer(&node, &second, "sms", &code).await.expect_problem(401, "mfa.code_invalid");
    answer(&node, &first, "sms", &code).await.expect(200);

    node.limiter.refuse(true);
    // The login is limited too, so the challenge is one that waits already.
    let third = json!({"challenge_id": second});
    let limited = node.post("/api/v1/auth/mfa/sms/send", &third).send().await;
    limited.expect_problem(429, "sms.limited");
    assert!(node.texts().await.is_empty());
}

/// The device cookie that an answer sets.
fn device_cookie(reply: &Reply) -> String {
    let all = reply.headers.get_all("set-cookie").iter().map(|v| v.to_str().expect("text"));
    let set = all.into_iter().find(|c| c.starts_with("__Host-portcullis_device=")).expect("a device cookie");
    set.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn a_trusted_browser_is_not_asked_until_something_changes() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let login = json!({"email": "ada@example.com", "password": PASSWORD, "set_cookie": true});
    let asked = node.post("/api/v1/auth/login", &login).send().await.expect(200);
    let body = json!({"challenge_id": asked["challenge_id"], "method": "totp", "code": ada.code(&node),
        "trust_device": true});
    let done = node.post("/api/v1/auth/mfa", &body).send().await;
    let cookie = device_cookie(&done);
    let strong = done.expect(200);

    let with = |cookie: &str| node.post("/api/v1/auth/login", &login).header("cookie", cookie);
    let again = with(&cookie).send().await.expect(200);
    assert_eq!(claims(&node, &again).amr.acr(), Some(Acr::Single), "trusted is not proven");
    let stranger = "__Host-portcullis_device=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(with(stranger).send().await.expect(200)["mfa_required"], true);

    // New factors: nothing that was trusted before is.
    node.clock.advance(Duration::from_secs(30));
    let strong = text(&strong["access_token"]);
    let begun = node.post("/api/v1/mfa/totp", &json!({})).bearer(strong).send().await.expect(201);
    let confirm = json!({"id": begun["id"], "code": code_at(text(&begun["secret"]), node.core.now())});
    node.post("/api/v1/mfa/totp/confirm", &confirm).bearer(strong).send().await.expect(200);
    assert_eq!(with(&cookie).send().await.expect(200)["mfa_required"], true);
}

#[tokio::test]
async fn trust_ends_after_a_month() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let login = json!({"email": "ada@example.com", "password": PASSWORD, "set_cookie": true});
    let asked = node.post("/api/v1/auth/login", &login).send().await.expect(200);
    let body = json!({"challenge_id": asked["challenge_id"], "method": "totp", "code": ada.code(&node),
        "trust_device": true});
    let cookie = device_cookie(&node.post("/api/v1/auth/mfa", &body).send().await);
    for (days, asked) in [(29, false), (1, true)] {
        node.clock.advance(Duration::from_secs(days * 86_400));
        let reply = node.post("/api/v1/auth/login", &login).header("cookie", &cookie).send().await.expect(200);
        assert_eq!(reply["mfa_required"] == true, asked, "{reply}");
    }
}

#[tokio::test]
async fn of_two_phones_the_newest_is_offered_and_gets_the_code() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let token = fully_later(&node, &ada).await;
    for phone in ["+49301111111", "+49302222222"] {
        node.clock.advance(Duration::from_secs(1));
        let begun = node.post("/api/v1/mfa/sms", &json!({"phone": phone})).bearer(&token).send().await.expect(201);
        let body = json!({"id": begun["id"], "code": texted(&node).await});
        node.post("/api/v1/mfa/sms/confirm", &body).bearer(&token).send().await.expect(200);
    }
    let asked = log_in(&node, "ada@example.com", PASSWORD).await.expect(200);
    let hints: Vec<&Json> = asked["methods"].as_array().expect("methods").iter().map(|offer| &offer["hint"]).collect();
    assert_eq!(hints, [&Json::Null, &json!("+49•••••••22"), &Json::Null]);
    node.post("/api/v1/auth/mfa/sms/send", &json!({"challenge_id": asked["challenge_id"]})).send().await.expect(202);
    assert_eq!(node.texts().await[0].to, "+49302222222");
}

#[tokio::test]
async fn a_factor_confirmed_while_the_password_was_hashed_stops_the_login() {
    use crate::{
        auth::{self, Entrance},
        devices::Shown,
        sessions::{Scope, Wishes},
    };
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await.person;
    let waiting = kernel::Waiting::default();
    let ctx = kernel::RequestContext {
        request_id: "test".into(),
        tenant: node.tenant(),
        principal: None,
        client_ip: [192, 0, 2, 1].into(),
        secure: true,
        caller: waiting.caller(),
    };
    let id = ada.id;
    let found = node.core.store.tenant(ctx.tenant.id).read(move |tx| Box::pin(crate::users::by_id(tx, id))).await;
    let entrance = Entrance {
        replaces: None,
        user: found.map_err(|e: storage::StoreError| e).expect("asked").expect("ada"),
        amr: kernel::Amr::of(kernel::assurance::Method::Password),
        password: None,
        counter: None,
        wishes: Wishes { remember: false, scope: Scope::default(), set_cookie: false },
        device: Shown::read(&http::HeaderMap::new(), ctx.client_ip),
        language: None,
    };
    let before = node.audited(ctx.tenant.id, "login.succeeded").await;
    assert!(auth::enter(&node.core, &ctx, entrance).await.expect("asked").is_none());
    assert_eq!(node.audited(ctx.tenant.id, "login.succeeded").await, before);
}
