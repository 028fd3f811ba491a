use http::{HeaderMap, HeaderValue, Method};
use kernel::{TenantId, edge::Tenant};
use serde_json::{Value, json};

use super::*;
use crate::{
    config::Findings,
    route::PathPattern,
    template::{Facts, Scope},
};

fn apply(text: &str, body: &Value) -> Value {
    let config: JsonEditsConfig = toml::from_str(text).expect("it parses");
    let path: PathPattern = "/{id}".parse().expect("a pattern");
    let scope = Scope { path: &path, rest: None, caller: false, body: false };
    let mut findings = Findings::default();
    let edits = JsonEdits::compile(&config, "j", &scope, &mut findings);
    assert_eq!(findings.into_problems(), []);
    let tenant = Tenant {
        id: TenantId::from_uuid(uuid::Uuid::from_u128(7)),
        slug: "acme".into(),
        name: "Acme".into(),
        hosts: Vec::new(),
        issuer: "https://acme.test".into(),
        suspended: false,
    };
    edits.apply(&Facts {
        path: "/7",
        query: None,
        headers: &HeaderMap::new(),
        method: &Method::POST,
        host: "api.test",
        client_ip: "192.0.2.1".parse().expect("an address"),
        request_id: "r-1",
        route: "orders",
        tenant: &tenant,
        principal: None,
        body: Some(body),
    })
}

#[test]
fn places_are_removed_renamed_set_and_added() {
    let body = json!({"a": {"b": [1, 2, 3]}, "old": {"x": 1}, "keep": "k", "user": "root", "w~/": 1});
    let changed = apply(
        r#"
        remove = ["/a/b/1", "/none", "/a/none/x", "/w~0~1"]
        rename = { "/old/x" = "/new/deep/x" }
        set = { "/tenant" = "{tenant}", "/n" = 5, "/user" = "{user.id}", "/copy" = "{body./a}", "/text" = "{body./old/x}:{path.id}", "/a/b/-" = true }
        add = { "/keep" = "other", "/fresh" = [1, "{method}"] }
        "#,
        &body,
    );
    assert_eq!(
        changed,
        json!({
            "a": {"b": [1, 3, true]}, "old": {}, "new": {"deep": {"x": 1}}, "keep": "k", "tenant": "acme", "n": 5,
            "copy": {"b": [1, 2, 3]}, "text": "1:7", "fresh": [1, "POST"],
        })
    );
}

#[test]
fn a_template_makes_a_new_body() {
    let changed = apply(
        "template = { order = { id = '{path.id}', lines = '{body./lines}', none = '{body./none}' }, by = ['{tenant}', '{user.id}'], quote = '{body./q}!' }",
        &json!({"lines": [{"n": 1.5}], "q": "\"\\\n", "secret": 1}),
    );
    assert_eq!(changed, json!({"order": {"id": "7", "lines": [{"n": 1.5}]}, "by": ["acme", null], "quote": "\"\\\n!"}));
}

#[test]
fn mistakes_are_found_at_load() {
    let config: JsonEditsConfig = toml::from_str(
        "template = { a = ['{nobody}'] }\nremove = ['', 'a']\nrename = { '/a' = 'b' }\nset = { 'x' = 1, '/y' = '{' }",
    )
    .expect("it parses");
    let path: PathPattern = "/".parse().expect("a pattern");
    let scope = Scope { path: &path, rest: None, caller: false, body: false };
    let mut findings = Findings::default();
    JsonEdits::compile(&config, "j", &scope, &mut findings);
    let places: Vec<String> = findings.into_problems().into_iter().map(|p| p.path).collect();
    assert_eq!(places, ["j.template.a[0]", "j.remove[0]", "j.remove[1]", "j.rename./a", "j.set./y", "j.set.x"]);
}

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    assert_eq!(
        parse(br#"{"a": [1, -2, 1.5, "x", null, true, {"b": {}}]}"#),
        Ok(json!({"a": [1, -2, 1.5, "x", null, true, {"b": {}}]}))
    );
    for bad in [r#"{"a": 1, "a": 2}"#, r#"{"a": {"b": 1, "\u0062": 2}}"#, "{} {}", "{", "", "1e999", "'a'", "[1,]"] {
        assert!(parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(parse("[".repeat(100_000).as_bytes()).is_err(), "depth is bounded");
}

#[test]
fn media_types_tell_what_is_json() {
    let is = |kind: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        is_json(&headers)
    };
    assert!(is("application/json") && is("Application/JSON; charset=utf-8") && is("application/problem+json"));
    assert!(!is("text/json") && !is("application/jsonp") && !is("text/plain+json") && !is("application/xml"));
    let mut encoded = HeaderMap::new();
    encoded.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    encoded.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert!(!is_json(&encoded) && !is_json(&HeaderMap::new()));
}
