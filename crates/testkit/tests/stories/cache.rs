//! Answers that routes keep, and having them forgotten, on every node.

use serde_json::{Value, json};
use testkit::{Backend, TestApp};

const CACHED: &str = r#"
[[routes]]
name = "kept"
match = { path = "/kept/{*rest}" }
upstream = "echo"
auth = "none"
cache = { default_ttl = "1h" }
"#;

const PURGE: &str = "/api/v1/admin/gateway/cache/purge";

/// Which request the answer was made for.
async fn made_for(app: &TestApp, path: &str) -> Value {
    app.get(path).send().await.expect(200).json["headers"]["x-request-id"].clone()
}

#[tokio::test]
async fn a_purge_reaches_every_node() {
    let one = TestApp::builder().backend(Backend::PostgresAndRedis).config(CACHED).start().await;
    let other = one.another_node().await;
    let here = made_for(&one, "/kept/a").await;
    let (there, beside) = (made_for(&other, "/kept/a").await, made_for(&other, "/kept/b").await);
    assert_eq!((made_for(&one, "/kept/a").await, made_for(&other, "/kept/a").await), (here.clone(), there.clone()));
    one.admin_call("POST", PURGE, &json!({ "route": "kept", "path": "/kept/a" })).await.expect(204);
    assert_ne!(made_for(&one, "/kept/a").await, here, "it is forgotten when the call returns");
    while made_for(&other, "/kept/a").await == there {
        tokio::task::yield_now().await;
    }
    assert_eq!(made_for(&other, "/kept/b").await, beside, "what was not meant stays");
    other.admin_call("POST", PURGE, &json!({ "everything": true })).await.expect(204);
    assert_ne!(made_for(&other, "/kept/b").await, beside);
    let audit = one.admin_get("/api/v1/admin/audit?action=gateway_cache.purged").await.expect(200);
    assert_eq!(audit.json["items"].as_array().map(Vec::len), Some(2));
    let metrics = one.admin_get("/metrics").await.text;
    assert!(metrics.contains(r#"portcullis_cache_requests_total{route="kept",result="hit"}"#), "{metrics}");
}

#[tokio::test]
async fn a_purge_says_what_it_means() {
    let app = TestApp::start().await;
    for body in [
        json!({}),
        json!({ "everything": true, "tag": "a" }),
        json!({ "path": "kept" }),
        json!({ "tag": "a b" }),
        json!({ "route": "No Name" }),
    ] {
        app.admin_call("POST", PURGE, &body).await.expect_problem(400, "request.invalid");
    }
    let unknown = app.admin_call("POST", PURGE, &json!({ "tags": ["a"] })).await;
    unknown.expect_problem(400, "request.malformed");
    let ada = app.user("ada@example.com").await.login().await.expect_tokens();
    let refused = app.post(PURGE).bearer(&ada.access).json(&json!({ "everything": true })).send().await;
    refused.expect_problem(403, "permission.denied");
}
