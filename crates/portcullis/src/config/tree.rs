//! The configuration as one tree of values, with the place that each came from.
//!
//! Sources are laid over each other: first the file, then the environment, then options of the command
//! line; the later wins. What no source says is left to the defaults of [`Config`](super::Config).

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde_json::{Map, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    report::{Finding, Path, Place, Step},
    schema::Schema,
};

/// The prefix of every environment variable that is a setting.
pub const ENV_PREFIX: &str = "PORTCULLIS__";

/// Values and places, before they are judged.
#[derive(Debug)]
pub(super) struct Tree {
    pub value: Value,
    places: BTreeMap<Path, Place>,
    pub findings: Vec<Finding>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { value: Value::Object(Map::new()), places: BTreeMap::new(), findings: Vec::new() }
    }
}

impl Tree {
    /// Where the setting was made, or else the nearest table around it.
    pub(super) fn place(&self, path: &Path) -> Place {
        (0..=path.0.len())
            .rev()
            .find_map(|n| self.places.get(&Path(path.0[..n].to_vec())))
            .cloned()
            .unwrap_or(Place::Default)
    }

    /// Notes an error about a setting.
    pub(super) fn find(&mut self, path: Path, message: impl Into<String>) {
        let place = self.place(&path);
        self.findings.push(Finding { place, path, message: message.into() });
    }

    /// Reads a file's text. Errors of syntax are noted and the rest is read on.
    pub(super) fn read_toml(&mut self, file: PathBuf, text: &str) {
        let file = Arc::new(file);
        let line_starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        let place = |offset: usize| {
            let offset = text.floor_char_boundary(offset);
            let line = line_starts.partition_point(|start| *start <= offset);
            let column = text[line_starts[line - 1]..offset].chars().count() + 1;
            Place::File { file: file.clone(), line, column }
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let place = place(error.span().map_or(0, |s| s.start));
            self.findings.push(Finding { place, path: Path::default(), message: error.message().to_owned() });
        }
        self.places.insert(Path::default(), place(0));
        let root = self.table(&Path::default(), table.get_ref(), &place);
        self.value = root;
    }

    fn table(&mut self, path: &Path, table: &DeTable<'_>, place: &dyn Fn(usize) -> Place) -> Value {
        let entries = table.iter().map(|(key, value)| {
            let path = path.then(key.get_ref().as_ref());
            self.places.insert(path.clone(), place(key.span().start));
            (key.get_ref().clone().into_owned(), self.node(&path, value, place))
        });
        Value::Object(entries.collect())
    }

    fn node(&mut self, path: &Path, value: &Spanned<DeValue<'_>>, place: &dyn Fn(usize) -> Place) -> Value {
        match value.get_ref() {
            DeValue::Table(table) => self.table(path, table, place),
            DeValue::Array(items) => {
                let items = items.iter().enumerate().map(|(i, item)| {
                    let path = path.then(i);
                    self.places.insert(path.clone(), place(item.span().start));
                    self.node(&path, item, place)
                });
                Value::Array(items.collect())
            }
            scalar => self.scalar(path, scalar),
        }
    }

    fn scalar(&mut self, path: &Path, value: &DeValue<'_>) -> Value {
        let number = match value {
            DeValue::Integer(i) => {
                i64::from_str_radix(&i.as_str().replace('_', ""), i.radix()).ok().map(serde_json::Number::from)
            }
            DeValue::Float(f) => f.as_str().replace('_', "").parse().ok().and_then(serde_json::Number::from_f64),
            DeValue::Boolean(b) => return Value::Bool(*b),
            DeValue::String(s) => return Value::String(s.clone().into_owned()),
            DeValue::Datetime(d) => return Value::String(d.to_string()),
            DeValue::Table(_) | DeValue::Array(_) => None,
        };
        match number {
            Some(number) => Value::Number(number),
            None => {
                self.find(path.clone(), "the number is out of range");
                Value::Null
            }
        }
    }

    /// Lays one environment variable over the tree. `name` is without the prefix. `read` reads the file
    /// that a `_FILE` variable names.
    pub(super) fn set_env(
        &mut self,
        schema: &Schema,
        name: &str,
        raw: &str,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) {
        let place = Place::Environment(format!("{ENV_PREFIX}{name}"));
        let mut keys: Vec<String> = name.split("__").map(str::to_lowercase).collect();
        let known = |keys: &[String]| !schema.at(&steps(keys)).is_empty();
        let from_file = (!known(&keys))
            .then(|| keys.last().and_then(|last| last.strip_suffix("_file")).map(str::to_owned))
            .flatten()
            .and_then(|stem| {
                let mut stemmed = keys.clone();
                stemmed.pop();
                stemmed.push(stem);
                known(&stemmed).then_some(stemmed)
            });
        let value = match from_file {
            Some(stemmed) => {
                keys = stemmed;
                read(raw).map(Value::String)
            }
            None => Ok(env_value(schema, &steps(&keys), raw)),
        };
        let path = Path(steps(&keys));
        match value {
            Ok(value) => self.set(path, value, place),
            Err(message) => self.findings.push(Finding { place, path, message }),
        }
    }

    /// Lays one value over the tree.
    pub(super) fn set(&mut self, mut path: Path, value: Value, place: Place) {
        let mut node = &mut self.value;
        for i in 0..path.0.len() {
            let Step::Key(key) = path.0[i].clone() else { continue };
            node = match node {
                Value::Array(items) if key.parse::<usize>().is_ok_and(|n| n <= items.len()) => {
                    let index = key.parse().unwrap_or_default();
                    path.0[i] = Step::Index(index);
                    if index == items.len() {
                        items.push(Value::Object(Map::new()));
                    }
                    &mut items[index]
                }
                Value::Object(table) => table.entry(key).or_insert_with(|| Value::Object(Map::new())),
                _ => {
                    let message = format!("cannot be set: {} is not a table", Path(path.0[..i].to_vec()));
                    self.findings.push(Finding { place, path, message });
                    return;
                }
            };
        }
        *node = value;
        self.places.retain(|known, _| !known.0.starts_with(&path.0));
        self.places.insert(path, place);
    }
}

fn steps(keys: &[String]) -> Vec<Step> {
    keys.iter().map(|k| Step::from(k.as_str())).collect()
}

/// What the text of a variable means: a TOML value where the setting takes one, else the text itself.
/// An array of texts may be written with commas.
fn env_value(schema: &Schema, path: &[Step], raw: &str) -> Value {
    let accepts = |kind: &str| schema.accepts(path, kind);
    let parsed = DeValue::parse(raw).ok().map(|v| {
        let mut scratch = Tree::default();
        let value = scratch.node(&Path::default(), &v, &|_| Place::Default);
        (value, scratch.findings.is_empty())
    });
    match parsed {
        // A quoted text is unquoted, so that any text can be written.
        Some((value, true)) if value.is_string() || accepts(kind_of(&value)) || !accepts("string") => value,
        _ if !accepts("string") && accepts("array") => {
            Value::Array(raw.split(',').map(str::trim).filter(|t| !t.is_empty()).map(Value::from).collect())
        }
        _ => Value::String(raw.to_owned()),
    }
}

/// The JSON Schema type of a value.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) => {
            if n.is_f64() {
                "number"
            } else {
                "integer"
            }
        }
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
