//! Who must have a second factor.

use super::*;

async fn decide(node: &TestCore, mfa: Json) {
    let chief = node.person("chief@example.com", &["admin"]).await;
    node.call(http::Method::PATCH, "/api/v1/admin/settings")
        .json(&json!({"mfa": mfa}))
        .bearer(&chief.token)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn whoever_must_and_has_none_sets_one_up_inside_the_login() {
    let node = TestCore::start().await;
    node.person("ada@example.com", &["admin"]).await;
    node.person("bob@example.com", &["user"]).await;
    decide(&node, json!({"required": "optional", "roles": ["admin"]})).await;
    assert!(log_in(&node, "bob@example.com", PASSWORD).await.expect(200)["access_token"].is_string());

    let asked = log_in(&node, "ada@example.com", PASSWORD).await.expect(200);
    assert_eq!((&asked["enrolment_required"], &asked["methods"]), (&json!(true), &json!([])));
    let id = text(&asked["challenge_id"]);
    answer(&node, id, "totp", "123456").await.expect_problem(401, "mfa.code_invalid");
    let begun = node.post("/api/v1/auth/mfa/enrol/totp", &json!({"challenge_id": id})).send().await.expect(201);
    let code = code_at(text(&begun["secret"]), node.core.now());
    let done = answer(&node, id, "totp", &code).await.expect(200);
    assert_eq!(list(&done["backup_codes"]).len(), 10);
    node.get("/api/v1/me").bearer(text(&done["access_token"])).send().await.expect(200);

    // From now on it is asked for, and stays.
    node.clock.advance(Duration::from_secs(30));
    let shown = node.get("/api/v1/mfa").bearer(text(&done["access_token"])).send().await.expect(200);
    let path = format!("/api/v1/mfa/{}", text(&shown["factors"][0]["id"]));
    let last = node.call(http::Method::DELETE, &path).bearer(text(&done["access_token"])).send().await;
    last.expect_problem(409, "mfa.needed");
    challenged(&node, "ada@example.com").await;
}

#[tokio::test]
async fn a_phone_will_do_as_first_factor() {
    let node = TestCore::start().await;
    node.person("ada@example.com", &["user"]).await;
    decide(&node, json!({"required": "always"})).await;
    let id = challenged(&node, "ada@example.com").await;
    let body = json!({"challenge_id": id, "phone": "nonsense"});
    node.post("/api/v1/auth/mfa/enrol/sms", &body).send().await.expect(400);
    let body = json!({"challenge_id": id, "phone": "+49301234567"});
    node.post("/api/v1/auth/mfa/enrol/sms", &body).send().await.expect(201);
    let code = texted(&node).await;
    answer(&node, &id, "sms", &code).await.expect(200);
}

#[tokio::test]
async fn a_challenge_for_those_who_have_a_factor_is_no_way_to_another() {
    let node = TestCore::start().await;
    owner(&node, "ada@example.com").await;
    decide(&node, json!({"required": "always"})).await;
    let id = challenged(&node, "ada@example.com").await;
    let begun = node.post("/api/v1/auth/mfa/enrol/totp", &json!({"challenge_id": id})).send().await;
    begun.expect_problem(401, "mfa.challenge_invalid");
}

#[tokio::test]
async fn two_first_factors_at_once_are_one() {
    let node = TestCore::start().await;
    node.person("ada@example.com", &["user"]).await;
    decide(&node, json!({"required": "always"})).await;
    let (first, second) = (challenged(&node, "ada@example.com").await, challenged(&node, "ada@example.com").await);
    let app = node.post("/api/v1/auth/mfa/enrol/totp", &json!({"challenge_id": first})).send().await.expect(201);
    let phone = json!({"challenge_id": second, "phone": "+49301234567"});
    node.post("/api/v1/auth/mfa/enrol/sms", &phone).send().await.expect(201);
    let sms = texted(&node).await;
    answer(&node, &first, "totp", &code_at(text(&app["secret"]), node.core.now())).await.expect(200);
    answer(&node, &second, "sms", &sms).await.expect_problem(401, "mfa.challenge_invalid");
}

#[tokio::test]
async fn where_nobody_can_have_one_those_who_have_one_are_still_asked() {
    let node = TestCore::start().await;
    owner(&node, "ada@example.com").await;
    let bob = node.person("bob@example.com", &["user"]).await;
    decide(&node, json!({"required": "never"})).await;
    node.post("/api/v1/mfa/totp", &json!({})).bearer(&bob.token).send().await.expect_problem(403, "mfa.off");
    challenged(&node, "ada@example.com").await;
}

#[tokio::test]
async fn a_role_makes_it_necessary_for_all_that_inherit_from_it() {
    let node = TestCore::start().await;
    let people = [
        ("boss@example.com", "super_admin", true),
        ("clerk@example.com", "admin", true),
        ("ada@example.com", "user", false),
    ];
    for (email, role, _) in people {
        node.person(email, &[role]).await;
    }
    decide(&node, json!({"required": "optional", "roles": ["admin"]})).await;
    for (email, role, asked) in people {
        let answer = log_in(&node, email, PASSWORD).await.expect(200);
        assert_eq!(answer["enrolment_required"] == json!(true), asked, "{role}: {answer}");
    }
}

#[tokio::test]
async fn a_session_of_a_password_alone_ends_where_a_factor_is_demanded_meanwhile() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let body = json!({"email": ada.email, "password": PASSWORD, "set_cookie": true});
    let reply = node.post("/api/v1/auth/login", &body).send().await;
    let cookie =
        reply.headers["set-cookie"].to_str().expect("text").split(['=', ';']).nth(1).expect("a value").to_owned();
    let session = reply.expect(200);
    let refresh = async |token: &Json| node.post("/api/v1/auth/refresh", &json!({"refresh_token": token})).send().await;
    let next = refresh(&session["refresh_token"]).await.expect(200);
    let by_cookie =
        async || crate::sessions::authenticate_cookie(&node.core, kernel::Secret::new(cookie.clone())).await;
    by_cookie().await.expect("good");

    decide(&node, json!({"required": "always"})).await;
    let refused = by_cookie().await.expect_err("too weak");
    assert_eq!(refused.kind.code, "session.second_factor_needed");
    refresh(&next["refresh_token"]).await.expect_problem(401, "session.second_factor_needed");
}

#[tokio::test]
async fn whoever_must_set_a_factor_up_proves_their_address_first() {
    let node = TestCore::start().await;
    decide(&node, json!({"required": "always"})).await;
    let body = json!({"email": "eve@example.com", "password": PASSWORD});
    node.post("/api/v1/auth/register", &body).send().await.expect(201);
    for _ in 0..6 {
        log_in(&node, "eve@example.com", PASSWORD).await.expect_problem(403, "user.email_unverified");
    }
    log_in(&node, "eve@example.com", "wrong").await.expect_problem(401, "credentials.invalid");
}
