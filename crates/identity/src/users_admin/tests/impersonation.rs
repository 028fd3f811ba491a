//! Acting as somebody else, in order to help.

use http::Method;
use serde_json::{Value as Json, json};

use crate::testing::{Person, Reply, TestCore};

crate::testing::on_both_databases! {
    an_administrator_acts_as_a_user_and_the_user_knows;
    whoever_may_no_more_acts_as_nobody;
    what_acting_as_somebody_does_not_open;
}

async fn act_as(node: &TestCore, by: &str, whom: &Person) -> Reply {
    let path = format!("/api/v1/admin/users/{}/impersonate", whom.id);
    node.post(&path, &json!({"reason": "Support case 4711"})).bearer(by).send().await
}

fn token(json: &Json) -> &str {
    json["access_token"].as_str().expect("a token")
}

async fn an_administrator_acts_as_a_user_and_the_user_knows(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    node.mails().await;
    let acting = act_as(&node, &boss.token, &ada).await.expect(200);
    assert!(acting.get("refresh_token").is_none());
    let me = node.get("/api/v1/me").bearer(token(&acting)).send().await.expect(200);
    assert_eq!(me["user"]["email"], "ada@example.com");

    let mails = node.mails().await;
    assert_eq!(mails.len(), 1, "one mail");
    assert!(mails[0].to == "ada@example.com" && mails[0].text.contains("Support case 4711"), "{:?}", mails[0]);
    let sessions = node.get("/api/v1/sessions").bearer(&ada.token).send().await.expect(200);
    let theirs: Vec<_> =
        sessions["items"].as_array().expect("items").iter().filter(|s| !s["impersonator"].is_null()).collect();
    assert_eq!(theirs.len(), 1);
    assert_eq!((&theirs[0]["impersonator"], &theirs[0]["id"]), (&json!(boss.id), &acting["session_id"]));

    let log = node.get("/api/v1/admin/audit?action=user.impersonated").bearer(&boss.token).send().await.expect(200);
    assert_eq!(log["items"][0]["details"]["reason"], "Support case 4711");
    // The user throws them out.
    let path = format!("/api/v1/sessions/{}", acting["session_id"].as_str().expect("an id"));
    node.call(Method::DELETE, &path).bearer(&ada.token).send().await.expect(204);
    node.get("/api/v1/me").bearer(token(&acting)).send().await.expect_problem(401, "credentials.missing");
}

async fn whoever_may_no_more_acts_as_nobody(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["admin"]).await;
    for (method, call, body) in
        [(Method::PUT, "roles", json!({"roles": ["user"]})), (Method::POST, "disable", json!({}))]
    {
        let clerk = node.person(&format!("{call}@example.com"), &["admin"]).await;
        let acting = act_as(&node, &clerk.token, &ada).await.expect(200);
        assert!(node.judge(token(&acting)).is_ok());
        let path = format!("/api/v1/admin/users/{}/{call}", clerk.id);
        node.call(method, &path).json(&body).bearer(&boss.token).send().await;
        assert!(node.judge(token(&acting)).is_err(), "{call}");
        assert!(node.judge(&ada.token).is_ok());
    }
}

async fn what_acting_as_somebody_does_not_open(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let clerk = node.person("clerk@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["admin"]).await;
    let eve = node.person("eve@example.com", &["user"]).await;
    act_as(&node, &eve.token, &ada).await.expect_problem(403, "permission.denied");
    act_as(&node, &clerk.token, &boss).await.expect_problem(403, "user.outranks");
    act_as(&node, &clerk.token, &clerk).await.expect_problem(409, "user.not_impersonable");
    let acting = act_as(&node, &clerk.token, &ada).await.expect(200);
    let acting = token(&acting);
    act_as(&node, acting, &eve).await.expect_problem(403, "user.own_login_needed");
    // Keys would outlast the act; those that there are may be taken back.
    let key = json!({"name": "x", "permissions": ["users:read"]});
    let key = node.post("/api/v1/admin/api-keys", &key).bearer(&ada.token).send().await.expect(201);
    let key = format!("/api/v1/admin/api-keys/{}", key["id"].as_str().expect("an id"));
    let change = json!({"current_password": crate::testing::PASSWORD, "new_password": "Copper-Lantern-51-meadow"});
    for (method, path, body) in [
        (Method::PUT, "/api/v1/auth/profile", json!({"display_name": "x"})),
        (Method::POST, "/api/v1/auth/change-password", change),
        (Method::POST, "/api/v1/auth/logout-all", json!({})),
        (Method::POST, "/api/v1/api-keys", json!({"name": "x"})),
        (Method::POST, "/api/v1/admin/api-keys", json!({"name": "x", "permissions": ["users:read"]})),
        (Method::PATCH, &*key, json!({"name": "x"})),
        (Method::POST, &format!("{key}/rotate"), json!({})),
        (Method::DELETE, "/api/v1/sessions", json!({})),
    ] {
        let reply = node.call(method, path).json(&body).bearer(acting).send().await;
        assert_eq!((reply.status, reply.code()), (403, "permission.denied"), "{path}");
    }
    node.call(Method::DELETE, &key).bearer(acting).send().await.expect(204);
    // Neither the account they act as nor their own, by the calls for administrators.
    for (method, whose, what, body) in [
        (Method::PATCH, &ada, "", json!({"email": "mine@example.com"})),
        (Method::PUT, &clerk, "/roles", json!({"roles": ["user"]})),
        (Method::POST, &clerk, "/reset-password", json!({})),
        (Method::DELETE, &ada, "/sessions", json!({})),
    ] {
        let path = format!("/api/v1/admin/users/{}{what}", whose.id);
        let reply = node.call(method, &path).json(&body).bearer(acting).send().await;
        assert_eq!((reply.status, reply.code()), (403, "permission.denied"), "{path}: {}", reply.json);
    }
    // What they do as ada is hers, and says who it was.
    let path = format!("/api/v1/admin/users/{}/disable", eve.id);
    node.post(&path, &json!({})).bearer(acting).send().await.expect(200);
    let log = node.get("/api/v1/admin/audit?action=user.disabled").bearer(&boss.token).send().await.expect(200);
    let entry = &log["items"][0];
    assert_eq!(
        (&entry["details"]["impersonator"], &entry["actor"]["id"]),
        (&json!(clerk.id), &json!(ada.id)),
        "{entry}"
    );
    act_as(&node, &clerk.token, &eve).await.expect_problem(409, "user.not_impersonable");
    node.post("/api/v1/auth/logout", &json!({})).bearer(acting).send().await.expect(204);
    node.get("/api/v1/me").bearer(acting).send().await.expect_problem(401, "credentials.missing");
    node.get("/api/v1/me").bearer(&ada.token).send().await.expect(200);
}
