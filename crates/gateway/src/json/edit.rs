//! Changes to JSON bodies: `[routes.request.json]` and `[routes.response.json]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    config::{Findings, Size},
    template::{Facts, Place, Scope, Template},
};

/// Changes to a JSON body, in this order: the template, remove, rename, set, add. Places are JSON Pointers
/// (RFC 6901): `/customer/id`. Texts in values are templates, which may also speak of the body:
/// `{body./customer/id}`; alone in its text it is the value itself, be it a number or a table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonEditsConfig {
    /// A new body in place of the one that came: a table whose values are templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Value>,
    /// Places that are taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Places and where their values go to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Places and what is there afterwards. Where the template has no value, the place is taken away.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// Places and what is there if nothing was.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, Value>,
    /// Largest body that is changed: it is read whole. A larger request is refused with 413, a larger response
    /// becomes a 502.
    pub max_body: Size,
}

impl Default for JsonEditsConfig {
    fn default() -> Self {
        Self {
            template: None,
            remove: Vec::new(),
            rename: BTreeMap::new(),
            set: BTreeMap::new(),
            add: BTreeMap::new(),
            max_body: Size::from_mib(1),
        }
    }
}

/// Compiled changes.
#[derive(Debug)]
pub(crate) struct JsonEdits {
    template: Option<Piece>,
    remove: Box<[Pointer]>,
    rename: Box<[(Pointer, Pointer)]>,
    set: Box<[(Pointer, Piece)]>,
    add: Box<[(Pointer, Piece)]>,
    pub(crate) max_body: u64,
}

/// The unescaped steps of a JSON Pointer: never none, the whole body is not a place.
#[derive(Debug)]
struct Pointer {
    parents: Box<[Box<str>]>,
    name: Box<str>,
}

/// A value with templates in it.
#[derive(Debug)]
enum Piece {
    Constant(Value),
    Text(Template),
    Array(Box<[Piece]>),
    Object(Box<[(String, Piece)]>),
}

impl JsonEdits {
    /// Compiles the changes.
    pub(crate) fn compile(config: &JsonEditsConfig, at: &str, scope: &Scope<'_>, findings: &mut Findings) -> Self {
        let scope = Scope { body: true, ..*scope };
        let pointer = |text: &str, at: String, findings: &mut Findings| {
            let pointer = Pointer::parse(text);
            if pointer.is_none() {
                findings.add(at, "is not a JSON Pointer to a place in the body", "Write a place such as /customer/id.");
            }
            pointer
        };
        let template = config
            .template
            .as_ref()
            .and_then(|value| Piece::compile(value, &format!("{at}.template"), &scope, findings));
        let mut remove = Vec::new();
        for (i, text) in config.remove.iter().enumerate() {
            remove.extend(pointer(text, format!("{at}.remove[{i}]"), findings));
        }
        let mut rename = Vec::new();
        for (old, new) in &config.rename {
            let at = format!("{at}.rename.{old}");
            rename.extend(pointer(old, at.clone(), findings).zip(pointer(new, at, findings)));
        }
        let mut values = |map: &BTreeMap<String, Value>, kind: &str| -> Box<[(Pointer, Piece)]> {
            let mut list = Vec::new();
            for (text, value) in map {
                let at = format!("{at}.{kind}.{text}");
                let place = pointer(text, at.clone(), findings);
                list.extend(place.zip(Piece::compile(value, &at, &scope, findings)));
            }
            list.into()
        };
        let (set, add) = (values(&config.set, "set"), values(&config.add, "add"));
        let max_body = config.max_body.bytes();
        Self { template, remove: remove.into(), rename: rename.into(), set, add, max_body }
    }

    /// The body after all changes. `facts` speak of the body as it came.
    pub(crate) fn apply(&self, facts: &Facts<'_>) -> Value {
        let mut body = match &self.template {
            Some(template) => template.fill(facts).unwrap_or(Value::Null),
            None => facts.body.cloned().unwrap_or(Value::Null),
        };
        for pointer in &self.remove {
            pointer.take(&mut body);
        }
        for (old, new) in &self.rename {
            if let Some(value) = old.take(&mut body) {
                new.put(&mut body, value);
            }
        }
        for (pointer, piece) in &self.set {
            match piece.fill(facts) {
                Some(value) => pointer.put(&mut body, value),
                None => drop(pointer.take(&mut body)),
            }
        }
        for (pointer, piece) in &self.add {
            if !pointer.is_in(&body)
                && let Some(value) = piece.fill(facts)
            {
                pointer.put(&mut body, value);
            }
        }
        body
    }
}

impl Pointer {
    fn parse(text: &str) -> Option<Self> {
        let mut steps: Vec<Box<str>> =
            text.strip_prefix('/')?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~").into()).collect();
        let name = steps.pop()?;
        Some(Self { parents: steps.into(), name })
    }

    fn parent<'b>(&self, body: &'b Value) -> Option<&'b Value> {
        self.parents.iter().try_fold(body, |value, step| match value {
            Value::Object(map) => map.get(&**step),
            Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    fn is_in(&self, body: &Value) -> bool {
        match self.parent(body) {
            Some(Value::Object(map)) => map.contains_key(&*self.name),
            Some(Value::Array(list)) => self.name.parse::<usize>().is_ok_and(|at| at < list.len()),
            _ => false,
        }
    }

    /// Takes the value out.
    fn take(&self, body: &mut Value) -> Option<Value> {
        let parent = self.parents.iter().try_fold(body, |value, step| match value {
            Value::Object(map) => map.get_mut(&**step),
            Value::Array(list) => list.get_mut(step.parse::<usize>().ok()?),
            _ => None,
        })?;
        match parent {
            Value::Object(map) => map.remove(&*self.name),
            Value::Array(list) => {
                let at = self.name.parse::<usize>().ok().filter(|at| *at < list.len())?;
                Some(list.remove(at))
            }
            _ => None,
        }
    }

    /// Puts a value there. Tables on the way are made; where something else stands, it gives way.
    fn put(&self, body: &mut Value, value: Value) {
        let mut here = body;
        for step in &self.parents {
            here = match here {
                Value::Array(list) => match step.parse::<usize>().ok().and_then(|at| list.get_mut(at)) {
                    Some(item) => item,
                    None => return,
                },
                other => {
                    if !other.is_object() {
                        *other = Value::Object(Map::new());
                    }
                    let Some(map) = other.as_object_mut() else { return };
                    map.entry(&**step).or_insert(Value::Null)
                }
            };
        }
        match here {
            Value::Array(list) => match self.name.parse::<usize>() {
                Ok(at) if at < list.len() => list[at] = value,
                // RFC 6901 §4: the place after the last one.
                _ if &*self.name == "-" => list.push(value),
                _ => {}
            },
            Value::Object(map) => drop(map.insert(self.name.to_string(), value)),
            other => *other = Value::Object(Map::from_iter([(self.name.to_string(), value)])),
        }
    }
}

impl Piece {
    fn compile(value: &Value, at: &str, scope: &Scope<'_>, findings: &mut Findings) -> Option<Self> {
        Some(match value {
            Value::String(text) => match scope.parse(text) {
                Ok(template) => match template.constant() {
                    Some(text) => Self::Constant(text.into_owned().into()),
                    None => Self::Text(template),
                },
                Err(error) => {
                    findings.add(at, error.to_string(), error.hint());
                    return None;
                }
            },
            Value::Array(list) => Self::Array(
                list.iter()
                    .enumerate()
                    .map(|(i, item)| Self::compile(item, &format!("{at}[{i}]"), scope, findings))
                    .collect::<Option<_>>()?,
            ),
            Value::Object(map) => Self::Object(
                map.iter()
                    .map(|(name, item)| {
                        Some((name.clone(), Self::compile(item, &format!("{at}.{name}"), scope, findings)?))
                    })
                    .collect::<Option<_>>()?,
            ),
            other => Self::Constant(other.clone()),
        })
    }

    /// The value. Members without one are left out, and in a list they are null.
    fn fill(&self, facts: &Facts<'_>) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Text(template) => match template.body_pointer() {
                Some(pointer) => facts.body?.pointer(pointer).cloned(),
                None => template.fill(Place::Text, facts).map(Value::String),
            },
            Self::Array(list) => {
                Some(Value::Array(list.iter().map(|item| item.fill(facts).unwrap_or(Value::Null)).collect()))
            }
            Self::Object(map) => Some(Value::Object(
                map.iter().filter_map(|(name, item)| Some((name.clone(), item.fill(facts)?))).collect(),
            )),
        }
    }
}
