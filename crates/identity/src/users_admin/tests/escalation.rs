//! Attempts to gain power over somebody who holds more, or to leave nobody who holds everything.

use http::Method;
use serde_json::json;

use crate::testing::{Person, Reply, TestCore};

crate::testing::on_both_databases! {
    the_last_super_administrator_stays;
    two_who_take_each_other_down_leave_one;
}

async fn set_roles(node: &TestCore, by: &Person, on: &Person, roles: &[&str]) -> Reply {
    let path = format!("/api/v1/admin/users/{}/roles", on.id);
    node.call(Method::PUT, &path).json(&json!({ "roles": roles })).bearer(&by.token).send().await
}

#[tokio::test]
async fn nobody_manages_who_outranks_them() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let user = format!("/api/v1/admin/users/{}", root.id);
    let posts = ["disable", "enable", "unlock", "reset-password", "restore"];
    let mut attempts: Vec<(Method, String, serde_json::Value)> =
        posts.iter().map(|what| (Method::POST, format!("{user}/{what}"), json!({}))).collect();
    attempts.push((Method::PATCH, user.clone(), json!({ "email": "mine@example.com" })));
    attempts.push((Method::DELETE, user.clone(), json!({})));
    attempts.push((Method::PUT, format!("{user}/roles"), json!({ "roles": ["user"] })));
    attempts.push((Method::DELETE, format!("{user}/sessions"), json!({})));
    let session = node.judge(&root.token).expect("in").session.expect("a session");
    attempts.push((Method::DELETE, format!("{user}/sessions/{session}"), json!({})));
    for (method, path, body) in attempts {
        let told = node.call(method, &path).json(&body).bearer(&admin.token).send().await;
        told.expect_problem(403, "user.outranks");
    }
    node.get("/api/v1/me").bearer(&root.token).send().await.expect(200);
    // Also when the one who outranks is asleep: enabling and resetting would wake a way in.
    let second = node.person("second@example.com", &["super_admin"]).await;
    node.post(&format!("{user}/disable"), &json!({})).bearer(&second.token).send().await.expect(200);
    let told = node.post(&format!("{user}/reset-password"), &json!({})).bearer(&admin.token).send().await;
    told.expect_problem(403, "user.outranks");
}

#[tokio::test]
async fn nobody_gives_roles_that_hold_more_than_they_do() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    set_roles(&node, &admin, &ada, &["super_admin"]).await.expect_problem(403, "permission.not_held");
    set_roles(&node, &admin, &admin, &["super_admin"]).await.expect_problem(403, "permission.not_held");
    set_roles(&node, &admin, &ada, &["admin"]).await.expect(200);
    let new = json!({ "email": "x@example.com", "roles": ["super_admin"] });
    let told = node.post("/api/v1/admin/users", &new).bearer(&admin.token).send().await;
    told.expect_problem(403, "permission.not_held");
    set_roles(&node, &ada, &ada, &["user", "nobody"]).await.expect_problem(400, "request.invalid");
}

#[tokio::test]
async fn creating_users_is_no_way_to_assign_roles() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let role = json!({ "name": "clerk", "inherits": ["user"], "permissions": ["users:create"] });
    node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await.expect(201);
    let clerk = node.person("clerk@example.com", &["clerk"]).await;
    let new = json!({ "email": "x@example.com", "roles": ["clerk"] });
    let told = node.post("/api/v1/admin/users", &new).bearer(&clerk.token).send().await;
    told.expect_problem(403, "permission.denied");
    let plain = json!({ "email": "x@example.com" });
    node.post("/api/v1/admin/users", &plain).bearer(&clerk.token).send().await.expect(201);
}

async fn the_last_super_administrator_stays(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let path = format!("/api/v1/admin/users/{}", root.id);
    let disable = || node.post(&format!("{path}/disable"), &json!({})).bearer(&root.token).send();
    let delete = || node.call(Method::DELETE, &path).bearer(&root.token).send();
    disable().await.expect_problem(409, "user.last_super_admin");
    delete().await.expect_problem(409, "user.last_super_admin");
    set_roles(&node, &root, &root, &["admin"]).await.expect_problem(409, "user.last_super_admin");
    set_roles(&node, &root, &root, &["super_admin", "user"]).await.expect(200);
    // A disabled one does not count.
    let second = node.person("second@example.com", &["super_admin"]).await;
    let other = format!("/api/v1/admin/users/{}/disable", second.id);
    node.post(&other, &json!({})).bearer(&root.token).send().await.expect(200);
    delete().await.expect_problem(409, "user.last_super_admin");
    // An active one does.
    let third = node.person("third@example.com", &["super_admin"]).await;
    delete().await.expect(204);
    set_roles(&node, &third, &third, &[]).await.expect_problem(409, "user.last_super_admin");
}

async fn two_who_take_each_other_down_leave_one(node: TestCore) {
    let one = node.person("one@example.com", &["super_admin"]).await;
    let two = node.person("two@example.com", &["super_admin"]).await;
    let (a, b) = tokio::join!(set_roles(&node, &one, &two, &["user"]), set_roles(&node, &two, &one, &["user"]));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403], "whoever came second had lost the right: {a:?} {b:?}");
}

#[tokio::test]
async fn strangers_and_plain_users_are_refused_everywhere() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let id = ada.id;
    let routes = [
        (Method::GET, "/api/v1/admin/users".to_owned()),
        (Method::POST, "/api/v1/admin/users".to_owned()),
        (Method::GET, format!("/api/v1/admin/users/{id}")),
        (Method::PATCH, format!("/api/v1/admin/users/{id}")),
        (Method::DELETE, format!("/api/v1/admin/users/{id}")),
        (Method::PUT, format!("/api/v1/admin/users/{id}/roles")),
        (Method::POST, format!("/api/v1/admin/users/{id}/disable")),
        (Method::POST, format!("/api/v1/admin/users/{id}/enable")),
        (Method::POST, format!("/api/v1/admin/users/{id}/restore")),
        (Method::POST, format!("/api/v1/admin/users/{id}/unlock")),
        (Method::POST, format!("/api/v1/admin/users/{id}/reset-password")),
        (Method::GET, format!("/api/v1/admin/users/{id}/sessions")),
        (Method::DELETE, format!("/api/v1/admin/users/{id}/sessions")),
        (Method::GET, "/api/v1/admin/roles".to_owned()),
        (Method::POST, "/api/v1/admin/roles".to_owned()),
        (Method::GET, "/api/v1/admin/roles/user".to_owned()),
        (Method::PUT, "/api/v1/admin/roles/user".to_owned()),
        (Method::DELETE, "/api/v1/admin/roles/user".to_owned()),
        (Method::GET, "/api/v1/admin/permissions".to_owned()),
        (Method::GET, "/api/v1/admin/api-keys".to_owned()),
        (Method::POST, "/api/v1/admin/api-keys".to_owned()),
        (Method::GET, "/api/v1/admin/tenants".to_owned()),
        (Method::POST, "/api/v1/admin/tenants".to_owned()),
    ];
    for (method, path) in routes {
        let stranger = node.call(method.clone(), &path).json(&json!({})).send().await;
        stranger.expect_problem(401, "credentials.missing");
        let plain = node.call(method, &path).json(&json!({})).bearer(&ada.token).send().await;
        plain.expect_problem(403, "permission.denied");
    }
}
