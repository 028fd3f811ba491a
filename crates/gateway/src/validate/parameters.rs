//! Parameters in path, query and header fields.

use http::HeaderName;
use percent_encoding::percent_decode_str;
use schema::{Schema, Wrong};
use serde_json::Value;

use super::{Head, openapi::PathValues};
use crate::template::decode_query;

/// One parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    name: Box<str>,
    place: Place,
    required: bool,
    schema: Option<Schema>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    Path,
    /// `explode`: each value has the name again; else they are one, with commas.
    Query {
        explode: bool,
    },
    Header(HeaderName),
}

/// What a text is to be read as, so that the schema can judge it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    List(Box<Kind>),
    /// Not looked at, apart from its presence.
    Other,
}

impl Parameter {
    /// A parameter object; `kind` is its schema, references followed. `None` for those that are not looked
    /// at: cookies, and header fields that OpenAPI leaves to others.
    pub(super) fn new(parameter: &Value, schema: Option<Schema>, kind: Option<&Value>) -> Option<Self> {
        let name = parameter["name"].as_str()?;
        let place = match parameter["in"].as_str()? {
            "path" => Place::Path,
            "query" => {
                let style = parameter["style"].as_str().unwrap_or("form");
                Place::Query { explode: parameter["explode"].as_bool().unwrap_or(style == "form") }
            }
            // OpenAPI 3.1 §4.8.12.1: their definitions are to be ignored.
            "header" if !["accept", "content-type", "authorization"].contains(&&*name.to_ascii_lowercase()) => {
                Place::Header(HeaderName::from_bytes(name.as_bytes()).ok()?)
            }
            _ => return None,
        };
        Some(Self {
            name: name.into(),
            required: place == Place::Path || parameter["required"].as_bool().unwrap_or(false),
            place,
            schema,
            kind: kind.map_or(Kind::Text, Kind::of),
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && std::mem::discriminant(&self.place) == std::mem::discriminant(&other.place)
    }

    /// What is wrong with it in this request.
    pub(super) fn check(&self, path: &PathValues<'_, '_>, head: &Head<'_>) -> Vec<Wrong> {
        let texts: Vec<String> = match &self.place {
            Place::Path => {
                let raw = path.iter().find(|(name, _)| *name == &*self.name).map(|(_, value)| *value);
                raw.map(|raw| percent_decode_str(raw).decode_utf8_lossy().into_owned()).into_iter().collect()
            }
            Place::Query { .. } => {
                let pairs = head.query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
                let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
                pairs
                    .filter(|(name, _)| decode_query(name) == *self.name)
                    .map(|(_, value)| decode_query(value).into_owned())
                    .collect()
            }
            Place::Header(name) => {
                head.headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect()
            }
        };
        if texts.is_empty() {
            let message = || format!("{} is missing", self.name);
            let missing = Wrong { field: self.name.to_string(), code: "required", message: message() };
            return if self.required { vec![missing] } else { Vec::new() };
        }
        let Some(schema) = self.schema.as_ref().filter(|_| self.kind != Kind::Other) else { return Vec::new() };
        let value = match &self.kind {
            Kind::List(kind) => {
                let explode = matches!(self.place, Place::Query { explode: true });
                let items = texts.iter().flat_map(|text| {
                    let parts: Vec<&str> = if explode { vec![text] } else { text.split(',').map(str::trim).collect() };
                    parts
                });
                Value::Array(items.map(|text| kind.read(text)).collect())
            }
            // Twice is one too many: two readers would take different ones.
            kind if texts.len() == 1 => kind.read(&texts[0]),
            _ => {
                let message = format!("{} comes more than once", self.name);
                return vec![Wrong { field: self.name.to_string(), code: "duplicate", message }];
            }
        };
        schema.errors(&value, &self.name)
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            // A schema that says nothing, or says it in parts: as text.
            _ => Vec::new(),
        };
        match kinds.into_iter().find(|kind| *kind != "null") {
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            Some("array") => Self::List(Box::new(Self::of(&schema["items"]))),
            Some("object") => Self::Other,
            _ => Self::Text,
        }
    }

    /// What the text stands for; itself, where it is nothing of the kind, so that the schema says so.
    fn read(&self, text: &str) -> Value {
        let read = match self {
            Self::Integer => text.parse::<i64>().ok().map(Value::from),
            Self::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Self::Boolean => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        read.unwrap_or_else(|| Value::from(text))
    }
}
