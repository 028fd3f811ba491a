//! Making, changing, taking back.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value as Json, json};

use crate::testing::{Reply, TestCore, on_both_databases};

on_both_databases! {
    a_document_is_made_changed_and_deleted_and_all_of_it_is_history;
    an_invalid_change_is_refused_whole;
    fifty_changes_at_once_are_fifty_revisions;
    a_rollback_brings_everything_back_as_a_new_revision;
    another_node_reads_the_same_revision;
}

const ROUTES: &str = "/api/v1/admin/routes";
const UPSTREAMS: &str = "/api/v1/admin/upstreams";
const CONFIG: &str = "/api/v1/admin/config";

fn upstream() -> Json {
    json!({ "targets": ["http://127.0.0.1:9001"] })
}

async fn root(node: &TestCore) -> String {
    node.person("root@example.com", &["super_admin"]).await.token
}

async fn ask(node: &TestCore, token: &str, method: Method, path: &str, body: Option<&Json>) -> Reply {
    let call = node.call(method, path).bearer(token);
    let call = if let Some(body) = body { call.json(body) } else { call };
    call.send().await
}

async fn put(node: &TestCore, token: &str, path: &str, body: &Json) -> Reply {
    ask(node, token, Method::PUT, path, Some(body)).await
}

async fn get(node: &TestCore, token: &str, path: &str) -> Json {
    ask(node, token, Method::GET, path, None).await.expect(200)
}

fn etag(reply: &Reply) -> String {
    reply.headers["etag"].to_str().expect("text").to_owned()
}

async fn a_document_is_made_changed_and_deleted_and_all_of_it_is_history(node: TestCore) {
    let root = root(&node).await;
    let web = format!("{UPSTREAMS}/web");
    let made = put(&node, &root, &format!("{web}?reason=the%20first"), &upstream()).await;
    assert_eq!(etag(&made), "\"1\"");
    let made = made.expect(201);
    assert_eq!(made, json!({ "name": "web", "source": "api", "revision": 1, "document": upstream() }));
    assert_eq!(get(&node, &root, &web).await, made);
    put(&node, &root, &web, &upstream()).await.expect(200);
    let route = json!({ "name": "r", "match": { "path": "/r" }, "upstream": "web" });
    let made = put(&node, &root, &format!("{ROUTES}/r"), &route).await;
    assert_eq!(etag(&made), "\"2\"", "what changes nothing is no revision");
    assert_eq!(made.expect(201)["document"]["name"], Json::Null, "the name is in the path");

    let changed = json!({ "match": { "path": "/other" }, "upstream": "web" });
    let call = || node.call(Method::PUT, "/api/v1/admin/routes/r").bearer(&root).json(&changed);
    call().header("if-match", "\"1\"").send().await.expect_problem(412, "gateway_config.changed");
    call().header("if-none-match", "*").send().await.expect_problem(412, "gateway_config.changed");
    call().header("if-match", "nonsense").send().await.expect_problem(400, "request.invalid");
    assert_eq!(etag(&call().header("if-match", "\"2\"").send().await), "\"3\"");

    let list = get(&node, &root, ROUTES).await;
    let names: Vec<_> = list["items"].as_array().expect("items").iter().map(|i| (&i["name"], &i["source"])).collect();
    assert_eq!(names, [(&json!("home"), &json!("file")), (&json!("r"), &json!("api"))]);
    let first = get(&node, &root, &format!("{ROUTES}?limit=1")).await;
    let next = format!("{ROUTES}?limit=1&cursor={}", first["next_cursor"].as_str().expect("a cursor"));
    let next = get(&node, &root, &next).await;
    assert_eq!((&next["items"][0]["name"], &next["next_cursor"]), (&json!("r"), &Json::Null));

    ask(&node, &root, Method::DELETE, &format!("{ROUTES}/r?reason=gone"), None).await.expect(204);
    ask(&node, &root, Method::DELETE, &format!("{ROUTES}/r"), None).await.expect_problem(404, "not_found");
    ask(&node, &root, Method::GET, &format!("{ROUTES}/r"), None).await.expect_problem(404, "not_found");

    let history = get(&node, &root, &format!("{CONFIG}/revisions?limit=3")).await;
    let numbers: Vec<_> = history["items"].as_array().expect("items").iter().map(|r| r["number"].clone()).collect();
    assert_eq!(numbers, [4, 3, 2]);
    assert_eq!(
        (&history["items"][0]["reason"], &history["items"][0]["author"]["kind"]),
        (&json!("gone"), &json!("user"))
    );
    let rest = format!("{CONFIG}/revisions?cursor={}", history["next_cursor"].as_str().expect("a cursor"));
    assert_eq!(get(&node, &root, &rest).await["items"][0]["reason"], "the first");
    let third = get(&node, &root, &format!("{CONFIG}/revisions/3")).await;
    assert_eq!(third["changes"][0]["before"]["match"]["path"], "/r");
    assert_eq!(third["changes"][0]["after"], changed);
    let diff = get(&node, &root, &format!("{CONFIG}/revisions/4/diff?from=1")).await;
    assert_eq!(diff, json!({ "from": 1, "to": 4, "changes": [] }), "made and gone again");
    let diff = get(&node, &root, &format!("{CONFIG}/revisions/1/diff?from=3")).await;
    assert_eq!((&diff["changes"][0]["before"], &diff["changes"][0]["after"]), (&changed, &Json::Null));
    ask(&node, &root, Method::GET, &format!("{CONFIG}/revisions/5"), None).await.expect_problem(404, "not_found");
    assert_eq!(node.audited(node.tenant().id, "gateway_config.changed").await, 4);
}

async fn an_invalid_change_is_refused_whole(node: TestCore) {
    let root = root(&node).await;
    let wrong = json!({ "match": { "path": "/r" }, "upstream": "nowhere", "wrong": true });
    let told = put(&node, &root, &format!("{ROUTES}/r"), &wrong).await.expect_problem(422, "gateway_config.invalid");
    let fields: Vec<_> = told["errors"].as_array().expect("errors").iter().map(|e| e["field"].clone()).collect();
    assert_eq!(fields, ["/wrong", "/upstream"]);
    let all = json!({ "upstreams": { "web": upstream() }, "routes": { "good": { "upstream": "web" }, "r": wrong } });
    let told = put(&node, &root, CONFIG, &all).await.expect_problem(422, "gateway_config.invalid");
    assert_eq!(told["errors"][0]["field"], "/routes/r/wrong");
    assert_eq!(get(&node, &root, CONFIG).await, json!({ "revision": 0, "upstreams": {}, "routes": {} }));
    put(&node, &root, &format!("{ROUTES}/home"), &json!({})).await.expect_problem(409, "gateway_config.in_file");
    put(&node, &root, &format!("{ROUTES}/NO"), &json!({})).await.expect_problem(400, "request.invalid");
    put(&node, &root, &format!("{ROUTES}/r"), &json!([])).await.expect_problem(400, "request.invalid");
    put(&node, &root, &format!("{ROUTES}/r"), &json!({ "name": "other" })).await.expect_problem(400, "request.invalid");
    put(&node, &root, &format!("{ROUTES}/r"), &json!({ "a": "\u{0}" })).await.expect_problem(400, "request.invalid");
    put(&node, &root, &format!("{UPSTREAMS}/web"), &upstream()).await.expect(201);
    put(&node, &root, &format!("{ROUTES}/r"), &json!({ "upstream": "web" })).await.expect(201);
    let told = ask(&node, &root, Method::DELETE, &format!("{UPSTREAMS}/web"), None).await;
    let told = told.expect_problem(422, "gateway_config.invalid");
    assert_eq!(told["errors"][0]["field"], "/routes/r/upstream", "what needs it is named");
}

async fn fifty_changes_at_once_are_fifty_revisions(node: TestCore) {
    let (root, other) = (root(&node).await, node.another_node().await);
    let changes = (0..50).map(|i| {
        let (node, root) = (if i % 2 == 0 { &node } else { &other }, &root);
        async move {
            // Whoever was overtaken too often is told so, and tries again.
            loop {
                let reply = put(node, root, &format!("{UPSTREAMS}/u{i}"), &upstream()).await;
                if reply.code() != "gateway_config.busy" {
                    return reply.expect(201)["revision"].as_i64().expect("a number");
                }
            }
        }
    });
    let mut revisions = join_all(changes).await;
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=50).collect::<Vec<_>>());
    node.core.feed.catch_up_now().await.expect("caught up");
    let all = get(&node, &root, CONFIG).await;
    assert_eq!((&all["revision"], all["upstreams"].as_object().map(serde_json::Map::len)), (&json!(50), Some(50)));
}

async fn a_rollback_brings_everything_back_as_a_new_revision(node: TestCore) {
    let root = root(&node).await;
    put(&node, &root, &format!("{UPSTREAMS}/web"), &upstream()).await.expect(201);
    put(&node, &root, &format!("{ROUTES}/r"), &json!({ "upstream": "web", "priority": 1 })).await.expect(201);
    let before = get(&node, &root, CONFIG).await;
    let all = json!({ "upstreams": { "new": upstream() } });
    let replaced = put(&node, &root, &format!("{CONFIG}?reason=anew"), &all).await;
    assert_eq!(etag(&replaced), "\"3\"");
    assert_eq!(replaced.expect(200)["routes"], json!({}));
    let back = |headers: &'static str| {
        let call = node.post(&format!("{CONFIG}/revisions/2/rollback"), &json!({ "reason": "it was better" }));
        call.bearer(&root).header("if-match", headers).send()
    };
    back("\"2\"").await.expect_problem(412, "gateway_config.changed");
    let after = back("\"3\"").await.expect(200);
    assert_eq!((&after["upstreams"], &after["routes"]), (&before["upstreams"], &before["routes"]));
    let fourth = get(&node, &root, &format!("{CONFIG}/revisions/4")).await;
    assert_eq!((&fourth["restores"], &fourth["reason"]), (&json!(2), &json!("it was better")));
    let unknown = node.post(&format!("{CONFIG}/revisions/9/rollback"), &json!({}));
    unknown.bearer(&root).send().await.expect_problem(404, "not_found");
    let none = node.post(&format!("{CONFIG}/revisions/0/rollback"), &json!({})).bearer(&root).send().await.expect(200);
    assert_eq!((&none["upstreams"], &none["routes"]), (&json!({}), &json!({})));
}

async fn another_node_reads_the_same_revision(node: TestCore) {
    let root = root(&node).await;
    let other = node.another_node().await;
    put(&node, &root, &format!("{UPSTREAMS}/web"), &upstream()).await.expect(201);
    put(&node, &root, &format!("{UPSTREAMS}/gone"), &upstream()).await.expect(201);
    ask(&node, &root, Method::DELETE, &format!("{UPSTREAMS}/gone"), None).await.expect(204);
    other.core.feed.catch_up_now().await.expect("caught up");
    assert_eq!(other.core.gate.made(), node.core.gate.made());
    let restarted = node.another_node().await;
    assert_eq!(restarted.core.gate.made(), node.core.gate.made());
    assert_eq!(restarted.core.gate.made().revision, 3);
}

#[tokio::test]
async fn other_tenants_have_nothing_to_say_about_the_gate() {
    let node = TestCore::start().await;
    let tenant = node.new_tenant("acme").await;
    let eve = node.person_of(&tenant, "eve@acme.example", &["super_admin"]).await;
    for path in [ROUTES, UPSTREAMS, CONFIG, "/api/v1/admin/config/revisions"] {
        let told = node.get(path).tenant(&tenant).bearer(&eve.token).send().await;
        told.expect_problem(403, "permission.denied");
    }
}
