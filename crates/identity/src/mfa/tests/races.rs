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
