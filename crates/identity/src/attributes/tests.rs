//! Custom attributes that a tenant has a schema for.

use http::Method;
use serde_json::{Value as Json, json};

use crate::testing::{PASSWORD, Reply, TestCore};

const PATH: &str = "/api/v1/admin/attributes-schema";

crate::testing::on_both_databases! {
    attributes_meet_the_tenants_schema_wherever_they_come_from;
    a_schema_is_judged_before_it_holds;
}

fn codes(reply: Reply) -> Vec<(String, String)> {
    let problem = reply.expect_problem(400, "request.invalid");
    let text = |json: &Json| json.as_str().expect("a text").to_owned();
    problem["errors"].as_array().expect("errors").iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect()
}

async fn attributes_meet_the_tenants_schema_wherever_they_come_from(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let acme = node.new_tenant("acme").await;
    let other = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    let schema = json!({
        "type": "object", "required": ["grade"], "additionalProperties": false,
        "properties": {"grade": {"type": "integer", "minimum": 1, "maximum": 12}, "school": {"type": "string"}},
    });
    node.get(PATH).bearer(&boss.token).send().await.expect_problem(404, "not_found");
    node.call(Method::PUT, PATH).json(&schema).bearer(&boss.token).send().await.expect(200);
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200), schema);
    node.get(PATH).bearer(&other.token).send().await.expect_problem(404, "not_found");

    let register = |attributes: Json| {
        let body = json!({"email": "ada@example.com", "password": PASSWORD, "attributes": attributes});
        node.post("/api/v1/auth/register", &body).send()
    };
    let missing = [("/attributes/grade".to_owned(), "required".to_owned())];
    assert_eq!(codes(register(json!({})).await), missing);
    let wrong = codes(register(json!({"grade": 13, "shoe": 1})).await);
    assert!(wrong.contains(&("/attributes/grade".into(), "too_large".into())), "{wrong:?}");
    assert!(wrong.contains(&("/attributes".into(), "unknown".into())), "{wrong:?}");
    register(json!({"grade": 7})).await.expect(201);
    // Without any, too: they must have a grade.
    let body = json!({"email": "eve@example.com", "password": PASSWORD});
    assert_eq!(codes(node.post("/api/v1/auth/register", &body).send().await), missing);

    let login = json!({"email": "ada@example.com", "password": PASSWORD});
    let ada = node.post("/api/v1/auth/login", &login).send().await.expect(200);
    let token = ada["access_token"].as_str().expect("a token");
    let change = |attributes: Json| {
        node.call(Method::PUT, "/api/v1/auth/profile").json(&json!({"attributes": attributes})).bearer(token).send()
    };
    assert_eq!(codes(change(json!({})).await), missing);
    change(json!({"grade": 8, "school": "Elm"})).await.expect(200);
    // What is not about attributes is not held up by those that are stored.
    let name = json!({"display_name": "Ada"});
    node.call(Method::PUT, "/api/v1/auth/profile").json(&name).bearer(&boss.token).send().await.expect(200);

    let create = json!({"email": "bob@example.com", "attributes": {"grade": "x"}});
    let refused = node.post("/api/v1/admin/users", &create).bearer(&boss.token).send().await;
    assert_eq!(codes(refused), [("/attributes/grade".to_owned(), "type".to_owned())]);
    let create = json!({"email": "bob@example.com", "attributes": {"grade": 3}});
    let bob = node.post("/api/v1/admin/users", &create).bearer(&boss.token).send().await.expect(201);
    let path = format!("/api/v1/admin/users/{}", bob["id"].as_str().expect("an id"));
    let patch = |attributes: Json| {
        node.call(Method::PATCH, &path).json(&json!({"attributes": attributes})).bearer(&boss.token).send()
    };
    assert_eq!(codes(patch(json!({"grade": 0})).await), [("/attributes/grade".to_owned(), "too_small".to_owned())]);
    patch(json!({"grade": 4})).await.expect(200);

    node.call(Method::DELETE, PATH).bearer(&boss.token).send().await.expect(204);
    node.call(Method::DELETE, PATH).bearer(&boss.token).send().await.expect_problem(404, "not_found");
    patch(json!({"anything": true})).await.expect(200);
}

async fn a_schema_is_judged_before_it_holds(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let clerk = node.person("clerk@example.com", &["user"]).await;
    for (wrong, code) in [
        (json!([]), "type"),
        (json!({"type": "objekt"}), "schema"),
        (json!({"$ref": "http://192.0.2.7/schema.json"}), "schema"),
        (json!({"$ref": "file:///etc/passwd"}), "schema"),
        (json!({"description": "x".repeat(32 * 1024)}), "too_long"),
    ] {
        let refused = node.call(Method::PUT, PATH).json(&wrong).bearer(&boss.token).send().await;
        assert_eq!(codes(refused), [(String::new(), code.to_owned())], "{:.60}", wrong.to_string());
    }
    // Each names the next one twice: what is read of a registration would double sixty times.
    let mut defs = serde_json::Map::new();
    for i in 0..60 {
        let next = json!({"$ref": format!("#/$defs/a{}", i + 1)});
        defs.insert(format!("a{i}"), json!({"allOf": [next, next]}));
    }
    defs.insert("a60".into(), json!({}));
    let ladder = json!({"$defs": defs, "properties": {"grade": {"$ref": "#/$defs/a0"}}});
    let refused = codes(node.call(Method::PUT, PATH).json(&ladder).bearer(&boss.token).send().await);
    assert!(refused[0].0.starts_with("/$defs/a") && refused[0].1 == "schema", "{refused:?}");
    let put = node.call(Method::PUT, PATH).json(&json!({})).bearer(&clerk.token).send().await;
    put.expect_problem(403, "permission.denied");
    node.get(PATH).bearer(&boss.token).send().await.expect_problem(404, "not_found");
}
