//! The configuration's JSON Schema, and questions about the setting at a path.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use super::{
    Config,
    formats::FORMATS,
    report::{Path, Step},
};

/// The schema of [`Config`], generated from its types.
#[derive(Debug)]
pub struct Schema(Value, OnceLock<Result<Validator, String>>);

impl Schema {
    /// Generates it.
    pub fn new() -> Self {
        let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
        Self(generator.into_root_schema_for::<Config>().to_value(), OnceLock::new())
    }

    /// The document.
    pub const fn document(&self) -> &Value {
        &self.0
    }

    /// What judges values by it; made when it is first needed. The error is a mistake in our own types.
    pub(super) fn validator(&self) -> &Result<Validator, String> {
        self.1.get_or_init(|| {
            let mut options = jsonschema::options().should_validate_formats(true);
            for format in FORMATS {
                options = options.with_format(format.name, |text: &str| (format.check)(text).is_ok());
            }
            options.build(&self.0).map_err(|error| error.to_string())
        })
    }

    /// The schemas that may apply to the setting: references resolved, alternatives side by side. Empty
    /// when there is no such setting.
    pub(super) fn at(&self, path: &[Step]) -> Vec<&Value> {
        let mut here = self.alternatives(&self.0);
        for step in path {
            here = here
                .iter()
                .filter_map(|s| match step {
                    Step::Key(key) => match s.get("properties").and_then(|p| p.get(key)) {
                        Some(own) => Some(own),
                        // An environment variable writes an index as a key.
                        None => key
                            .parse::<usize>()
                            .ok()
                            .and_then(|_| s.get("items"))
                            .or_else(|| s.get("additionalProperties").filter(|a| a.is_object())),
                    },
                    Step::Index(_) => s.get("items"),
                })
                .flat_map(|s| self.alternatives(s))
                .collect();
        }
        here
    }

    /// A schema without references and alternatives on its top level.
    pub(super) fn alternatives<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.0.pointer(pointer));
            return target.map(|t| self.alternatives(t)).unwrap_or_default();
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(branches) = schema.get(keyword).and_then(Value::as_array) {
                return branches.iter().flat_map(|b| self.alternatives(b)).collect();
            }
        }
        vec![schema]
    }

    /// The name of the type that a schema describes, where it is one of the named ones.
    pub(super) fn name_of(&self, schema: &Value) -> Option<&str> {
        let named = self.0.get("$defs")?.as_object()?;
        named.iter().find(|(_, s)| std::ptr::eq(*s, schema)).map(|(name, _)| name.as_str())
    }

    /// Whether the setting takes values of this JSON Schema type.
    pub(super) fn accepts(&self, path: &[Step], kind: &str) -> bool {
        self.at(path).iter().any(|s| accepts(s, kind))
    }

    /// The names of the settings in the table at `path`.
    pub(super) fn keys(&self, path: &Path) -> Vec<&str> {
        let tables = self.at(&path.0).into_iter();
        tables.filter_map(|s| s.get("properties")?.as_object()).flat_map(|p| p.keys().map(String::as_str)).collect()
    }

    /// Whether values of the setting must not be shown. Whatever is inside a secret is one too.
    pub(super) fn is_secret(&self, path: &Path) -> bool {
        (1..=path.0.len()).any(|n| self.at(&path.0[..n]).iter().any(|s| s.get("writeOnly") == Some(&Value::Bool(true))))
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

fn accepts(schema: &Value, kind: &str) -> bool {
    let is = |t: &Value| t.as_str().is_some_and(|t| t == kind || (t == "number" && kind == "integer"));
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is),
        Some(one) => is(one),
        // A constant or an enumeration says by its values what it takes.
        None => {
            let of = |v: &Value| super::tree::kind_of(v) == kind;
            schema.get("const").is_some_and(of)
                || schema.get("enum").and_then(Value::as_array).is_some_and(|e| e.iter().any(of))
        }
    }
}
