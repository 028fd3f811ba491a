//! Schemas that make more work than they look like.

use serde_json::{Map, Value, json};

use super::*;

fn refused(schema: &Value) -> String {
    for limits in [Limits::SMALL, Limits::DOCUMENT] {
        Schema::compile(schema, limits).expect_err("it must be refused");
    }
    Schema::compile(schema, Limits::SMALL).expect_err("it must be refused").at
}

fn fits(schema: &Value) -> Schema {
    Schema::compile(schema, Limits::SMALL).expect("small enough");
    Schema::compile(schema, Limits::DOCUMENT).expect("a schema")
}

/// `levels` definitions, each of which is made of the next one; the first is the whole.
fn ladder(levels: usize, rung: impl Fn(Value) -> Value) -> Value {
    let mut defs = Map::new();
    for i in 0..levels {
        defs.insert(format!("a{i}"), rung(json!({"$ref": format!("#/$defs/a{}", i + 1)})));
    }
    defs.insert(format!("a{levels}"), json!({"type": "object"}));
    json!({"$defs": defs, "$ref": "#/$defs/a0"})
}

#[test]
fn what_doubles_with_every_definition_is_refused_and_the_place_is_named() {
    let rungs: [fn(Value) -> Value; 7] = [
        |next| json!({"allOf": [next, next]}),
        |next| json!({"anyOf": [next, next]}),
        |next| json!({"oneOf": [next, next]}),
        |next| json!({"not": next, "allOf": [next]}),
        |next| json!({"if": next, "then": next, "else": next}),
        |next| json!({"dependentSchemas": {"a": next, "b": next}}),
        // What is left over is known only once all others are judged again.
        |next| json!({"allOf": [next], "unevaluatedProperties": false}),
    ];
    for (i, rung) in rungs.into_iter().enumerate() {
        // Far from the bound: answered at once, not after 2 to the 60th steps.
        let place = refused(&ladder(60, rung));
        assert!(place.starts_with("/$defs/a"), "{i}: {place}");
        fits(&ladder(5, rung));
    }
}

#[test]
fn a_schema_that_leads_back_to_the_same_place_is_refused() {
    for schema in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"anyOf": [{"$ref": "#"}]}]}),
        json!({"$dynamicAnchor": "x", "not": {"$dynamicRef": "#x"}}),
        json!({"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "if": {"$recursiveRef": "#"}}),
        json!({"$id": "https://example.com/a", "$defs": {"b": {"$id": "b", "$ref": "a"}}, "$ref": "b"}),
        // No end for a stack either.
        ladder(500, |next| next),
    ] {
        refused(&schema);
    }
}

#[test]
fn what_doubles_with_every_level_of_a_value_is_refused_where_values_are_small() {
    for schema in [
        json!({"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]}}}),
        json!({"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "contains": {"oneOf": [{"$ref": "#"}, {"$ref": "#"}]}}),
        json!({"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}, "^a": {"$ref": "#"}, "a$": {"$ref": "#"}}}),
    ] {
        let error = Schema::compile(&schema, Limits::SMALL).expect_err("4 to the 5th is more than 1000");
        assert!(error.to_string().contains("more than 1000 subschemas"), "{error}");
        // An operator's description may be of this kind; a union of expressions looks so.
        Schema::compile(&schema, Limits::DOCUMENT).expect("a schema");
    }
}

#[test]
fn recursive_schemas_that_go_into_the_value_are_as_good_as_ever() {
    let tree = json!({
        "$ref": "#/$defs/node",
        "$defs": {"node": {
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {
                "name": {"type": "string"}, "left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"},
                "rest": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
        }},
    });
    let schema = fits(&tree);
    assert_eq!(schema.errors(&json!({"name": "a", "left": {"name": "b", "rest": [{"name": "c"}]}}), ""), []);
    assert_eq!(schema.errors(&json!({"name": "a", "left": {"rest": []}}), "/x")[0].field, "/x/left/name");
    // One branch for each operator, and each names children of its own.
    fits(&json!({"anyOf": [
        {"properties": {"and": {"items": {"$ref": "#"}}}}, {"properties": {"or": {"items": {"$ref": "#"}}}},
        {"properties": {"not": {"$ref": "#"}}}, {"properties": {"var": {"type": "string"}}},
    ]}));
    fits(
        &json!({"$id": "https://example.com/tree", "$dynamicAnchor": "node", "properties": {"next": {"$dynamicRef": "#node"}}}),
    );
    fits(
        &json!({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"$id": "#a", "type": "object"}},
        "items": [{"$ref": "#a"}], "additionalItems": {"$ref": "#/definitions/a"}, "dependencies": {"x": ["y"], "y": {"type": "object"}}}),
    );
}

#[test]
fn what_is_shared_is_counted_for_everybody_who_shares_it() {
    // 30 x 30 is within the small bound, 40 x 40 is not; the definitions are few in both.
    let schema = |n: usize| {
        let many = |name: &str| json!({"anyOf": vec![json!({"$ref": format!("#/$defs/{name}")}); n]});
        let root = many("a");
        json!({"$defs": {"a": many("b"), "b": {"type": "string"}}, "anyOf": root["anyOf"]})
    };
    Schema::compile(&schema(15), Limits::SMALL).expect("small enough");
    let error = Schema::compile(&schema(40), Limits::SMALL).expect_err("40 x 40 is more than 1000");
    assert_eq!(error.at, "");
    Schema::compile(&schema(40), Limits::DOCUMENT).expect("a schema");
}

#[test]
fn what_is_within_the_bound_is_judged_in_no_time() {
    // The worst that is let through, and a value that fits no branch of it.
    let rung =
        |next: Value| json!({"oneOf": [{"anyOf": [next, next]}, {"minProperties": 1}], "unevaluatedProperties": false});
    let deepest = (1..60).rev().find_map(|n| Schema::compile(&ladder(n, rung), Limits::SMALL).ok()).expect("one");
    let value: Map<String, Value> = (0..1_000).map(|i| (format!("p{i}"), json!([[i]]))).collect();
    assert!(!deepest.errors(&Value::Object(value), "").is_empty());
}
