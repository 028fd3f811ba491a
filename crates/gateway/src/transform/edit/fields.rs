//! Changes to header fields.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::EditsConfig;
use crate::{
    config::Findings,
    template::{Facts, Place, Scope, Template},
};

/// Compiled changes. `Arc`s inside of names make copies cheap.
#[derive(Debug)]
pub(crate) struct FieldEdits {
    remove: Box<[HeaderName]>,
    rename: Box<[(HeaderName, HeaderName)]>,
    write: Box<[Write]>,
}

/// One field to write.
#[derive(Debug)]
struct Write {
    name: HeaderName,
    /// Beside the values that are there, or in their place.
    further: bool,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Constant(HeaderValue),
    Template(Template),
}

/// What is to be done to one message, in order.
#[derive(Clone)]
pub(crate) struct FilledFields(Vec<Step>);

#[derive(Clone)]
enum Step {
    Remove(HeaderName),
    Rename(HeaderName, HeaderName),
    Set(HeaderName, HeaderValue),
    Add(HeaderName, HeaderValue),
}

impl FieldEdits {
    /// Compiles the edits; `None` when there are none.
    pub(super) fn compile(
        config: &EditsConfig,
        at: &str,
        scope: &Scope<'_>,
        reserved: fn(&str) -> bool,
        findings: &mut Findings,
    ) -> Option<Self> {
        if config.is_empty() {
            return None;
        }
        let mut name = |at: String, text: &str| match HeaderName::from_bytes(text.as_bytes()) {
            Ok(name) if reserved(name.as_str()) => {
                findings.add(at, format!("`{name}` is written by the gate itself"), "Use another field.");
                None
            }
            Ok(name) => Some(name),
            Err(_) => {
                findings.add(at, "is not the name of a header field", "Write a name such as X-Client.");
                None
            }
        };
        let remove =
            config.remove.iter().enumerate().filter_map(|(i, text)| name(format!("{at}.remove[{i}]"), text)).collect();
        let rename = config
            .rename
            .iter()
            .filter_map(|(old, new)| {
                let at = format!("{at}.rename.{old}");
                name(at.clone(), old).zip(name(at, new))
            })
            .collect();
        let mut write = Vec::new();
        for (list, kind, further) in [(&config.set, "set", false), (&config.add, "add", true)] {
            for (text, value) in list {
                let at = format!("{at}.{kind}.{text}");
                let Some(name) = name(at.clone(), text) else { continue };
                write.push((at, name, further, value));
            }
        }
        let write = write.into_iter().filter_map(|(at, name, further, text)| {
            let template = match scope.parse(text) {
                Ok(template) => template,
                Err(error) => {
                    findings.add(at, error.to_string(), error.hint());
                    return None;
                }
            };
            let value = match template.constant() {
                None => Value::Template(template),
                Some(text) => match HeaderValue::from_str(&text) {
                    Ok(value) => Value::Constant(value),
                    Err(_) => {
                        findings.add(at, "is not a header value", "Use printable ASCII.");
                        return None;
                    }
                },
            };
            Some(Write { name, further, value })
        });
        let write = write.collect();
        Some(Self { remove, rename, write })
    }

    /// What to do, with the values of this request.
    pub(crate) fn fill(&self, facts: &Facts<'_>) -> FilledFields {
        let mut steps = Vec::with_capacity(self.remove.len() + self.rename.len() + self.write.len());
        steps.extend(self.remove.iter().cloned().map(Step::Remove));
        steps.extend(self.rename.iter().cloned().map(|(old, new)| Step::Rename(old, new)));
        for Write { name, further, value } in &self.write {
            let value = match value {
                Value::Constant(value) => Some(value.clone()),
                // Filled in for a header, it always is a value.
                Value::Template(template) => {
                    template.fill(Place::Header, facts).and_then(|text| HeaderValue::try_from(text).ok())
                }
            };
            steps.extend(match (value, further) {
                (Some(value), true) => Some(Step::Add(name.clone(), value)),
                (Some(value), false) => Some(Step::Set(name.clone(), value)),
                (None, true) => None,
                // Nobody's own value stands in for one that is missing.
                (None, false) => Some(Step::Remove(name.clone())),
            });
        }
        FilledFields(steps)
    }
}

impl FilledFields {
    /// Tells every step, in parts.
    pub(crate) fn tell(&self, mut tell: impl FnMut(&[u8])) {
        for step in &self.0 {
            let (kind, name, value) = match step {
                Step::Remove(name) => ("remove", name, &[][..]),
                Step::Set(name, value) => ("set", name, value.as_bytes()),
                Step::Add(name, value) => ("add", name, value.as_bytes()),
                Step::Rename(old, new) => ("rename", old, new.as_str().as_bytes()),
            };
            tell(kind.as_bytes());
            tell(name.as_str().as_bytes());
            tell(value);
        }
    }

    /// Does it.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        for step in self.0 {
            match step {
                Step::Remove(name) => drop(headers.remove(name)),
                Step::Set(name, value) => drop(headers.insert(name, value)),
                Step::Add(name, value) => drop(headers.append(name, value)),
                Step::Rename(old, new) => rename(headers, &old, &new),
            }
        }
    }
}

fn rename(headers: &mut HeaderMap, old: &HeaderName, new: &HeaderName) {
    let values: Vec<HeaderValue> = match headers.entry(old) {
        header::Entry::Occupied(entry) => entry.remove_entry_mult().1.collect(),
        header::Entry::Vacant(_) => return,
    };
    headers.remove(new);
    for value in values {
        headers.append(new, value);
    }
}
