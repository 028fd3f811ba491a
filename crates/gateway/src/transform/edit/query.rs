//! Changes to the query: what is not changed stays as it was sent, byte for byte.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::EditsConfig;
use crate::{
    config::Findings,
    template::{Facts, Place, Scope, Template, decode_query},
};

/// Compiled changes.
#[derive(Debug)]
pub(super) struct QueryEdits {
    /// Decoded names.
    remove: Box<[Box<str>]>,
    /// Decoded old names, encoded new names.
    rename: Box<[(Box<str>, Box<str>)]>,
    /// Encoded names.
    write: Box<[(Box<str>, Template)]>,
}

impl QueryEdits {
    /// Compiles the edits; `None` when there are none.
    pub(super) fn compile(config: &EditsConfig, at: &str, scope: &Scope<'_>, findings: &mut Findings) -> Option<Self> {
        if config.is_empty() {
            return None;
        }
        let encode = |name: &str| -> Box<str> { utf8_percent_encode(name, NON_ALPHANUMERIC).to_string().into() };
        // What is set is removed first, and so is what a renamed parameter replaces.
        let replaced = config.set.keys().chain(config.rename.values());
        let remove = config.remove.iter().chain(replaced).map(|name| name.as_str().into()).collect();
        let rename = config.rename.iter().map(|(old, new)| (old.as_str().into(), encode(new))).collect();
        let mut write = Vec::new();
        for (list, kind) in [(&config.set, "set"), (&config.add, "add")] {
            for (name, text) in list {
                match scope.parse(text) {
                    Ok(template) => write.push((encode(name), template)),
                    Err(error) => findings.add(format!("{at}.{kind}.{name}"), error.to_string(), error.hint()),
                }
            }
        }
        Some(Self { remove, rename, write: write.into() })
    }

    /// The query of this request. `None` when nothing is left of it.
    pub(super) fn apply(&self, facts: &Facts<'_>) -> Option<String> {
        let mut query = String::new();
        let mut put = |parts: [&str; 3]| {
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(parts);
        };
        for pair in facts.query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
            let (raw, value) = pair.find('=').map_or((pair, ""), |at| pair.split_at(at));
            let name = decode_query(raw);
            if let Some((_, new)) = self.rename.iter().find(|(old, _)| **old == name) {
                put([new, value, ""]);
            } else if !self.remove.iter().any(|removed| **removed == name) {
                put([pair, "", ""]);
            }
        }
        for (name, template) in &self.write {
            if let Some(value) = template.fill(Place::Query, facts) {
                put([name, "=", &value]);
            }
        }
        (!query.is_empty()).then_some(query)
    }
}
