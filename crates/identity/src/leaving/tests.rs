//! Deleting one's own account, on both databases.

use std::time::Duration;

use http::Method;
use kernel::{Secret, edge::Credential};
use serde_json::json;

use crate::testing::{Person, Reply, TestCore};

crate::testing::on_both_databases! {
    nothing_of_who_left_is_accepted_until_they_are_restored;
    of_many_at_once_one_leaves;
    who_may_not_leave_stays;
}

async fn leave(node: &TestCore, person: &Person) -> Reply {
    node.call(Method::DELETE, "/api/v1/me").bearer(&person.token).send().await
}

async fn nothing_of_who_left_is_accepted_until_they_are_restored(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let elsewhere = node.login(&ada).await;
    let key = node.post("/api/v1/api-keys", &json!({"name": "ci"})).bearer(&ada.token).send().await.expect(201);
    let key = || Credential::ApiKey(Secret::new(key["key"].as_str().expect("a key").to_owned()));
    node.identity.authenticator().authenticate(key()).await.expect("accepted");
    node.post("/api/v1/auth/password-reset", &json!({"email": ada.email})).send().await.expect(202);
    let link = node.mails().await.pop().expect("a mail").text;
    leave(&node, &ada).await.expect(204);

    let other = node.another_node().await;
    for node in [&node, &other] {
        assert!(node.judge(&ada.token).is_err() && node.judge(&elsewhere).is_err());
        assert!(node.identity.authenticator().authenticate(key()).await.is_err());
    }
    let login = json!({"email": ada.email, "password": crate::testing::PASSWORD});
    node.post("/api/v1/auth/login", &login).send().await.expect_problem(401, "credentials.invalid");
    let mails = node.mails().await;
    assert_eq!(
        mails.iter().map(|m| (m.to.as_str(), m.subject.as_str())).collect::<Vec<_>>(),
        [("ada@example.com", "Your account was deleted")]
    );
    assert_eq!(node.audited(node.tenant().id, "user.left").await, 1);

    let restore = format!("/api/v1/admin/users/{}/restore", ada.id);
    node.call(Method::POST, &restore).bearer(&root.token).send().await.expect(200);
    let again = node.login(&ada).await;
    assert!(node.judge(&again).is_ok() && node.judge(&elsewhere).is_err(), "sessions do not come back");
    assert!(node.identity.authenticator().authenticate(key()).await.is_err(), "and keys do not");
    let token = link.split("token=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a token");
    let reset = json!({"token": token, "new_password": "Amber-Lantern-58-tide"});
    let refused = node.post("/api/v1/auth/password-reset/confirm", &reset).send().await;
    refused.expect_problem(400, "verification.invalid");
}

async fn of_many_at_once_one_leaves(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let replies = futures_util::future::join_all((0..50).map(|_| leave(&node, &ada))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1..].iter().all(|status| *status == 401)), (204, true), "{statuses:?}");
    assert_eq!((node.mails().await.len(), node.audited(node.tenant().id, "user.left").await), (1, 1));
}

async fn who_may_not_leave_stays(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    leave(&node, &root).await.expect_problem(409, "user.last_super_admin");
    // A key is no person, and who acts as somebody is not them.
    let key = node.post("/api/v1/api-keys", &json!({"name": "ci"})).bearer(&ada.token).send().await.expect(201);
    let key = Credential::ApiKey(Secret::new(key["key"].as_str().expect("a key").to_owned()));
    let key = node.identity.authenticator().authenticate(key).await.expect("accepted");
    node.call(Method::DELETE, "/api/v1/me").by(&key).send().await.expect_problem(403, "mfa.no_login");
    let act = format!("/api/v1/admin/users/{}/impersonate", ada.id);
    let acting = node.post(&act, &json!({"reason": "help"})).bearer(&root.token).send().await;
    let token = acting.json["access_token"].as_str().unwrap_or_else(|| panic!("{}", acting.json)).to_owned();
    let acting = node.call(Method::DELETE, "/api/v1/me").bearer(&token).send().await;
    acting.expect_problem(403, "permission.denied");
    // A login that is not recent is not enough.
    node.clock.advance(Duration::from_secs(10 * 60 + 1));
    leave(&node, &ada).await.expect_problem(401, "auth.step_up_required");
    let ada = Person { token: node.login(&ada).await, ..ada };
    let settings = "/api/v1/admin/settings";
    let change = |allowed: bool| node.call(Method::PATCH, settings).json(&json!({"account_deletion": allowed}));
    let root = node.login(&root).await;
    change(false).bearer(&root).send().await.expect(200);
    leave(&node, &ada).await.expect_problem(403, "account.deletion_off");
    change(true).bearer(&root).send().await.expect(200);
    leave(&node, &ada).await.expect(204);
    node.call(Method::DELETE, "/api/v1/me").send().await.expect_problem(401, "credentials.missing");
}
