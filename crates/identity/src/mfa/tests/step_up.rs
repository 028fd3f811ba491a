//! Proving more while signed in, and the attacks on it.

use futures_util::future::join_all;

use super::*;

crate::testing::on_both_databases! {
    a_login_is_made_new_without_signing_out;
    what_a_person_has_is_asked_for;
    a_challenge_is_answered_once_however_many_try;
    no_wish_makes_an_old_password_new;
    a_session_that_has_ended_becomes_no_other;
    a_login_ends_the_session_whose_cookie_the_browser_had;
}

const PATH: &str = "/api/v1/auth/step-up";
const LATER: Duration = Duration::from_secs(601);

async fn begin(node: &TestCore, token: &str, body: Json) -> Reply {
    node.post(PATH, &body).bearer(token).send().await
}

async fn prove(node: &TestCore, token: &str, body: &Json) -> Reply {
    node.post(&format!("{PATH}/answer"), body).bearer(token).send().await
}

async fn sessions(node: &TestCore, token: &str) -> Vec<Json> {
    let list = node.get("/api/v1/sessions").bearer(token).send().await.expect(200);
    list["items"].as_array().expect("a list").clone()
}

async fn a_login_is_made_new_without_signing_out(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let other = node.login(&ada).await;
    assert_eq!(begin(&node, &ada.token, json!({})).await.expect(204), Json::Null, "it is recent");
    begin(&node, &ada.token, json!({"acr": "mfa"})).await.expect_problem(403, "auth.second_factor_needed");
    begin(&node, &ada.token, json!({"acr": "high"})).await.expect_problem(400, "request.malformed");
    node.clock.advance(LATER);
    let change = || node.post("/api/v1/mfa/totp", &json!({})).bearer(&ada.token).send();
    change().await.expect_problem(401, "auth.step_up_required");
    let before = sessions(&node, &ada.token).await;

    let asked = begin(&node, &ada.token, json!({})).await.expect(200);
    let id = &asked["challenge_id"];
    assert_eq!(
        asked,
        json!({"challenge_id": id, "expires_in": 300, "password": true, "methods": [], "passkey": false})
    );
    let right = json!({"challenge_id": id, "password": PASSWORD});
    prove(&node, &ada.token, &json!({"challenge_id": id})).await.expect_problem(400, "request.invalid");
    let wrong = json!({"challenge_id": id, "password": "wrong"});
    prove(&node, &ada.token, &wrong).await.expect_problem(403, "password.wrong");
    prove(&node, &other, &right).await.expect_problem(401, "mfa.challenge_invalid");
    let done = prove(&node, &ada.token, &right).await;
    assert!(done.headers.get("set-cookie").is_none(), "it had no cookie");
    let done = done.expect(200);

    assert!(node.judge(&ada.token).is_err(), "what was stolen before is worth nothing");
    let token = text(&done["access_token"]);
    node.post("/api/v1/mfa/totp", &json!({})).bearer(token).send().await.expect(201);
    let after = sessions(&node, token).await;
    let current = |list: &[Json]| list.iter().find(|one| one["current"] == true).expect("the present one").clone();
    assert_eq!(after.len(), before.len(), "one took the place of the other");
    assert_ne!(current(&after)["id"], current(&before)["id"]);
    assert_eq!(current(&after)["expires_at"], current(&before)["expires_at"], "it lasts no longer");
    let refresh = json!({"refresh_token": done["refresh_token"]});
    node.post("/api/v1/auth/refresh", &refresh).send().await.expect(200);
    prove(&node, token, &right).await.expect_problem(401, "mfa.challenge_invalid");
    assert_eq!(node.audited(node.tenant().id, "session.stepped_up").await, 1);
}

async fn no_wish_makes_an_old_password_new(node: TestCore) {
    let ada = owner(&node, "ada@example.com").await;
    let token = &ada.person.token;
    let wish = json!({"acr": "mfa", "max_age": 1_000_000_000});
    assert_eq!(begin(&node, token, wish.clone()).await.expect(200)["password"], false, "it is recent");
    node.clock.advance(LATER);
    let asked = begin(&node, token, wish).await.expect(200);
    assert_eq!(asked["password"], true);
    let code = json!({"challenge_id": asked["challenge_id"], "method": "totp", "code": ada.code(&node)});
    prove(&node, token, &code).await.expect_problem(400, "request.invalid");
}

async fn a_session_that_has_ended_becomes_no_other(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    node.clock.advance(LATER);
    let open = async || begin(&node, &ada.token, json!({})).await.expect(200)["challenge_id"].clone();
    let (one, other) = (open().await, open().await);
    let answers = join_all([&one, &other].map(|id| {
        let right = json!({"challenge_id": id, "password": PASSWORD});
        let (node, token) = (&node, &ada.token);
        async move { prove(node, token, &right).await.status }
    }));
    let mut statuses = answers.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "of two challenges at once one replaces the session");
}

async fn what_a_person_has_is_asked_for(node: TestCore) {
    let ada = owner(&node, "ada@example.com").await;
    let login = json!({"email": "ada@example.com", "password": PASSWORD, "set_cookie": true, "remember_me": true});
    let asked = node.post("/api/v1/auth/login", &login).send().await.expect(200);
    let first = answer(&node, text(&asked["challenge_id"]), "totp", &ada.code(&node)).await.expect(200);
    let token = text(&first["access_token"]);
    begin(&node, token, json!({"acr": "mfa"})).await.expect(204);
    let asked = begin(&node, token, json!({"max_age": 0})).await;
    assert_eq!(asked.status, 204, "no time has passed");
    node.clock.advance(LATER);

    let asked = begin(&node, token, json!({"acr": "1fa"})).await.expect(200);
    assert_eq!(asked["password"], true);
    assert_eq!(asked["methods"], json!([{"method": "totp"}, {"method": "backup_code"}]), "a password is not enough");
    let id = &asked["challenge_id"];
    let body = |code: &str| json!({"challenge_id": id, "password": PASSWORD, "method": "totp", "code": code});
    let code = ada.code(&node);
    prove(&node, token, &json!({"challenge_id": id, "password": PASSWORD}))
        .await
        .expect_problem(400, "request.invalid");
    prove(&node, token, &body(wrong(&code))).await.expect_problem(401, "mfa.code_invalid");
    // It opens nothing else, and nothing else opens it.
    answer(&node, text(id), "totp", &code).await.expect_problem(401, "mfa.challenge_invalid");
    let other = challenged(&node, "ada@example.com").await;
    let foreign = json!({"challenge_id": other, "password": PASSWORD, "method": "totp", "code": code});
    prove(&node, token, &foreign).await.expect_problem(401, "mfa.challenge_invalid");
    let done = prove(&node, token, &body(&code)).await;
    let cookie = done.headers.get("set-cookie").expect("as before").to_str().expect("text").to_owned();
    assert!(cookie.starts_with("__Host-portcullis_session=") && cookie.contains("Max-Age="), "{cookie}");
    let done = done.expect(200);
    let caller = node.judge(text(&done["access_token"])).expect("a caller");
    assert_eq!((caller.amr.to_string().as_str(), caller.authenticated_at), ("pwd otp mfa", node.core.now()));

    // Five answers, whatever they are.
    node.clock.advance(LATER);
    let token = text(&done["access_token"]);
    let asked = begin(&node, token, json!({})).await.expect(200);
    let mut body = json!({"challenge_id": asked["challenge_id"]});
    for _ in 0..5 {
        prove(&node, token, &body).await.expect_problem(400, "request.invalid");
    }
    body["password"] = json!(PASSWORD);
    prove(&node, token, &body).await.expect_problem(401, "mfa.challenge_invalid");

    // In time only.
    let asked = begin(&node, token, json!({})).await.expect(200);
    node.clock.advance(Duration::from_secs(300));
    let body = json!({"challenge_id": asked["challenge_id"], "password": PASSWORD, "method": "totp",
        "code": ada.code(&node)});
    prove(&node, token, &body).await.expect_problem(401, "mfa.challenge_invalid");
}

async fn a_challenge_is_answered_once_however_many_try(node: TestCore) {
    let ada = owner(&node, "ada@example.com").await;
    let tokens = fully(&node, &ada).await;
    let token = text(&tokens["access_token"]);
    node.clock.advance(LATER);
    let asked = begin(&node, token, json!({})).await.expect(200);
    // What is tested is that one wins, not that the others are kept from trying.
    let patience = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move { tx.execute("UPDATE challenges SET attempts_left = 50 WHERE tenant_id = $1", &[]).await })
    });
    patience.await.map_err(|e: storage::StoreError| e).expect("patience");
    let body = json!({"challenge_id": asked["challenge_id"], "password": PASSWORD, "method": "backup_code",
        "code": ada.backup[0]});
    let all = join_all((0..50).map(|_| prove(&node, token, &body))).await;
    let won: Vec<&Reply> = all.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1, "{:?}", all.iter().map(Reply::code).collect::<Vec<_>>());
    let left = sessions(&node, text(&won[0].json["access_token"])).await;
    assert_eq!(left.len(), 2, "that of the app's setup, and one more");
    assert_eq!(node.audited(node.tenant().id, "session.stepped_up").await, 1);
}

#[tokio::test]
async fn programs_and_administrators_who_act_as_somebody_prove_nothing() {
    let node = TestCore::start().await;
    let chief = node.person("chief@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let path = format!("/api/v1/admin/users/{}/impersonate", ada.id);
    let acting = node.post(&path, &json!({"reason": "help"})).bearer(&chief.token).send().await.expect(200);
    begin(&node, text(&acting["access_token"]), json!({})).await.expect_problem(403, "permission.denied");
    let key = node.post("/api/v1/api-keys", &json!({"name": "ci"})).bearer(&ada.token).send().await.expect(201);
    let key = kernel::Secret::new(text(&key["key"]).to_owned());
    let caller = crate::api_keys::authenticate(&node.core, key).await.expect("a caller");
    node.post(PATH, &json!({})).by(&caller).send().await.expect_problem(403, "mfa.no_login");
    node.post(PATH, &json!({})).send().await.expect_problem(401, "credentials.missing");
}

async fn a_login_ends_the_session_whose_cookie_the_browser_had(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let login = json!({"email": ada.email, "password": PASSWORD, "set_cookie": true});
    let first = node.post("/api/v1/auth/login", &login).bearer(&ada.token).send().await;
    assert!(node.judge(&ada.token).is_ok(), "a token is not overwritten");
    let cookie = first.headers["set-cookie"].to_str().expect("text").split(['=', ';']).nth(1).expect("a value");
    let cookie = kernel::Secret::new(cookie.to_owned());
    let present = crate::sessions::authenticate_cookie(&node.core, cookie.clone()).await.expect("a caller");
    let first = first.expect(200);
    node.post("/api/v1/auth/login", &login).by(&present).send().await.expect(200);
    assert!(node.judge(text(&first["access_token"])).is_err());
    let refused = crate::sessions::authenticate_cookie(&node.core, cookie).await.expect_err("it has ended");
    assert_eq!(refused.kind.code, "session.ended");
}
