//! Verifying an address.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;

use super::*;

crate::testing::on_both_databases! {
    an_address_is_verified_by_link_or_by_code;
    a_link_works_once_however_many_try;
    a_code_works_once_and_is_guessed_at_five_times;
    a_new_code_takes_the_place_of_the_old_one;
    asking_without_end_is_no_way_to_more_guesses_and_makes_no_code_void;
}

async fn by_code(node: &TestCore, email: &str, code: &str) -> Reply {
    call(node, "verify-email", json!({"email": email, "code": code})).await
}

async fn by_link(node: &TestCore, token: &str) -> Reply {
    call(node, "verify-email", json!({"token": token})).await
}

async fn an_address_is_verified_by_link_or_by_code(node: TestCore) {
    let mail = register(&node, "ada@example.com").await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.com", "Confirm your e-mail address"));
    assert!(!mail.text.contains("Ada") && !mail.html.contains("Ada"), "whoever registers words nothing of our mail");
    assert!(!is_verified(&node, "ada@example.com", PASSWORD).await);
    by_link(&node, &token(&mail)).await.expect(204);
    assert!(is_verified(&node, "ada@example.com", PASSWORD).await);
    by_link(&node, &token(&mail)).await.expect_problem(400, "verification.invalid");
    by_code(&node, "ada@example.com", &code(&mail)).await.expect_problem(400, "verification.invalid");

    let mail = register(&node, "bob@example.com").await;
    let spaced = format!("{} {}", &code(&mail)[..3], &code(&mail)[3..]);
    by_code(&node, "Bob@Example.com", &spaced).await.expect(204);
    assert!(is_verified(&node, "bob@example.com", PASSWORD).await);
    by_link(&node, &token(&mail)).await.expect_problem(400, "verification.invalid");
    assert_eq!(node.audited(node.tenant().id, "user.email_verified").await, 2);
}

async fn a_link_works_once_however_many_try(node: TestCore) {
    let mail = register(&node, "ada@example.com").await;
    let token = token(&mail);
    let all = join_all((0..50).map(|_| by_link(&node, &token))).await;
    let mut statuses: Vec<u16> = all.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (204, &[400_u16; 49][..]));
    assert_eq!(node.audited(node.tenant().id, "user.email_verified").await, 1);
}

async fn a_code_works_once_and_is_guessed_at_five_times(node: TestCore) {
    let mail = register(&node, "ada@example.com").await;
    let code = code(&mail);
    let all = join_all((0..50).map(|_| by_code(&node, "ada@example.com", &code))).await;
    assert_eq!(all.iter().filter(|reply| reply.status == 204).count(), 1);

    let mail = register(&node, "bob@example.com").await;
    let right = super::code(&mail);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    join_all((0..5).map(|_| by_code(&node, "bob@example.com", wrong))).await;
    by_code(&node, "bob@example.com", &right).await.expect_problem(400, "verification.invalid");
    // The link is too long to be guessed at.
    by_link(&node, &token(&mail)).await.expect(204);
}

async fn a_new_code_takes_the_place_of_the_old_one(node: TestCore) {
    let first = register(&node, "ada@example.com").await;
    call(&node, "verify-email/resend", json!({"email": "ada@example.com"})).await.expect(202);
    let second = one(node.mails().await);
    if code(&first) != code(&second) {
        by_code(&node, "ada@example.com", &code(&first)).await.expect_problem(400, "verification.invalid");
    }
    by_link(&node, &token(&first)).await.expect(204);
    by_code(&node, "ada@example.com", &code(&second)).await.expect_problem(400, "verification.invalid");
    // There is nothing left to verify.
    call(&node, "verify-email/resend", json!({"email": "ada@example.com"})).await.expect(202);
    assert!(node.mails().await.is_empty());
}

#[tokio::test]
async fn a_proof_holds_for_its_time_tenant_purpose_and_address_only() {
    let node = TestCore::start().await;
    let mail = register(&node, "ada@example.com").await;
    let token = token(&mail);
    // Another purpose.
    for (path, body) in [
        ("password-reset/confirm", json!({"token": token, "new_password": NEW})),
        ("invitation/accept", json!({"token": token, "new_password": NEW})),
        ("change-email/confirm", json!({"token": token})),
    ] {
        call(&node, path, body).await.expect_problem(400, "verification.invalid");
    }
    // Another tenant has no such user, and a token that says so is none of ours.
    let acme = node.new_tenant("acme").await;
    let body = json!({"email": "ada@example.com", "code": code(&mail)});
    let elsewhere = node.post("/api/v1/auth/verify-email", &body).tenant(&acme).send().await;
    elsewhere.expect_problem(400, "verification.invalid");
    let forged = format!("ppt_{}", &token[5..]);
    by_link(&node, &forged).await.expect_problem(400, "verification.invalid");
    // Too late.
    node.clock.advance(Duration::from_secs(24 * 3_600));
    by_link(&node, &token).await.expect_problem(400, "verification.invalid");
    by_code(&node, "ada@example.com", &code(&mail)).await.expect_problem(400, "verification.invalid");

    // An administrator has given the user another address meanwhile.
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let mail = register(&node, "bob@example.com").await;
    let bob = login(&node, "bob@example.com", PASSWORD).await.expect(200);
    let path = format!("/api/v1/admin/users/{}", bob["user"]["id"].as_str().expect("an id"));
    let patch = json!({"email": "robert@example.com"});
    node.call(Method::PATCH, &path).json(&patch).bearer(&boss.token).send().await.expect(200);
    by_link(&node, &super::token(&mail)).await.expect_problem(400, "verification.invalid");
    // Both addresses are told.
    let told: Vec<(String, String)> = node.mails().await.into_iter().map(|m| (m.to, m.subject)).collect();
    let subject = "Your e-mail address was changed".to_owned();
    assert!(told.contains(&("bob@example.com".into(), subject.clone())), "{told:?}");
    assert!(told.contains(&("robert@example.com".into(), subject)), "{told:?}");
}

#[tokio::test]
async fn a_tenant_may_ask_for_a_verified_address_before_login() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    let settings = json!({"verified_login": true});
    // Nobody locks themselves out.
    let path = format!("/api/v1/admin/users/{}", boss.id);
    let moved = json!({"email": "chief@example.com"});
    node.call(Method::PATCH, &path).json(&moved).bearer(&boss.token).send().await.expect(200);
    let boss = login(&node, "chief@example.com", PASSWORD).await.expect(200);
    let boss = boss["access_token"].as_str().expect("a token");
    let set = async || node.call(Method::PATCH, "/api/v1/admin/settings").json(&settings).bearer(boss).send().await;
    set().await.expect_problem(409, "settings.unverified");
    node.mails().await;
    call(&node, "verify-email/resend", json!({"email": "chief@example.com"})).await.expect(202);
    by_link(&node, &token(&one(node.mails().await))).await.expect(204);
    assert_eq!(set().await.expect(200)["verified_login"], true);

    let mail = register(&node, "ada@example.com").await;
    // The same as for a wrong password: whether this registration made an account is not told.
    let unverified = login(&node, "ada@example.com", PASSWORD).await;
    let wrong = login(&node, "chief@example.com", "wrong").await;
    assert_eq!((unverified.status, &unverified.json), (wrong.status, &wrong.json));
    unverified.expect_problem(401, "credentials.invalid");
    by_link(&node, &token(&mail)).await.expect(204);
    login(&node, "ada@example.com", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn what_is_no_proof_is_told() {
    let node = TestCore::start().await;
    for body in [
        json!({}),
        json!({"token": "x", "email": "ada@example.com", "code": "123456"}),
        json!({"email": "ada@example.com"}),
        json!({"email": "nobody", "code": "123456"}),
        json!({"email": "ada@example.com", "code": "12345"}),
        json!({"email": "ada@example.com", "code": "12345a"}),
        json!({"token": "x".repeat(129)}),
    ] {
        call(&node, "verify-email", body).await.expect_problem(400, "request.invalid");
    }
    by_link(&node, "x").await.expect_problem(400, "verification.invalid");
}

async fn asking_without_end_is_no_way_to_more_guesses_and_makes_no_code_void(node: TestCore) {
    let again = |email: &'static str| call(&node, "verify-email/resend", json!({"email": email}));
    let ada = code(&register(&node, "ada@example.com").await);
    let bob = code(&register(&node, "bob@example.com").await);
    let eve = code(&register(&node, "eve@example.com").await);
    // Somebody else registers the address: its owner's code still works.
    let body = json!({"email": "eve@example.com", "password": PASSWORD});
    call(&node, "register", body).await.expect(201);
    by_code(&node, "eve@example.com", &eve).await.expect(204);

    // No letter goes out any more: neither is the code void, nor are there five more guesses.
    node.limiter.refuse(true);
    again("ada@example.com").await.expect(202);
    by_code(&node, "ada@example.com", &ada).await.expect(204);
    let wrong = if bob == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        by_code(&node, "bob@example.com", wrong).await.expect_problem(400, "verification.invalid");
        again("bob@example.com").await.expect(202);
    }
    by_code(&node, "bob@example.com", &bob).await.expect_problem(400, "verification.invalid");
}
