//! What administrators see and do.

use super::*;

#[tokio::test]
async fn an_administrator_unlocks_second_factors_too() {
    let mut settings = settings();
    settings.lockout.failures = 1;
    let node = TestCore::start_with(settings).await;
    let chief = node.person("chief@example.com", &["super_admin"]).await;
    let ada = owner(&node, "ada@example.com").await;
    // Four failures over all sources lock, and each challenge needs a login.
    let mut challenges = Vec::new();
    for _ in 0..6 {
        challenges.push(challenged(&node, "ada@example.com").await);
        let unlock = format!("/api/v1/admin/users/{}/unlock", ada.person.id);
        node.post(&unlock, &json!({})).bearer(&chief.token).send().await.expect(200);
    }
    let code = ada.code(&node);
    for challenge in &challenges[..4] {
        let reply = answer(&node, challenge, "totp", wrong(&code)).await;
        node.wait(&reply);
        reply.expect_problem(401, "mfa.code_invalid");
    }
    answer(&node, &challenges[4], "totp", &code).await.expect_problem(429, "login.locked");
    let unlock = format!("/api/v1/admin/users/{}/unlock", ada.person.id);
    node.post(&unlock, &json!({})).bearer(&chief.token).send().await.expect(200);
    answer(&node, &challenges[5], "totp", &ada.code(&node)).await.expect(200);
}

#[tokio::test]
async fn an_administrator_resets_the_factors_of_somebody_who_lost_them() {
    let node = TestCore::start().await;
    let chief = node.person("chief@example.com", &["super_admin"]).await;
    let ada = owner(&node, "ada@example.com").await;
    node.mails().await;
    let path = format!("/api/v1/admin/users/{}/mfa", ada.person.id);
    let shown = node.get(&path).bearer(&chief.token).send().await.expect(200);
    assert_eq!((&shown["factors"][0]["kind"], &shown["backup_codes_left"]), (&json!("totp"), &json!(10)));
    let waiting = challenged(&node, "ada@example.com").await;

    node.post(&format!("{path}/reset"), &json!({})).bearer(&ada.person.token).send().await.expect(403);
    node.post(&format!("{path}/reset"), &json!({})).bearer(&chief.token).send().await.expect(204);
    assert_eq!(node.audited(node.tenant().id, "user.mfa_reset").await, 1);
    assert!(node.mails().await.iter().any(|m| m.to == "ada@example.com" && m.subject.contains("second factors")));
    node.get("/api/v1/me").bearer(&ada.person.token).send().await.expect(401);
    answer(&node, &waiting, "totp", &ada.code(&node)).await.expect_problem(401, "mfa.challenge_invalid");
    assert!(log_in(&node, "ada@example.com", PASSWORD).await.expect(200)["access_token"].is_string());

    let own = format!("/api/v1/admin/users/{}/mfa/reset", chief.id);
    node.post(&own, &json!({})).bearer(&chief.token).send().await.expect_problem(403, "user.self");
}
