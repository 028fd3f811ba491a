//! What a text stands for, so that a schema can judge it.

use serde_json::Value;

use super::parameters::Properties;

/// How deep lists and objects are followed. Parameters can say no more than one level; schemas can.
const MAX_DEPTH: usize = 3;

/// What a text is to be read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    List(Box<Kind>),
    Object(Properties),
    /// Not looked at, apart from its presence.
    Other,
}

impl Kind {
    /// What a schema is about; `resolve` follows its references.
    pub(super) fn of<'s>(
        schema: &'s Value,
        resolve: &impl Fn(&'s Value) -> Result<&'s Value, String>,
    ) -> Result<Self, String> {
        Self::within(schema, resolve, MAX_DEPTH)
    }

    fn within<'s>(
        schema: &'s Value,
        resolve: &impl Fn(&'s Value) -> Result<&'s Value, String>,
        depth: usize,
    ) -> Result<Self, String> {
        let schema = resolve(schema)?;
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            // A schema that says nothing, or says it in parts: as text.
            _ => Vec::new(),
        };
        Ok(match kinds.into_iter().find(|kind| *kind != "null") {
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            Some("array" | "object") if depth == 0 => Self::Other,
            Some("array") => Self::List(Box::new(Self::within(&schema["items"], resolve, depth - 1)?)),
            Some("object") => {
                let mut properties = Properties::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    properties.insert(name.as_str().into(), Self::within(property, resolve, depth - 1)?);
                }
                Self::Object(properties)
            }
            _ => Self::Text,
        })
    }

    /// What the text stands for; itself, where it is nothing of the kind, so that the schema says so.
    pub(super) fn read(&self, text: &str) -> Value {
        let read = match self {
            Self::Integer => text.parse::<i64>().ok().map(Value::from),
            Self::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Self::Boolean => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        read.unwrap_or_else(|| Value::from(text))
    }
}
