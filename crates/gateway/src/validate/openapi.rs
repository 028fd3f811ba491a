//! OpenAPI documents: which operation a request is for, and what that takes.

use std::collections::HashMap;

use http::{HeaderMap, Method, header};
use schema::{Limits, Schema, Wrong};
use serde_json::{Map, Value, json};

use super::{Expected, Head, kind::Kind, parameters::Parameter};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Longest chain of references that is followed.
const MAX_REFERENCES: usize = 16;

/// A document, compiled.
#[derive(Debug)]
pub(super) struct Document(Box<[Item]>);

/// One path.
#[derive(Debug)]
struct Item {
    segments: Box<[Segment]>,
    operations: HashMap<Method, Operation>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(Box<str>),
    Parameter(Box<str>),
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    parameters: Box<[Parameter]>,
    body: Option<RequestBody>,
}

#[derive(Debug)]
struct RequestBody {
    required: bool,
    /// Media types, in lower case, and the schema of those that are JSON.
    content: Box<[(Box<str>, Option<Schema>)]>,
}

/// Why there is no operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undescribed {
    Path,
    Method,
}

/// The values of a path's parameters.
pub(super) type PathValues<'d, 'p> = Vec<(&'d str, &'p str)>;

impl Document {
    /// Compiles it, or says what is wrong.
    pub(super) fn compile(document: &Value) -> Result<Self, String> {
        let version = document["openapi"].as_str().unwrap_or_default();
        let older = version.starts_with("3.0");
        if !older && !version.starts_with("3.1") {
            return Err("is not an OpenAPI document of version 3.0 or 3.1".to_owned());
        }
        let mut document = document.clone();
        if older {
            modernise(&mut document);
        }
        let compiler = Compiler { document: &document };
        let mut items = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let item = compiler.resolve(item)?;
            let segments = path.split('/').skip(1).map(|segment| {
                match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                    Some(name) => Segment::Parameter(name.into()),
                    None => Segment::Literal(segment.into()),
                }
            });
            let mut operations = HashMap::new();
            for name in METHODS {
                if let Some(operation) = item.get(name) {
                    let compiled = compiler
                        .operation(item, operation)
                        .map_err(|error| format!("{} {path}: {error}", name.to_uppercase()))?;
                    operations.extend(Method::from_bytes(name.to_uppercase().as_bytes()).map(|m| (m, compiled)));
                }
            }
            items.push(Item { segments: segments.collect(), operations });
        }
        // Literals come before parameters, segment by segment (OpenAPI 3.1 §4.8.8.2).
        items.sort_by(|a, b| a.segments.cmp(&b.segments));
        Ok(Self(items.into()))
    }

    /// The operation of a request.
    pub(super) fn find<'d, 'p>(
        &'d self,
        path: &'p str,
        method: &Method,
    ) -> Result<(&'d Operation, PathValues<'d, 'p>), Undescribed> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let mut known = false;
        for item in &self.0 {
            let Some(values) = item.values(&parts) else { continue };
            known = true;
            let operation = item.operations.get(method);
            // RFC 9110 §9.3.2: what can be fetched can be asked about.
            let implied = || item.operations.get(&Method::GET).filter(|_| method == Method::HEAD);
            if let Some(operation) = operation.or_else(implied) {
                return Ok((operation, values));
            }
        }
        Err(if known { Undescribed::Method } else { Undescribed::Path })
    }
}

impl Item {
    fn values<'d, 'p>(&'d self, parts: &[&'p str]) -> Option<PathValues<'d, 'p>> {
        if parts.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, part) in self.segments.iter().zip(parts) {
            match segment {
                Segment::Literal(text) if **text == **part => {}
                Segment::Parameter(name) if !part.is_empty() => values.push((&**name, *part)),
                _ => return None,
            }
        }
        Some(values)
    }
}

impl Operation {
    /// What is wrong with the parameters.
    pub(super) fn check(&self, values: &PathValues<'_, '_>, head: &Head<'_>) -> Vec<Wrong> {
        self.parameters.iter().flat_map(|parameter| parameter.check(values, head)).collect()
    }

    /// What the body must be. `None`: the media type is not one of the operation's.
    pub(super) fn body(&self, headers: &HeaderMap) -> Option<Expected<'_>> {
        let Some(body) = &self.body else { return Some(Expected { schema: None, required: false, other: true }) };
        let Some(kind) = headers.get(header::CONTENT_TYPE) else {
            // Without a type there may be no body either; if there is, it is refused for not being JSON.
            let schema = body.content.iter().find_map(|(_, schema)| schema.as_ref());
            return Some(Expected { schema, required: body.required, other: false });
        };
        let kind = kind.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase();
        let (_, schema) = body.content.iter().find(|(range, _)| is_in(&kind, range))?;
        Some(Expected { schema: schema.as_ref(), required: body.required, other: schema.is_none() })
    }
}

/// Whether a media type is in a range: `*/*`, `text/*`, `application/json`.
fn is_in(kind: &str, range: &str) -> bool {
    range == "*/*"
        || kind == range
        || range.strip_suffix('*').is_some_and(|main| main.ends_with('/') && kind.starts_with(main))
}

struct Compiler<'d> {
    document: &'d Value,
}

impl<'d> Compiler<'d> {
    /// What a reference leads to.
    fn resolve(&self, value: &'d Value) -> Result<&'d Value, String> {
        let mut here = value;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = here.get("$ref").and_then(Value::as_str) else { return Ok(here) };
            let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
            here = target.ok_or_else(|| format!("`{reference}` is not in the document"))?;
        }
        Err("references lead to each other".to_owned())
    }

    /// A schema that finds the document's own components.
    pub(super) fn schema(&self, schema: &Value) -> Result<Schema, String> {
        let mut root = Map::new();
        root.insert("allOf".to_owned(), json!([schema]));
        if let Some(components) = self.document.get("components").and_then(|c| c.get("schemas")) {
            root.insert("components".to_owned(), json!({ "schemas": components }));
        }
        Schema::compile(&Value::Object(root), Limits::DOCUMENT).map_err(|error| error.to_string())
    }

    fn operation(&self, item: &'d Value, operation: &'d Value) -> Result<Operation, String> {
        let mut parameters: Vec<Parameter> = Vec::new();
        // An operation's own come last and replace those of its path.
        for list in [item, operation].map(|owner| owner["parameters"].as_array()) {
            for parameter in list.into_iter().flatten() {
                let parameter = self.resolve(parameter)?;
                let schema = parameter.get("schema").map(|schema| self.schema(schema)).transpose()?;
                let kind = parameter.get("schema").map(|schema| Kind::of(schema, &|value| self.resolve(value)));
                let kind = kind.transpose()?.unwrap_or(Kind::Text);
                if let Some(parsed) = Parameter::new(parameter, schema, kind) {
                    parameters.retain(|other| !other.is_same(&parsed));
                    parameters.push(parsed);
                }
            }
        }
        let body = operation.get("requestBody").map(|body| self.body(body)).transpose()?;
        Ok(Operation { parameters: parameters.into(), body })
    }

    fn body(&self, body: &'d Value) -> Result<RequestBody, String> {
        let body = self.resolve(body)?;
        let mut content = Vec::new();
        for (range, media) in body["content"].as_object().into_iter().flatten() {
            let range = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let json = range == "application/json" || range.ends_with("+json");
            let schema = media.get("schema").filter(|_| json).map(|schema| self.schema(schema)).transpose()?;
            content.push((range.into(), schema));
        }
        Ok(RequestBody { required: body["required"].as_bool().unwrap_or(false), content: content.into() })
    }
}

/// Turns what OpenAPI 3.0 says in its own way into JSON Schema: `nullable`, and exclusive bounds that are
/// truth values.
fn modernise(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(modernise),
        Value::Object(map) => {
            map.values_mut().for_each(modernise);
            for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
                match map.get(exclusive) {
                    Some(Value::Bool(true)) => {
                        if let Some(limit) = map.remove(bound) {
                            map.insert(exclusive.to_owned(), limit);
                        }
                    }
                    Some(Value::Bool(false)) => drop(map.remove(exclusive)),
                    _ => {}
                }
            }
            if map.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(Value::String(kind)) = map.get("type") {
                    let kinds = json!([kind, "null"]);
                    map.insert("type".to_owned(), kinds);
                }
                if let Some(Value::Array(options)) = map.get_mut("enum") {
                    options.push(Value::Null);
                }
            }
        }
        _ => {}
    }
}
