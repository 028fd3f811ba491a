//! Questions and answers over HTTP.

use std::sync::Arc;

use http::Method;
use kernel::Principal;
use serde_json::{Value as Json, json};

use crate::testing::{Person, TestCore};

async fn ask(node: &TestCore, by: &Person, question: Json) -> (bool, String) {
    let answer = node.post("/api/v1/authz/check", &question).bearer(&by.token).send().await.expect(200);
    let reason = answer["reason"].as_str().expect("a reason").to_owned();
    (answer["allowed"].as_bool().expect("a bool"), reason)
}

fn said(allowed: bool, reason: &str) -> (bool, String) {
    (allowed, reason.to_owned())
}

#[tokio::test]
async fn everybody_may_ask_about_themselves() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    assert_eq!(ask(&node, &ada, json!({ "permission": "profile:read" })).await, said(true, "granted"));
    assert_eq!(ask(&node, &ada, json!({ "permission": "users:read" })).await, said(false, "not_granted"));
    let by_name = json!({ "subject": ada.id, "permission": "profile:read" });
    assert_eq!(ask(&node, &ada, by_name).await, said(true, "granted"));
    let narrowed = Arc::new(["content:read".parse().expect("a grant")].into_iter().collect());
    let known = node.judge(&ada.token).expect("a caller");
    let narrowed = Arc::new(Principal { narrowed_to: Some(narrowed), ..(*known).clone() });
    let answer = node.post("/api/v1/authz/check", &json!({ "permission": "profile:read" })).by(&narrowed).send().await;
    assert_eq!(answer.expect(200), json!({ "allowed": false, "reason": "narrowed" }));
    let stranger = node.post("/api/v1/authz/check", &json!({ "permission": "profile:read" })).send().await;
    stranger.expect_problem(401, "credentials.missing");
}

#[tokio::test]
async fn one_may_edit_ones_own() {
    let node = TestCore::start().await;
    let (ada, bob) = (node.person("ada@example.com", &["user"]).await, node.person("bob@example.com", &["user"]).await);
    let edit = |owner: Json| json!({ "permission": "content:edit", "resource": { "owner": owner } });
    assert_eq!(ask(&node, &ada, edit(json!(ada.id))).await, said(true, "granted_as_owner"));
    assert_eq!(ask(&node, &ada, edit(json!(bob.id))).await, said(false, "not_granted"));
    assert_eq!(ask(&node, &ada, edit(Json::Null)).await, said(false, "not_granted"));
    let own = json!({ "permission": "content:edit:own" });
    assert_eq!(ask(&node, &ada, own).await, said(true, "granted"));
    let root = node.person("root@example.com", &["super_admin"]).await;
    assert_eq!(ask(&node, &root, edit(json!(bob.id))).await, said(true, "granted"));
    // Of somebody else: what counts is whether the subject owns it, not the caller.
    let about = json!({ "subject": ada.id, "permission": "content:edit", "resource": { "owner": ada.id } });
    assert_eq!(ask(&node, &root, about).await, said(true, "granted_as_owner"));
    let about = json!({ "subject": ada.id, "permission": "content:edit", "resource": { "owner": root.id } });
    assert_eq!(ask(&node, &root, about).await, said(false, "not_granted"));
}

#[tokio::test]
async fn asking_about_others_needs_a_permission_and_tells_nothing_about_strangers() {
    let node = TestCore::start().await;
    let (admin, ada) =
        (node.person("admin@example.com", &["admin"]).await, node.person("ada@example.com", &["user"]).await);
    let acme = node.new_tenant("acme").await;
    let foreign = node.person_of(&acme, "boss@acme.example", &["super_admin"]).await;
    let about = |id: Json| json!({ "subject": id, "permission": "profile:read" });
    let told = node.post("/api/v1/authz/check", &about(json!(admin.id))).bearer(&ada.token).send().await;
    told.expect_problem(403, "permission.denied");
    assert_eq!(ask(&node, &admin, about(json!(ada.id))).await, said(true, "granted"));
    let nobody = json!("01890000-0000-7000-8000-000000000000");
    assert_eq!(ask(&node, &admin, about(nobody)).await, said(false, "subject_unknown"));
    assert_eq!(ask(&node, &admin, about(json!(foreign.id))).await, said(false, "subject_unknown"));
    let disable = format!("/api/v1/admin/users/{}/disable", ada.id);
    node.post(&disable, &json!({})).bearer(&admin.token).send().await.expect(200);
    assert_eq!(ask(&node, &admin, about(json!(ada.id))).await, said(false, "subject_inactive"));
}

#[tokio::test]
async fn what_reaches_across_tenants_is_held_in_the_default_tenant_only() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let acme = node.new_tenant("acme").await;
    let boss = node.person_of(&acme, "boss@acme.example", &["super_admin"]).await;
    let question = json!({ "permission": "tenants:write" });
    assert_eq!(ask(&node, &root, question.clone()).await, said(true, "granted"));
    assert_eq!(ask(&node, &boss, question).await, said(false, "default_tenant_only"));
    assert_eq!(ask(&node, &boss, json!({ "permission": "orders:read" })).await, said(true, "granted"));
}

#[tokio::test]
async fn answers_follow_changes_at_once() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["premium"]).await;
    let question = json!({ "subject": ada.id, "permission": "analytics:export" });
    assert_eq!(ask(&node, &root, question.clone()).await, said(true, "granted"));
    let path = format!("/api/v1/admin/users/{}/roles", ada.id);
    node.call(Method::PUT, &path).json(&json!({ "roles": ["free"] })).bearer(&root.token).send().await.expect(200);
    assert_eq!(ask(&node, &root, question).await, said(false, "not_granted"));
    assert_eq!(ask(&node, &ada, json!({ "permission": "analytics:export" })).await, said(false, "not_granted"));
}

#[tokio::test]
async fn several_questions_are_answered_in_order_or_all_wrong_ones_told() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let batch =
        |checks: Json| node.post("/api/v1/authz/check/batch", &json!({ "checks": checks })).bearer(&ada.token).send();
    let answers = batch(json!([{ "permission": "users:read" }, { "permission": "profile:read" }])).await.expect(200);
    let expected = json!([{ "allowed": false, "reason": "not_granted" }, { "allowed": true, "reason": "granted" }]);
    assert_eq!(answers["results"], expected);
    let wrong = json!([
        { "permission": "profile:read" },
        { "permission": "profile:*", "subject": "me" },
        { "permission": "x:y", "resource": { "owner": "me" } }
    ]);
    let told = batch(wrong).await.expect_problem(400, "request.invalid");
    let fields: Vec<&str> =
        told["errors"].as_array().expect("errors").iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["/checks/1/subject", "/checks/1/permission", "/checks/2/resource/owner"]);
    batch(json!([])).await.expect_problem(400, "request.invalid");
    let many: Vec<Json> = (0..101).map(|_| json!({ "permission": "profile:read" })).collect();
    batch(json!(many)).await.expect_problem(400, "request.invalid");
}
