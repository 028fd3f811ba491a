//! Tenants: what names them, and their life over HTTP.

use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    tenants::{Host, Slug},
    testing::{PASSWORD, Person, TestCore},
};

crate::testing::on_both_databases! {
    a_tenant_is_made_whole;
    what_is_taken_is_told_and_nothing_is_kept;
    a_tenant_is_suspended_and_resumed_at_once;
}

#[test]
fn slugs_are_dns_labels_and_no_ids() {
    for good in ["ab", "acme", "a-1", "acme--x", &"a".repeat(63)] {
        assert_eq!(good.parse::<Slug>().expect(good).as_str(), good);
    }
    let uuid = "a1890000-0000-7000-8000-000000000000";
    for bad in
        ["", "a", "-a", "a-", "1a", "Acme", "a.b", "a_b", "ä1", "a/b", &"a".repeat(64), uuid, &uuid.replace('-', "")]
    {
        assert!(bad.parse::<Slug>().is_err(), "{bad}");
    }
}

#[test]
fn hosts_are_names_in_one_spelling() {
    assert_eq!("Login.Example.COM".parse::<Host>().expect("a host").as_str(), "login.example.com");
    assert!("xn--bcher-kva.example".parse::<Host>().is_ok() && "localhost".parse::<Host>().is_ok());
    let long = [&"a".repeat(63) as &str; 4].join(".");
    for bad in [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a.b",
        "a-.b",
        "a b",
        "a:80",
        "*.a.b",
        "1.2.3.4",
        "1.2.3",
        "a.1",
        "[::1]",
        "a_b.c",
        "bücher.example",
        &long,
    ] {
        assert!(bad.parse::<Host>().is_err(), "{bad}");
    }
    assert_eq!(
        Host::of_url("https://Gate.Example.com:8443/x").map(|h| h.to_string()).as_deref(),
        Some("gate.example.com")
    );
    assert_eq!(Host::of_url("https://gate.example.com").map(|h| h.to_string()).as_deref(), Some("gate.example.com"));
    assert_eq!(Host::of_url("http://127.0.0.1:8080"), None);
}

async fn create(node: &TestCore, by: &Person, body: Json) -> crate::testing::Reply {
    node.post("/api/v1/admin/tenants", &body).bearer(&by.token).send().await
}

async fn a_tenant_is_made_whole(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let body = json!({
        "slug": "acme", "name": "Acme", "hosts": ["Login.Acme.example", "login.acme.example"],
        "admin": { "email": "boss@acme.example", "password": PASSWORD }
    });
    let made = create(&node, &root, body).await;
    let location = made.headers["location"].to_str().expect("text").to_owned();
    let made = made.expect(201);
    assert_eq!(
        (&made["hosts"], &made["status"], &made["default"]),
        (&json!(["login.acme.example"]), &json!("active"), &json!(false))
    );
    assert_eq!(made["issuer"], node.core.settings.issuer("acme"));
    assert_eq!(node.get(&location).bearer(&root.token).send().await.expect(200), made);

    let tenants = node.core.edge.tenants.load_full();
    let acme = tenants.by_host("login.acme.example").expect("the edge knows it").clone();
    let login = json!({ "email": "boss@acme.example", "password": PASSWORD });
    let boss = node.post("/api/v1/auth/login", &login).tenant(&acme).send().await.expect(200);
    let token = boss["access_token"].as_str().expect("a token");
    let users = node.get("/api/v1/admin/users").bearer(token).send().await.expect(200);
    assert_eq!(users["items"][0]["roles"], json!(["super_admin"]));
    assert_eq!(users["items"].as_array().expect("items").len(), 1);
    // Their token is signed by a key of their own.
    let claims = node.judge(token).expect("a caller");
    assert_eq!(claims.tenant, acme.id);
    node.post("/api/v1/auth/login", &login).send().await.expect_problem(401, "credentials.invalid");
    assert_eq!(node.audited(acme.id, "tenant.created").await, 1);
    // Its own making at the first start, and Acme's.
    assert_eq!(node.audited(node.tenant().id, "tenant.created").await, 2);
    assert!(node.another_node().await.core.edge.tenants.load().by_slug("acme").is_some());
}

async fn what_is_taken_is_told_and_nothing_is_kept(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    create(&node, &root, json!({ "slug": "acme", "name": "Acme", "hosts": ["a.example", "b.example"] }))
        .await
        .expect(201);
    let told = create(&node, &root, json!({ "slug": "acme", "name": "x" })).await.expect_problem(409, "tenant.exists");
    assert_eq!(told["errors"][0]["field"], "/slug");
    let body = json!({ "slug": "other", "name": "x", "hosts": ["c.example", "A.example", "b.example"] });
    let told = create(&node, &root, body).await.expect_problem(409, "tenant.host_taken");
    let fields: Vec<&Json> = told["errors"].as_array().expect("errors").iter().map(|e| &e["field"]).collect();
    assert_eq!(fields, [&json!("/hosts/1"), &json!("/hosts/2")]);
    let list = node.get("/api/v1/admin/tenants").bearer(&root.token).send().await.expect(200);
    let slugs: Vec<&str> = list["items"].as_array().expect("items").iter().filter_map(|t| t["slug"].as_str()).collect();
    assert_eq!(slugs.len(), 2);
    assert!(slugs.contains(&"default") && slugs.contains(&"acme"));
    let wrong = json!({ "slug": "A", "name": "", "hosts": ["1.2.3.4"], "admin": { "email": "x", "password": "x" } });
    let told = create(&node, &root, wrong).await.expect_problem(400, "request.invalid");
    assert_eq!(told["errors"].as_array().expect("errors").len(), 4);
    let weak = json!({ "slug": "weak", "name": "x", "admin": { "email": "x@example.com", "password": "x" } });
    create(&node, &root, weak).await.expect_problem(400, "password.weak");
}

#[tokio::test]
async fn hosts_move_only_when_they_are_free() {
    let node = TestCore::start_with(crate::Settings {
        public_url: "https://gate.example.com".into(),
        ..crate::testing::settings()
    })
    .await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let one = create(&node, &root, json!({ "slug": "one", "name": "One", "hosts": ["one.example"] })).await.expect(201);
    let two = create(&node, &root, json!({ "slug": "two", "name": "Two" })).await.expect(201);
    let patch = |tenant: &Json, body: Json| {
        let path = format!("/api/v1/admin/tenants/{}", tenant["id"].as_str().expect("an id"));
        node.call(Method::PATCH, &path).json(&body).bearer(&root.token).send()
    };
    patch(&two, json!({ "hosts": ["two.example", "one.example"] })).await.expect_problem(409, "tenant.host_taken");
    // What the installation itself is reached at is nobody else's.
    patch(&two, json!({ "hosts": ["Gate.example.com"] })).await.expect_problem(409, "tenant.host_taken");
    patch(&one, json!({ "hosts": [], "name": "First" })).await.expect(200);
    let moved = patch(&two, json!({ "hosts": ["one.example"] })).await.expect(200);
    assert_eq!((&moved["hosts"], &moved["name"]), (&json!(["one.example"]), &json!("Two")));
    let tenants = node.core.edge.tenants.load_full();
    assert_eq!(&*tenants.by_host("one.example").expect("known").slug, "two");
    assert_eq!(&*tenants.by_slug("one").expect("known").name, "First");
    let nobody = json!({ "id": "01890000-0000-7000-8000-000000000000" });
    patch(&nobody, json!({})).await.expect_problem(404, "not_found");
    patch(&json!({ "id": "one" }), json!({})).await.expect_problem(404, "not_found");
    patch(&one, json!({ "slug": "x" })).await.expect_problem(400, "request.malformed");
}

async fn a_tenant_is_suspended_and_resumed_at_once(node: TestCore) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let acme = node.new_tenant("acme").await;
    let act = |id: kernel::TenantId, what: &str| {
        node.post(&format!("/api/v1/admin/tenants/{id}/{what}"), &json!({})).bearer(&root.token).send()
    };
    let suspended = || node.core.edge.tenants.load().by_id(acme.id).expect("known").suspended;
    assert_eq!(act(acme.id, "suspend").await.expect(200)["status"], "suspended");
    assert!(suspended());
    act(acme.id, "suspend").await.expect(200);
    assert_eq!(node.audited(acme.id, "tenant.suspended").await, 1);
    assert_eq!(node.audited(node.tenant().id, "tenant.suspended").await, 1);
    assert_eq!(act(acme.id, "resume").await.expect(200)["status"], "active");
    assert!(!suspended());
    act(node.tenant().id, "suspend").await.expect_problem(409, "tenant.default");
    let nobody = "01890000-0000-7000-8000-000000000000".parse().expect("an id");
    act(nobody, "suspend").await.expect_problem(404, "not_found");
}
