//! Another tenant's ids name nothing, on every administrative route.

use http::Method;
use serde_json::json;

use crate::testing::TestCore;

crate::testing::on_both_databases! {
    ids_of_another_tenant_are_not_found;
}

async fn ids_of_another_tenant_are_not_found(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let acme = node.new_tenant("acme").await;
    let theirs = node.person_of(&acme, "boss@acme.example", &["super_admin"]).await;
    let ada = node.person_of(&acme, "ada@acme.example", &["user"]).await;
    let key = json!({ "name": "k", "permissions": ["profile:read"] });
    let own = node.post("/api/v1/api-keys", &key).bearer(&ada.token).send().await.expect(201);
    let tenants = node.post("/api/v1/admin/api-keys", &key).bearer(&theirs.token).send().await.expect(201);
    let role = json!({ "name": "acme-clerk", "permissions": [] });
    node.post("/api/v1/admin/roles", &role).bearer(&theirs.token).send().await.expect(201);
    let session = node.judge(&ada.token).expect("in").session.expect("a session");

    let (user, empty) = (format!("/api/v1/admin/users/{}", ada.id), json!({}));
    let mut calls = vec![
        (Method::GET, user.clone(), empty.clone()),
        (Method::PATCH, user.clone(), empty.clone()),
        (Method::DELETE, user.clone(), empty.clone()),
        (Method::PUT, format!("{user}/roles"), json!({ "roles": ["user"] })),
        (Method::GET, format!("{user}/sessions"), empty.clone()),
        (Method::DELETE, format!("{user}/sessions"), empty.clone()),
        (Method::DELETE, format!("{user}/sessions/{session}"), empty.clone()),
        (Method::DELETE, format!("/api/v1/admin/users/{}/sessions/{session}", root.id), empty.clone()),
        (Method::GET, "/api/v1/admin/roles/acme-clerk".into(), empty.clone()),
        (Method::PUT, "/api/v1/admin/roles/acme-clerk".into(), json!({ "permissions": [] })),
        (Method::DELETE, "/api/v1/admin/roles/acme-clerk".into(), empty.clone()),
    ];
    let posts = ["disable", "enable", "restore", "unlock", "reset-password"];
    calls.extend(posts.iter().map(|what| (Method::POST, format!("{user}/{what}"), empty.clone())));
    for key in [&own, &tenants] {
        for base in ["/api/v1/admin/api-keys", "/api/v1/api-keys"] {
            let path = format!("{base}/{}", key["id"].as_str().expect("an id"));
            calls.push((Method::GET, path.clone(), empty.clone()));
            calls.push((Method::PATCH, path.clone(), empty.clone()));
            calls.push((Method::DELETE, path.clone(), empty.clone()));
            calls.push((Method::POST, format!("{path}/rotate"), empty.clone()));
        }
    }
    for (method, path, body) in calls {
        let told = node.call(method.clone(), &path).json(&body).bearer(&root.token).send().await;
        assert_eq!((told.status, told.code()), (404, "not_found"), "{method} {path}: {}", told.json);
        // The same as for an id that nobody has, and for what is no id.
        for nobody in ["01890000-0000-7000-8000-000000000000", "nobody"] {
            let unknown = path.replace(&ada.id.to_string(), nobody);
            if unknown != path {
                let told = node.call(method.clone(), &unknown).json(&body).bearer(&root.token).send().await;
                assert_eq!((told.status, told.code()), (404, "not_found"), "{method} {unknown}: {}", told.json);
            }
        }
    }
    node.get("/api/v1/me").bearer(&ada.token).send().await.expect(200);
    for path in ["/api/v1/admin/users", "/api/v1/admin/api-keys", "/api/v1/admin/roles"] {
        let list = node.get(path).bearer(&root.token).send().await.expect(200).to_string();
        assert!(!list.contains("acme"), "{path}: {list}");
        assert!(!list.contains(&ada.id.to_string()), "{path}: {list}");
    }
}

#[tokio::test]
async fn who_may_everything_in_one_tenant_may_nothing_in_others() {
    let node = TestCore::start().await;
    let acme = node.new_tenant("acme").await;
    let boss = node.person_of(&acme, "boss@acme.example", &["super_admin"]).await;
    let home = node.tenant().id;
    for (method, path) in [
        (Method::GET, "/api/v1/admin/tenants".to_owned()),
        (Method::POST, "/api/v1/admin/tenants".to_owned()),
        (Method::GET, format!("/api/v1/admin/tenants/{home}")),
        (Method::PATCH, format!("/api/v1/admin/tenants/{home}")),
        (Method::POST, format!("/api/v1/admin/tenants/{}/suspend", acme.id)),
        (Method::POST, format!("/api/v1/admin/tenants/{home}/resume")),
    ] {
        let told = node.call(method, &path).json(&json!({})).bearer(&boss.token).send().await;
        told.expect_problem(403, "permission.denied");
    }
}
