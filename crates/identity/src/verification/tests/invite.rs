//! Invitations.

use super::*;

#[tokio::test]
async fn somebody_who_is_invited_chooses_a_password() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    node.mails().await;
    let body =
        json!({"email": "ada@example.com", "display_name": "Ada", "roles": ["user"], "invite": true, "language": "fr"});
    let made = node.post("/api/v1/admin/users", &body).bearer(&boss.token).send().await.expect(201);
    let first = one(node.mails().await);
    assert!(
        first.subject.contains("invité") && first.text.contains("Bonjour Ada") && first.text.contains("7 jours"),
        "{}",
        first.text
    );

    // Sent again, the earlier one is void.
    let path = format!("/api/v1/admin/users/{}/invite", made["id"].as_str().expect("an id"));
    node.post(&path, &json!({})).bearer(&boss.token).send().await.expect(202);
    let second = one(node.mails().await);
    let accept =
        async |mail: &Mail| call(&node, "invitation/accept", json!({"token": token(mail), "new_password": NEW})).await;
    accept(&first).await.expect_problem(400, "verification.invalid");
    accept(&second).await.expect(204);
    accept(&second).await.expect_problem(400, "verification.invalid");
    assert!(is_verified(&node, "ada@example.com", NEW).await);
    // Whoever has a password is not invited any more.
    node.post(&path, &json!({})).bearer(&boss.token).send().await.expect_problem(409, "user.not_invitable");
    assert_eq!(node.audited(node.tenant().id, "user.invited").await, 2);
}

#[tokio::test]
async fn an_invitation_needs_an_address_and_no_password() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    for body in [
        json!({"username": "ada", "invite": true}),
        json!({"email": "ada@example.com", "password": PASSWORD, "invite": true}),
        json!({"email": "ada@example.com", "kind": "service", "invite": true}),
    ] {
        node.post("/api/v1/admin/users", &body).bearer(&boss.token).send().await.expect_problem(400, "request.invalid");
    }
    // Nobody invites above themselves, and nobody without the right.
    let clerk = node.person("clerk@example.com", &["admin"]).await;
    let above = json!({"email": "eve@example.com", "roles": ["super_admin"], "invite": true});
    node.post("/api/v1/admin/users", &above).bearer(&clerk.token).send().await.expect(403);
    node.mails().await;
    let body = json!({"username": "nobody-here"});
    let made = node.post("/api/v1/admin/users", &body).bearer(&boss.token).send().await.expect(201);
    let path = format!("/api/v1/admin/users/{}/invite", made["id"].as_str().expect("an id"));
    node.post(&path, &json!({})).bearer(&boss.token).send().await.expect_problem(409, "user.not_invitable");
    assert!(node.mails().await.is_empty());
}
