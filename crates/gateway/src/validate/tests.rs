use http::HeaderValue;
use serde_json::json;

use super::*;

fn compile(document: &Value) -> (Validation, Vec<String>) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("openapi.json");
    fs::write(&file, document.to_string()).expect("written");
    let config = ValidateConfig { openapi: Some(file), base: "/api".to_owned(), ..ValidateConfig::default() };
    let mut findings = Findings::default();
    let validation = Validation::compile(&config, "v", &mut findings);
    (validation, findings.into_problems().into_iter().map(|p| p.message).collect())
}

fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "paths": {
            "/orders/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}],
                "get": {"parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string", "maxLength": 3}}},
                    {"name": "ids", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"$ref": "#/components/parameters/Trace"},
                ]},
            },
            "/orders/latest": {"get": {}},
            "/orders": {"post": {"requestBody": {"required": true, "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
                "text/*": {},
            }}}},
        },
        "components": {
            "parameters": {"Trace": {"name": "X-Trace", "in": "header", "required": true, "schema": {"type": "string", "pattern": "^[a-f]+$"}}},
            "schemas": {
                "Order": {"type": "object", "required": ["lines"], "additionalProperties": false, "properties": {
                    "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Line"}},
                    "note": {"type": "string", "nullable": true},
                }},
                "Line": {"type": "object", "properties": {"n": {"type": "number", "minimum": 0, "exclusiveMinimum": true}}},
            },
        },
    })
}

#[test]
fn a_document_may_lead_back_to_itself_through_what_it_describes() {
    let mut document = document();
    let node = json!({"oneOf": [{"$ref": "#/components/schemas/Order"}, {"type": "object", "properties": {
        "left": {"$ref": "#/components/schemas/Node"}, "right": {"$ref": "#/components/schemas/Node"}}}]});
    document["components"]["schemas"]["Node"] = node;
    document["paths"]["/orders"]["put"] = json!({"requestBody": {"content": {"application/json": {
        "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}}}}});
    assert_eq!(compile(&document).1, Vec::<String>::new());

    // Nobody could judge this one: it leads to itself about the same place.
    document["components"]["schemas"]["Node"] = json!({"oneOf": [{"$ref": "#/components/schemas/Node"}]});
    let wrong = compile(&document).1;
    assert!(wrong[0].contains("PUT /orders") && wrong[0].contains("leads back to itself"), "{wrong:?}");
}

fn head(validation: &Validation, method: Method, target: &str, fields: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    match validation.head(&Head { method: &method, path, query, headers: &headers }) {
        Ok(_) => Vec::new(),
        Err(problem) if problem.errors.is_empty() => vec![problem.kind.code.to_owned()],
        Err(problem) => problem.errors.iter().map(|wrong| format!("{} {}", wrong.field, wrong.code)).collect(),
    }
}

fn body(validation: &Validation, value: &Value) -> Vec<String> {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let head = Head { method: &Method::POST, path: "/api/orders", query: None, headers: &headers };
    let expected = validation.head(&head).expect("the head is as it must be");
    match expected.check(value.is_null(), Some(value)) {
        Ok(()) => Vec::new(),
        Err(problem) => problem.errors.iter().map(|wrong| format!("{} {}", wrong.field, wrong.code)).collect(),
    }
}

#[test]
fn parameters_are_as_the_document_says() {
    let (validation, problems) = compile(&document());
    assert_eq!(problems, Vec::<String>::new());
    let trace = [("x-trace", "abc")];
    let get = |target, fields: &[_]| head(&validation, Method::GET, target, fields);
    let none: Vec<String> = Vec::new();
    assert_eq!(get("/api/orders/7?limit=5&tag=a&tag=b%20c&ids=1,2", &trace), none);
    assert_eq!(head(&validation, Method::HEAD, "/api/orders/7", &trace), none);
    assert_eq!(get("/api/orders/latest", &[]), none, "a literal comes before a parameter");
    assert_eq!(
        get("/api/orders/x?limit=500&tag=long&ids=1,x", &[("x-trace", "XYZ")]),
        ["id type", "limit too_large", "tag/0 too_long", "ids/1 type", "X-Trace pattern",]
    );
    assert_eq!(get("/api/orders/0", &[]), ["id too_small", "X-Trace required"]);
    assert_eq!(get("/api/orders/7?limit=1&lim%69t=2", &trace), ["limit duplicate"]);
    for target in ["/api/other", "/orders/7", "/api/orders/7/x", "/apiorders/7"] {
        assert_eq!(get(target, &trace), ["not_found"], "{target}");
    }
    assert_eq!(head(&validation, Method::DELETE, "/api/orders/7", &trace), ["method_not_allowed"]);
}

#[test]
fn lists_and_objects_are_read_in_every_style() {
    let color = json!({"type": "object", "additionalProperties": false, "required": ["R"],
        "properties": {"R": {"type": "integer", "maximum": 255}, "G": {"$ref": "#/components/schemas/Byte"}}});
    let numbers = json!({"type": "array", "items": {"type": "integer"}, "maxItems": 2});
    let of = |place: &str, style: &str, explode: bool, schema: &Value| {
        let path = if place == "path" { "/x/{p}" } else { "/x" };
        let parameter =
            json!({"name": "p", "in": place, "style": style, "explode": explode, "required": true, "schema": schema});
        let document = json!({"openapi": "3.1.0", "paths": {path: {"get": {"parameters": [parameter]}}},
            "components": {"schemas": {"Byte": {"type": "integer", "maximum": 255}}}});
        let (validation, problems) = compile(&document);
        assert_eq!(problems, Vec::<String>::new());
        validation
    };
    let number = json!({"type": "integer"});
    for (place, style, explode, schema, good, bad) in [
        ("query", "form", true, &color, "/x?R=1&G=2&other=x", "/x?R=1&G=x"),
        ("query", "form", false, &color, "/x?p=R,1,G,2", "/x?p=R,1,G,256"),
        ("query", "deepObject", true, &color, "/x?p[R]=1&p%5BG%5D=2", "/x?p[R]=1&p[B]=2"),
        ("query", "deepObject", true, &color, "/x?p[R]=1", "/x?p[R]=1&p[R]=2"),
        ("query", "deepObject", true, &color, "/x?p[R]=1", "/x?p[G]=1"),
        ("query", "form", true, &numbers, "/x?p=1&p=2", "/x?p=1,2"),
        ("query", "form", false, &numbers, "/x?p=1,2", "/x?p=1%2C2"),
        ("query", "spaceDelimited", false, &numbers, "/x?p=1%202", "/x?p=1+2+3"),
        ("query", "pipeDelimited", false, &numbers, "/x?p=1|2", "/x?p=1%7C2%7cx"),
        ("path", "simple", false, &numbers, "/x/1,2", "/x/1,2,3"),
        ("path", "simple", true, &color, "/x/R=1,G=2", "/x/R=1,G=2,B=3"),
        ("path", "simple", false, &color, "/x/R,1", "/x/R"),
        ("cookie", "form", false, &numbers, "p=1,2", "p=1,x"),
        ("cookie", "form", true, &color, "a=b; R=1", "R=256"),
        ("cookie", "form", false, &number, "a=b; p=7", "p=7; p=8"),
        ("header", "simple", false, &color, "R,1,G,2", "R,1,X,2"),
        ("header", "simple", true, &color, "R=1", "G=1"),
        ("header", "simple", false, &numbers, "1, 2", "1, x"),
    ] {
        let validation = of(place, style, explode, schema);
        let ask = |text: &'static str| match place {
            "header" => head(&validation, Method::GET, "/api/x", &[("p", text)]),
            "cookie" => head(&validation, Method::GET, "/api/x", &[("cookie", text)]),
            _ => head(&validation, Method::GET, &format!("/api{text}"), &[]),
        };
        assert_eq!(ask(good), Vec::<String>::new(), "{place} {style} {explode} {good}");
        assert_ne!(ask(bad), Vec::<String>::new(), "{place} {style} {explode} {bad}");
        if place != "path" {
            assert_eq!(head(&validation, Method::GET, "/api/x", &[]), ["p required"]);
        }
    }
    // What is not read is asked for all the same.
    let matrix = of("path", "matrix", false, &numbers);
    assert_eq!(head(&matrix, Method::GET, "/api/x/;p=1,2,3", &[]), Vec::<String>::new());
}

#[test]
fn bodies_are_as_the_document_says() {
    let (validation, _) = compile(&document());
    let none: Vec<String> = Vec::new();
    assert_eq!(body(&validation, &json!({"lines": [{"n": 0.5}], "note": null})), none);
    assert_eq!(body(&validation, &json!({"note": 5})), ["/note type", "/lines required"]);
    let mut wrong = body(&validation, &json!({"lines": [{"n": 1}, {"n": 0}], "more": 1}));
    wrong.sort();
    assert_eq!(wrong, [" unknown", "/lines/1/n too_small"]);
    assert_eq!(body(&validation, &Value::Null), [" required"]);
    assert_eq!(head(&validation, Method::POST, "/api/orders", &[("content-type", "text/csv")]), none);
    assert_eq!(
        head(&validation, Method::POST, "/api/orders", &[("content-type", "image/png")]),
        ["request.media_type"]
    );
}

fn of_yaml(text: &str) -> Result<Value, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("openapi.YAML");
    fs::write(&file, text).expect("written");
    read_document(&file)
}

#[test]
fn yaml_says_what_json_says() {
    let written = of_yaml(
        r#"
openapi: 3.0.3
x-order: &order {type: object, required: [lines]} # taken up below
paths:
  /orders:
    post:
      responses:
        200: {description: 'yes'}
components:
  schemas:
    Order: *order
    Late:
      <<: *order
      description: |
        no
      maxProperties: 3
      x-rest: [~, true, no, 1.5, 2026-01-01, "0x10"]
"#,
    );
    let order = json!({"type": "object", "required": ["lines"]});
    let mut late = order.clone();
    late["description"] = "no\n".into();
    late["maxProperties"] = 3.into();
    late["x-rest"] = json!([null, true, "no", 1.5, "2026-01-01", "0x10"]);
    let said = json!({
        "openapi": "3.0.3",
        "x-order": order,
        "paths": {"/orders": {"post": {"responses": {"200": {"description": "yes"}}}}},
        "components": {"schemas": {"Order": order, "Late": late}},
    });
    assert_eq!(written, Ok(said));
    assert_eq!(of_yaml(&document().to_string()), Ok(document()), "JSON is YAML");
}

#[test]
fn yaml_that_two_would_read_differently_or_that_grows_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        let before = format!("*a{},", i - 1).repeat(9);
        bomb += &format!("a{i}: &a{i} [{before}]\n");
    }
    let scalar = "x".repeat(1 << 20);
    let wide = format!("a: &a {scalar}\nb: [{}]\n", "*a,".repeat(90));
    for (text, why) in [
        ("a: 1\na: 2", "a member twice"),
        ("1: a\n'1': b", "a member twice"),
        ("a: 1\n---\na: 2", "two documents"),
        ("a: .inf", "no number of JSON"),
        ("a: !!python/object:os.system x", "a tag of others"),
        ("? [a, b]\n: c", "a name that is no text"),
        ("a: &a [*a]", "it holds itself"),
        ("a: *b", "what is nowhere"),
        ("a: [", "it does not end"),
        (&"[".repeat(100_000), "too deep"),
        (&bomb, "it grows"),
        (&wide, "it grows in bytes"),
    ] {
        assert!(of_yaml(text).is_err(), "{why}");
    }
    assert!(of_yaml("a: 1\na: 2").expect_err("twice").contains("YAML that can be read here, at line 2"));
}

#[test]
fn nothing_outside_of_the_document_is_asked() {
    for reference in ["https://evil.test/schema.json", "file:///etc/passwd", "other.json#/x"] {
        let mut document = document();
        document["components"]["schemas"]["Line"] = json!({"$ref": reference});
        let (_, problems) = compile(&document);
        assert_eq!(problems.len(), 1, "{reference}: {problems:?}");
    }
    assert_eq!(compile(&json!({"openapi": "2.0", "paths": {}})).1.len(), 1);
    let mut circle = document();
    circle["components"]["parameters"]["Trace"] = json!({"$ref": "#/components/parameters/Trace"});
    assert_eq!(compile(&circle).1.len(), 1);
    let mut findings = Findings::default();
    Validation::compile(&ValidateConfig::default(), "v", &mut findings);
    let lost =
        ValidateConfig { schema: Some("/nowhere/x.json".into()), base: "api/".into(), ..ValidateConfig::default() };
    Validation::compile(&lost, "w", &mut findings);
    let places: Vec<String> = findings.into_problems().into_iter().map(|p| p.path).collect();
    assert_eq!(places, ["v", "w.schema", "w.base"]);
}

#[test]
fn errors_do_not_repeat_what_was_sent() {
    let schema = Schema::compile(&json!({"properties": {"password": {"minLength": 20}}}), schema::Limits::DOCUMENT)
        .expect("a schema");
    let wrong = schema.errors(&json!({"password": "hunter2"}), "");
    assert_eq!(wrong.len(), 1);
    assert!(!wrong[0].message.contains("hunter2"), "{}", wrong[0].message);
}
