//! Attempts to gain by roles what one does not hold.

use std::sync::Arc;

use http::Method;
use kernel::Principal;
use serde_json::json;

use crate::testing::TestCore;

#[tokio::test]
async fn a_role_cannot_be_made_to_hold_more_than_its_maker() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let beyond = [
        json!({ "name": "x", "permissions": ["*"] }),
        json!({ "name": "x", "permissions": ["tenants:read"] }),
        json!({ "name": "x", "permissions": ["users:read", "orders:read"] }),
        json!({ "name": "x", "inherits": ["super_admin"], "permissions": [] }),
    ];
    for role in beyond {
        let told = node.post("/api/v1/admin/roles", &role).bearer(&admin.token).send().await;
        told.expect_problem(403, "permission.not_held");
    }
    let within = json!({ "name": "x", "inherits": ["developer"], "permissions": ["users:*", "audit:read"] });
    node.post("/api/v1/admin/roles", &within).bearer(&admin.token).send().await.expect(201);
    for more in [json!({ "permissions": ["*"] }), json!({ "inherits": ["super_admin"], "permissions": [] })] {
        let told = node.call(Method::PUT, "/api/v1/admin/roles/x").json(&more).bearer(&admin.token).send().await;
        told.expect_problem(403, "permission.not_held");
    }
}

#[tokio::test]
async fn a_role_that_holds_more_is_out_of_reach() {
    let node = TestCore::start().await;
    let (root, admin) =
        (node.person("root@example.com", &["super_admin"]).await, node.person("admin@example.com", &["admin"]).await);
    let role = json!({ "name": "boss", "permissions": ["orders:*"] });
    node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await.expect(201);
    let path = "/api/v1/admin/roles/boss";
    let less = json!({ "permissions": ["users:read"] });
    let told = node.call(Method::PUT, path).json(&less).bearer(&admin.token).send().await;
    told.expect_problem(403, "role.outranks");
    node.call(Method::DELETE, path).bearer(&admin.token).send().await.expect_problem(403, "role.outranks");
    // Neither may it be inherited: that would hand it out.
    let heir = json!({ "name": "heir", "inherits": ["boss"], "permissions": [] });
    let told = node.post("/api/v1/admin/roles", &heir).bearer(&admin.token).send().await;
    told.expect_problem(403, "permission.not_held");
}

#[tokio::test]
async fn what_counts_is_what_the_database_says_now() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    // As if her demotion had not reached this node's edge yet.
    let known = node.judge(&ada.token).expect("a caller");
    let stale = Arc::new(Principal { roles: Arc::new(["super_admin".parse().expect("a role")]), ..(*known).clone() });
    let role = json!({ "name": "x", "permissions": ["users:read"] });
    let told = node.post("/api/v1/admin/roles", &role).by(&stale).send().await;
    told.expect_problem(403, "permission.not_held");
}

#[tokio::test]
async fn a_narrowed_credential_stays_narrowed() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let known = node.judge(&root.token).expect("a caller");
    let own = ["roles:write", "users:read"].into_iter().map(|g| g.parse().expect("a grant")).collect();
    let narrowed = Arc::new(Principal { narrowed_to: Some(Arc::new(own)), ..(*known).clone() });
    let wide = json!({ "name": "x", "permissions": ["audit:read"] });
    let told = node.post("/api/v1/admin/roles", &wide).by(&narrowed).send().await;
    told.expect_problem(403, "permission.not_held");
    let within = json!({ "name": "x", "permissions": ["users:read"] });
    node.post("/api/v1/admin/roles", &within).by(&narrowed).send().await.expect(201);
    node.get("/api/v1/admin/roles").by(&narrowed).send().await.expect_problem(403, "permission.denied");
}
