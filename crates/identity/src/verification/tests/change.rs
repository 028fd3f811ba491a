//! Changing one's address.

use futures_util::future::join_all;

use super::*;
use crate::testing::Person;

crate::testing::on_both_databases! {
    an_address_is_changed_once_the_new_one_confirms;
    a_link_changes_the_address_once_however_many_try;
}

async fn request(node: &TestCore, person: &Person, password: &str, email: &str) -> Reply {
    let body = json!({"new_email": email, "current_password": password});
    node.post("/api/v1/auth/change-email", &body).bearer(&person.token).send().await
}

async fn confirm(node: &TestCore, token: &str) -> Reply {
    call(node, "change-email/confirm", json!({"token": token})).await
}

fn to<'a>(mails: &'a [Mail], address: &str) -> &'a Mail {
    mails.iter().find(|mail| mail.to == address).expect("a mail")
}

async fn an_address_is_changed_once_the_new_one_confirms(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let other = node.login(&ada).await;
    node.mails().await;
    request(&node, &ada, "wrong", "ada@example.org").await.expect_problem(403, "password.wrong");
    request(&node, &ada, PASSWORD, "ada@example.com").await.expect_problem(400, "request.invalid");
    request(&node, &ada, PASSWORD, "Ada@Example.org").await.expect(202);
    let mails = node.mails().await;
    assert_eq!(mails.len(), 2);
    let asked = to(&mails, "ada@example.org");
    assert_eq!(asked.subject, "Confirm your new e-mail address");
    let warned = to(&mails, "ada@example.com");
    assert!(warned.subject.contains("was requested") && warned.text.contains("ada@example.org"), "{}", warned.text);
    login(&node, "ada@example.org", PASSWORD).await.expect_problem(401, "credentials.invalid");

    confirm(&node, &token(asked)).await.expect(204);
    let told = node.mails().await;
    assert_eq!(told.len(), 2, "both addresses are told");
    assert!(
        to(&told, "ada@example.com").text.contains("ada@example.org")
            && to(&told, "ada@example.org").subject.contains("changed")
    );
    assert!(node.judge(&ada.token).is_ok(), "the session that asked goes on");
    assert!(node.judge(&other).is_err(), "others end");
    login(&node, "ada@example.com", PASSWORD).await.expect_problem(401, "credentials.invalid");
    assert!(is_verified(&node, "ada@example.org", PASSWORD).await);
}

async fn a_link_changes_the_address_once_however_many_try(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    request(&node, &ada, PASSWORD, "ada@example.org").await.expect(202);
    let mails = node.mails().await;
    let token = token(to(&mails, "ada@example.org"));
    let all = join_all((0..50).map(|_| confirm(&node, &token))).await;
    assert_eq!(all.iter().filter(|reply| reply.status == 204).count(), 1);
    assert_eq!(node.audited(node.tenant().id, "user.email_changed").await, 1);
}

#[tokio::test]
async fn an_address_of_somebody_else_looks_like_any_other() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    node.person("eve@example.com", &["user"]).await;
    node.mails().await;
    let taken = request(&node, &ada, PASSWORD, "eve@example.com").await;
    let owner = node.mails().await;
    let free = request(&node, &ada, PASSWORD, "new@example.com").await;
    assert_eq!((taken.status, &taken.json), (free.status, &free.json));
    assert_eq!(to(&owner, "eve@example.com").subject, "Somebody wanted to use your address at Default");
    assert!(to(&node.mails().await, "new@example.com").text.contains("token="));
}

/// Somebody takes the address between the request and the confirmation.
#[tokio::test]
async fn an_address_that_was_taken_meanwhile_is_not_given_twice() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    request(&node, &ada, PASSWORD, "new@example.com").await.expect(202);
    let mails = node.mails().await;
    node.person("new@example.com", &["user"]).await;
    confirm(&node, &token(to(&mails, "new@example.com"))).await.expect_problem(400, "verification.invalid");
    login(&node, "ada@example.com", PASSWORD).await.expect(200);
}

/// An attacker with an open session asks for a change; the owner chooses a new password.
#[tokio::test]
async fn a_new_password_stops_a_change_under_way() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    request(&node, &ada, PASSWORD, "mallory@example.org").await.expect(202);
    let mails = node.mails().await;
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    let own = node.login(&ada).await;
    node.post("/api/v1/auth/change-password", &change).bearer(&own).send().await.expect(204);
    confirm(&node, &token(to(&mails, "mallory@example.org"))).await.expect_problem(400, "verification.invalid");
}
