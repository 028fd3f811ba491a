//! Fifty at once: of everything that is single-use, one wins.

use futures_util::future::join_all;

use super::*;

async fn wins(answers: Vec<Reply>) -> usize {
    assert!(answers.iter().all(|a| matches!(a.status, 200 | 401)), "{:?}", answers.iter().map(|a| a.status));
    answers.iter().filter(|a| a.status == 200).count()
}

async fn challenges(node: &TestCore, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(challenged(node, "ada@example.com").await);
    }
    ids
}

async fn one_code_lets_one_in(postgres: bool) {
    let node = patient(postgres).await;
    let ada = owner(&node, "ada@example.com").await;
    let ids = challenges(&node, 50).await;
    let code = ada.code(&node);
    assert_eq!(wins(join_all(ids.iter().map(|id| answer(&node, id, "totp", &code))).await).await, 1, "totp");

    let ids = challenges(&node, 50).await;
    let code = &ada.backup[3];
    assert_eq!(wins(join_all(ids.iter().map(|id| answer(&node, id, "backup_code", code))).await).await, 1, "backup");

    // The challenge itself: fifty codes, each of which would do. Five are looked at, one of them is in.
    node.clock.advance(Duration::from_secs(30));
    let id = challenged(&node, "ada@example.com").await;
    let codes = &ada.backup;
    let tries = (0..50).map(|i| answer(&node, &id, "backup_code", &codes[4 + i % 6]));
    assert_eq!(wins(join_all(tries).await).await, 1, "challenge");
    let left = node.get("/api/v1/mfa").bearer(text(&fully(&node, &ada).await["access_token"])).send().await.expect(200);
    assert_eq!(left["backup_codes_left"], 8, "those that did not win used nothing up");
}

#[tokio::test]
async fn one_code_on_sqlite() {
    one_code_lets_one_in(false).await;
}

#[tokio::test]
async fn one_code_on_postgresql() {
    one_code_lets_one_in(true).await;
}

async fn one_text_message_lets_one_in(postgres: bool) {
    let node = patient(postgres).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let begun =
        node.post("/api/v1/mfa/sms", &json!({"phone": "+49301234567"})).bearer(&ada.token).send().await.expect(201);
    let body = json!({"id": begun["id"], "code": texted(&node).await});
    let confirm = || node.post("/api/v1/mfa/sms/confirm", &body).bearer(&ada.token).send();
    let confirmed = join_all((0..50).map(|_| confirm())).await;
    assert_eq!(confirmed.iter().filter(|a| a.status == 200).count(), 1, "confirmed once");

    let id = challenged(&node, "ada@example.com").await;
    node.post("/api/v1/auth/mfa/sms/send", &json!({"challenge_id": id})).send().await.expect(202);
    let code = texted(&node).await;
    assert_eq!(wins(join_all((0..50).map(|_| answer(&node, &id, "sms", &code))).await).await, 1, "sms");
}

#[tokio::test]
async fn one_text_message_on_sqlite() {
    one_text_message_lets_one_in(false).await;
}

#[tokio::test]
async fn one_text_message_on_postgresql() {
    one_text_message_lets_one_in(true).await;
}

/// A phone is begun with: its id, and the code that confirms it.
async fn phone(node: &TestCore, token: &str) -> (String, String) {
    let body = json!({"phone": "+49301234567"});
    let begun = node.post("/api/v1/mfa/sms", &body).bearer(token).send().await.expect(201);
    (text(&begun["id"]).to_owned(), texted(node).await)
}

async fn changes_of_factors_wait_for_each_other(postgres: bool) {
    let node = patient(postgres).await;
    let chief = node.person("chief@example.com", &["admin"]).await;
    for round in 0..5 {
        let ada = node.person(&format!("ada{round}@example.com"), &["user"]).await;
        let (sms, code) = phone(&node, &ada.token).await;
        let app = node.post("/api/v1/mfa/totp", &json!({})).bearer(&ada.token).send().await.expect(201);
        let secret = text(&app["secret"]).to_owned();
        let sms = json!({"id": sms, "code": code});
        let totp = json!({"id": app["id"], "code": code_at(&secret, node.core.now())});
        let confirm = |path, body| node.post(path, body).bearer(&ada.token).send();
        let first =
            join_all([confirm("/api/v1/mfa/sms/confirm", &sms), confirm("/api/v1/mfa/totp/confirm", &totp)]).await;
        // Whoever is second has a factor by now, and has not shown it.
        assert_eq!(first.iter().filter(|reply| reply.status == 200).count(), 1, "one is the first");
        let shown = node.get("/api/v1/mfa").bearer(&ada.token).send().await.expect(200);
        assert_eq!((shown["factors"].as_array().map(Vec::len), &shown["backup_codes_left"]), (Some(1), &json!(10)));
    }

    let ada = owner(&node, "ada@example.com").await;
    let token = fully_later(&node, &ada).await;
    let (id, code) = phone(&node, &token).await;
    let body = json!({"id": id, "code": code});
    node.post("/api/v1/mfa/sms/confirm", &body).bearer(&token).send().await.expect(200);
    let settings = json!({"mfa": {"required": "always"}});
    let decided = node.call(http::Method::PATCH, "/api/v1/admin/settings").json(&settings).bearer(&chief.token).send();
    decided.await.expect(200);
    let shown = node.get("/api/v1/mfa").bearer(&token).send().await.expect(200);
    let factors = shown["factors"].as_array().expect("factors").iter();
    let paths: Vec<String> = factors.map(|factor| format!("/api/v1/mfa/{}", text(&factor["id"]))).collect();
    let remove = |path: &String| node.call(http::Method::DELETE, path).bearer(&token).send();
    let removed = join_all(paths.iter().map(remove)).await;
    let mut answers: Vec<u16> = removed.iter().map(|reply| reply.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [204, 409], "the last one stays");
}

#[tokio::test]
async fn changes_on_sqlite() {
    changes_of_factors_wait_for_each_other(false).await;
}

#[tokio::test]
async fn changes_on_postgresql() {
    changes_of_factors_wait_for_each_other(true).await;
}
