//! Setting factors up and taking them away.

use super::*;

#[tokio::test]
async fn a_factor_counts_once_it_is_confirmed() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let begun = node.post("/api/v1/mfa/totp", &json!({})).bearer(&ada.token).send().await.expect(201);
    assert!(text(&begun["otpauth_uri"]).contains("ada"), "{begun}");
    assert!(text(&begun["qr_svg"]).starts_with("<svg"));
    log_in(&node, "ada@example.com", PASSWORD).await.expect(200)["access_token"].as_str().expect("not asked for");

    let secret = text(&begun["secret"]);
    let confirm = |code: String| {
        let body = json!({"id": begun["id"], "code": code});
        node.post("/api/v1/mfa/totp/confirm", &body).bearer(&ada.token)
    };
    let good = code_at(secret, node.core.now());
    confirm(wrong(&good).into()).send().await.expect_problem(403, "mfa.confirmation_failed");
    let done = confirm(good.clone()).send().await.expect(200);
    assert_eq!(list(&done["backup_codes"]).len(), 10);
    confirm(good.clone()).send().await.expect(401);
    // What confirmed it does not log in.
    let id = challenged(&node, "ada@example.com").await;
    answer(&node, &id, "totp", &good).await.expect_problem(401, "mfa.code_used");
}

#[tokio::test]
async fn an_enrolment_waits_a_quarter_of_an_hour() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let begun = node.post("/api/v1/mfa/totp", &json!({})).bearer(&ada.token).send().await.expect(201);
    node.clock.advance(Duration::from_secs(15 * 60));
    let fresh = node.login(&ada).await;
    let body = json!({"id": begun["id"], "code": code_at(text(&begun["secret"]), node.core.now())});
    let late = node.post("/api/v1/mfa/totp/confirm", &body).bearer(&fresh).send().await;
    late.expect_problem(403, "mfa.confirmation_failed");
}

#[tokio::test]
async fn changing_factors_ends_other_sessions_and_is_told() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let elsewhere = node.login(&ada).await;
    node.mails().await;
    let ada = with_totp(&node, ada).await;
    node.get("/api/v1/me").bearer(&elsewhere).send().await.expect(401);
    node.get("/api/v1/me").bearer(&ada.person.token).send().await.expect(200);
    let mails = node.mails().await;
    assert_eq!(mails.iter().map(|m| m.to.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
    assert!(mails[0].subject.contains("second factors"), "{}", mails[0].subject);
    assert_eq!(node.audited(node.tenant().id, "user.factor_added").await, 1);
}

#[tokio::test]
async fn factors_are_changed_after_a_recent_login_with_a_second_factor_only() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let weak = &ada.person.token;
    let needed = "auth.step_up_required";
    let shown = node.get("/api/v1/mfa").bearer(weak).send().await.expect(200);
    let path = format!("/api/v1/mfa/{}", text(&shown["factors"][0]["id"]));
    let remove = |token: &str| node.call(http::Method::DELETE, &path).bearer(token);
    let codes = |token: &str| node.post("/api/v1/mfa/backup-codes", &json!({})).bearer(token);
    remove(weak).send().await.expect_problem(401, needed);
    codes(weak).send().await.expect_problem(401, needed);
    node.post("/api/v1/mfa/totp", &json!({})).bearer(weak).send().await.expect_problem(401, needed);

    let strong = fully(&node, &ada).await;
    let strong = text(&strong["access_token"]);
    let other = fully_later(&node, &ada).await;
    let new = codes(strong).send().await.expect(200);
    node.get("/api/v1/me").bearer(&other).send().await.expect(401);
    node.get("/api/v1/me").bearer(strong).send().await.expect(200);
    assert_eq!(list(&new["backup_codes"]).len(), 10);
    let id = challenged(&node, "ada@example.com").await;
    answer(&node, &id, "backup_code", &ada.backup[0]).await.expect_problem(401, "mfa.code_invalid");

    node.clock.advance(Duration::from_secs(10 * 60 + 1));
    remove(strong).send().await.expect_problem(401, needed);
    let strong = fully(&node, &ada).await;
    remove(text(&strong["access_token"])).send().await.expect(204);
    let plain = log_in(&node, "ada@example.com", PASSWORD).await.expect(200);
    assert!(plain["mfa_required"].is_null(), "{plain}");
    let shown = node.get("/api/v1/mfa").bearer(text(&plain["access_token"])).send().await.expect(200);
    assert_eq!(shown, json!({"factors": [], "backup_codes_left": 0}));
}

#[tokio::test]
async fn somebody_elses_factor_is_none_and_a_program_has_none() {
    let node = TestCore::start().await;
    let ada = owner(&node, "ada@example.com").await;
    let shown = node.get("/api/v1/mfa").bearer(&ada.person.token).send().await.expect(200);
    let path = format!("/api/v1/mfa/{}", text(&shown["factors"][0]["id"]));
    let bob = node.person("bob@example.com", &["user"]).await;
    node.call(http::Method::DELETE, &path).bearer(&bob.token).send().await.expect_problem(404, "not_found");
    let key = node.post("/api/v1/api-keys", &json!({"name": "ci"})).bearer(&bob.token).send().await.expect(201);
    let key = kernel::Secret::new(text(&key["key"]).to_owned());
    let program = crate::api_keys::authenticate(&node.core, key).await.expect("a caller");
    node.post("/api/v1/mfa/totp", &json!({})).by(&program).send().await.expect_problem(403, "mfa.no_login");
    // Whoever is gone is not told that they are a program.
    let gone = node.caller(&["profile:write"]);
    node.post("/api/v1/mfa/totp", &json!({})).by(&gone).send().await.expect_problem(401, "credentials.missing");
}
