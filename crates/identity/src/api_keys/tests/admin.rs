//! Keys of the tenant itself, and administrators over keys of users.

use http::Method;
use kernel::Subject;
use serde_json::json;

use super::{make, present};
use crate::testing::TestCore;

crate::testing::on_both_databases! {
    administrators_see_and_revoke_keys_of_users_but_never_their_secrets;
    keys_of_a_suspended_tenant_are_refused;
}

fn admin_path(made: &serde_json::Value) -> String {
    format!("/api/v1/admin/api-keys/{}", made["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_service_account_may_exactly_what_it_was_given() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let make = |body: serde_json::Value| node.post("/api/v1/admin/api-keys", &body).bearer(&admin.token).send();
    make(json!({ "name": "x" })).await.expect_problem(400, "request.invalid");
    make(json!({ "name": "x", "permissions": [] })).await.expect_problem(400, "request.invalid");
    make(json!({ "name": "x", "permissions": ["*"] })).await.expect_problem(403, "permission.not_held");
    make(json!({ "name": "x", "permissions": ["tenants:read"] })).await.expect_problem(403, "permission.not_held");
    let made = make(json!({ "name": "sync", "permissions": ["users:read"] })).await.expect(201);
    let key = present(&node, &made).await.expect("a caller");
    assert!(matches!(key.subject, Subject::ApiKey(id) if Some(id) == key.api_key));
    node.get("/api/v1/admin/users").by(&key).send().await.expect(200);
    node.get("/api/v1/admin/roles").by(&key).send().await.expect_problem(403, "permission.denied");
    // It has no account, and keys of its own neither.
    node.get("/api/v1/api-keys").by(&key).send().await.expect_problem(403, "permission.denied");
    let rotated = node.post(&format!("{}/rotate", admin_path(&made)), &json!({})).bearer(&admin.token).send().await;
    let rotated = rotated.expect(201);
    present(&node, &made).await.expect_err("replaced");
    node.call(Method::DELETE, &admin_path(&rotated)).bearer(&admin.token).send().await.expect(204);
    present(&node, &rotated).await.expect_err("revoked");
}

async fn administrators_see_and_revoke_keys_of_users_but_never_their_secrets(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let made = make(&node, &ada, json!({})).await;
    let list =
        node.get(&format!("/api/v1/admin/api-keys?user={}", ada.id)).bearer(&admin.token).send().await.expect(200);
    assert_eq!(
        (list["items"][0]["id"].clone(), list["items"][0]["user_id"].clone()),
        (made["id"].clone(), json!(ada.id))
    );
    let others = node.get(&format!("/api/v1/admin/api-keys?user={}", admin.id)).bearer(&admin.token).send().await;
    assert_eq!(others.expect(200)["items"], json!([]));
    let rotate = node.post(&format!("{}/rotate", admin_path(&made)), &json!({})).bearer(&admin.token).send().await;
    rotate.expect_problem(403, "api_key.personal");
    let patch = json!({ "networks": ["192.0.2.1"] });
    node.call(Method::PATCH, &admin_path(&made)).json(&patch).bearer(&admin.token).send().await.expect(200);
    node.call(Method::DELETE, &admin_path(&made)).bearer(&admin.token).send().await.expect(204);
    present(&node, &made).await.expect_err("revoked");
}

#[tokio::test]
async fn keys_that_hold_more_are_out_of_reach() {
    let node = TestCore::start().await;
    let (root, admin) =
        (node.person("root@example.com", &["super_admin"]).await, node.person("admin@example.com", &["admin"]).await);
    // The owner counts, however little the key may.
    let personal = make(&node, &root, json!({ "permissions": ["profile:read"] })).await;
    let body = json!({ "name": "x", "permissions": ["orders:read"] });
    let service = node.post("/api/v1/admin/api-keys", &body).bearer(&root.token).send().await.expect(201);
    for made in [&personal, &service] {
        let patch = node.call(Method::PATCH, &admin_path(made)).json(&json!({ "networks": [] })).bearer(&admin.token);
        patch.send().await.expect_problem(403, "api_key.outranks");
        let revoke = node.call(Method::DELETE, &admin_path(made)).bearer(&admin.token);
        revoke.send().await.expect_problem(403, "api_key.outranks");
    }
    let rotate = node.post(&format!("{}/rotate", admin_path(&service)), &json!({})).bearer(&admin.token).send().await;
    rotate.expect_problem(403, "api_key.outranks");
    present(&node, &service).await.expect("untouched");
}

async fn keys_of_a_suspended_tenant_are_refused(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let acme = node.new_tenant("acme").await;
    let boss = node.person_of(&acme, "boss@acme.example", &["super_admin"]).await;
    let made = make(&node, &boss, json!({})).await;
    let tenant = |what: &str| format!("/api/v1/admin/tenants/{}/{what}", acme.id);
    node.post(&tenant("suspend"), &json!({})).bearer(&root.token).send().await.expect(200);
    let refused = present(&node, &made).await.expect_err("suspended");
    assert_eq!(refused.kind.code, "api_key.invalid");
    node.post(&tenant("resume"), &json!({})).bearer(&root.token).send().await.expect(200);
    present(&node, &made).await.expect("served again");
}
