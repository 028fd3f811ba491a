//! Roles over HTTP.

use http::Method;
use serde_json::json;

use crate::testing::{Person, TestCore};

crate::testing::on_both_databases! {
    a_role_grants_and_stops_granting_at_once;
    a_role_in_use_is_not_deleted;
}

/// Whether the edge allows it to the person right now.
async fn may(node: &TestCore, person: &Person, permission: &str) -> bool {
    let body = json!({ "permission": permission });
    let answer = node.post("/api/v1/authz/check", &body).bearer(&person.token).send().await.expect(200);
    answer["allowed"].as_bool().expect("a bool")
}

async fn a_role_grants_and_stops_granting_at_once(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let role = json!({ "name": "clerk", "inherits": ["user"], "permissions": ["orders:read"] });
    let made = node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await;
    assert_eq!(made.headers["location"], "/api/v1/admin/roles/clerk");
    let made = made.expect(201);
    let effective =
        ["content:create", "content:edit:own", "content:read", "orders:read", "profile:read", "profile:write"];
    assert_eq!(made["effective_permissions"], json!(effective));

    assert!(!may(&node, &ada, "orders:read").await);
    let path = format!("/api/v1/admin/users/{}/roles", ada.id);
    let given = node.call(Method::PUT, &path).json(&json!({ "roles": ["clerk"] })).bearer(&root.token).send().await;
    assert_eq!(given.expect(200)["roles"], json!(["clerk"]));
    assert!(may(&node, &ada, "orders:read").await, "the token of before the change");

    let less = json!({ "inherits": ["user"], "permissions": ["orders:list"] });
    let path = "/api/v1/admin/roles/clerk";
    node.call(Method::PUT, path).json(&less).bearer(&root.token).send().await.expect(200);
    assert!(!may(&node, &ada, "orders:read").await && may(&node, &ada, "orders:list").await);
    let tenant = node.tenant().id;
    assert_eq!(node.audited(tenant, "role.created").await, 1);
    assert_eq!(node.audited(tenant, "role.updated").await, 1);
    assert_eq!(node.audited(tenant, "user.roles_changed").await, 1);
}

#[tokio::test]
async fn another_node_learns_of_roles() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let other = node.another_node().await;
    let role = json!({ "name": "clerk", "permissions": ["orders:read"] });
    node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await.expect(201);
    let seq = node.core.feed.position();
    other.core.settle(seq).await.expect("settled");
    let access = other.core.edge.access.load();
    let clerk = access.role(node.tenant().id, "clerk").expect("known");
    assert!(clerk.allows(&"orders:read".parse().expect("one")));
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let wrong = json!({
        "name": "Clerk!", "description": "x".repeat(201), "inherits": ["user", "No"], "permissions": ["a", "b:c", "*:*"]
    });
    let told = node.post("/api/v1/admin/roles", &wrong).bearer(&root.token).send().await;
    let told = told.expect_problem(400, "request.invalid");
    let fields: Vec<&str> =
        told["errors"].as_array().expect("errors").iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["/name", "/description", "/inherits/1", "/permissions/0", "/permissions/2"]);

    let unknown = json!({ "name": "clerk", "inherits": ["user", "nobody"], "permissions": [] });
    let told = node.post("/api/v1/admin/roles", &unknown).bearer(&root.token).send().await;
    let told = told.expect_problem(400, "request.invalid");
    assert_eq!(
        (&told["errors"][0]["field"], &told["errors"][0]["code"]),
        (&json!("/inherits/1"), &json!("unknown_role"))
    );

    let itself = json!({ "inherits": ["clerk"], "permissions": [] });
    node.post("/api/v1/admin/roles", &json!({ "name": "clerk", "permissions": [] }))
        .bearer(&root.token)
        .send()
        .await
        .expect(201);
    let told = node.call(Method::PUT, "/api/v1/admin/roles/clerk").json(&itself).bearer(&root.token).send().await;
    assert_eq!(told.expect_problem(400, "request.invalid")["errors"][0]["code"], "cycle");
    let misspelt = json!({ "name": "x", "permission": [] });
    node.post("/api/v1/admin/roles", &misspelt)
        .bearer(&root.token)
        .send()
        .await
        .expect_problem(400, "request.malformed");
}

#[tokio::test]
async fn names_are_unique_and_unknown_ones_are_not_found() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let role = json!({ "name": "user", "permissions": [] });
    node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await.expect_problem(409, "role.exists");
    let body = json!({ "permissions": [] });
    for name in ["nobody", "No-Name!"] {
        let path = format!("/api/v1/admin/roles/{}", name.replace('!', "%21"));
        node.get(&path).bearer(&root.token).send().await.expect_problem(404, "not_found");
        node.call(Method::PUT, &path).json(&body).bearer(&root.token).send().await.expect_problem(404, "not_found");
        node.call(Method::DELETE, &path).bearer(&root.token).send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn built_in_roles_keep_their_place() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let put = |name: &str, body| {
        node.call(Method::PUT, &format!("/api/v1/admin/roles/{name}")).json(&body).bearer(&root.token).send()
    };
    put("super_admin", json!({ "inherits": ["admin"], "permissions": [] })).await.expect_problem(409, "role.builtin");
    put("user", json!({ "inherits": [], "permissions": ["profile:read"] })).await.expect_problem(409, "role.builtin");
    let path = "/api/v1/admin/roles/guest";
    node.call(Method::DELETE, path).bearer(&root.token).send().await.expect_problem(409, "role.builtin");
    // A product gives all its users a permission of its own.
    let ada = node.person("ada@example.com", &["user"]).await;
    put("user", json!({ "inherits": ["guest"], "permissions": ["profile:*", "orders:read"] })).await.expect(200);
    assert!(may(&node, &ada, "orders:read").await && may(&node, &ada, "profile:write").await);
    assert!(!may(&node, &ada, "content:create").await);
}

async fn a_role_in_use_is_not_deleted(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    for (name, inherits) in [("clerk", json!([])), ("chief", json!(["clerk"]))] {
        let role = json!({ "name": name, "inherits": inherits, "permissions": ["orders:read"] });
        node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await.expect(201);
    }
    let ada = node.person("ada@example.com", &["clerk"]).await;
    let delete =
        |name: &str| node.call(Method::DELETE, &format!("/api/v1/admin/roles/{name}")).bearer(&root.token).send();
    let told = delete("clerk").await.expect_problem(409, "role.in_use");
    assert_eq!(told["detail"], "1 users have this role, and 1 roles inherit from it.");
    delete("chief").await.expect(204);
    delete("clerk").await.expect_problem(409, "role.in_use");
    let path = format!("/api/v1/admin/users/{}/roles", ada.id);
    node.call(Method::PUT, &path).json(&json!({ "roles": [] })).bearer(&root.token).send().await.expect(200);
    delete("clerk").await.expect(204);
    delete("clerk").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_catalogue_names_every_permission() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let list = node.get("/api/v1/admin/permissions").bearer(&admin.token).send().await.expect(200);
    assert_eq!(list["items"].as_array().expect("items").len(), kernel::permission::BUILTIN.len());
    let roles = node.get("/api/v1/admin/roles").bearer(&admin.token).send().await.expect(200);
    let names: Vec<&str> =
        roles["items"].as_array().expect("items").iter().filter_map(|r| r["name"].as_str()).collect();
    assert_eq!(names, ["admin", "developer", "free", "guest", "premium", "standard", "super_admin", "user"]);
    let one = node.get("/api/v1/admin/roles/admin").bearer(&admin.token).send().await.expect(200);
    assert_eq!((one["builtin"].as_bool(), &one["inherits"]), (Some(true), &json!(["developer"])));
}
