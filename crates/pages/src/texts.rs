//! The words of every page, in Fluent: `texts/*.ftl`, one file a language and another for the account, embedded.
//!
//! Invariants, proven by tests: every language has every message, with the same variables, and no message
//! is there that no page uses. A page names a message by its key; it never holds words.
//!
//! A tenant may word a message anew ([`wording`]); where it has not, or has worded what no page says any more, ours
//! holds.
//!
//! Deliberately absent: languages that are written from right to left, and a choice by region (`de-AT`).

mod wording;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use identity::language::Language;
use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Kwargs, Object, from_args},
};

/// The embedded texts.
pub(crate) const SOURCES: [(Language, &str); 5] = [
    (Language::En, concat!(include_str!("../texts/en.ftl"), include_str!("../texts/account/en.ftl"))),
    (Language::De, concat!(include_str!("../texts/de.ftl"), include_str!("../texts/account/de.ftl"))),
    (Language::Fr, concat!(include_str!("../texts/fr.ftl"), include_str!("../texts/account/fr.ftl"))),
    (Language::Es, concat!(include_str!("../texts/es.ftl"), include_str!("../texts/account/es.ftl"))),
    (Language::Cs, concat!(include_str!("../texts/cs.ftl"), include_str!("../texts/account/cs.ftl"))),
];

pub use wording::Wordings;

/// Messages of one language.
pub(crate) type Bundle = FluentBundle<FluentResource>;

/// All languages.
#[derive(Clone)]
pub(crate) struct Texts(Arc<HashMap<Language, Arc<Bundle>>>);

impl Texts {
    /// Parses what is embedded. What does not parse is left out here, and found by a test.
    pub(crate) fn new() -> Self {
        Self(Arc::new(
            SOURCES.iter().map(|(language, source)| (*language, Arc::new(bundle(*language, source)))).collect(),
        ))
    }

    /// The words of one language; those that a tenant has worded itself come first.
    pub(crate) fn of(&self, language: Language, own: Option<Arc<Bundle>>) -> Words {
        Words { own, bundle: self.0.get(&language).cloned() }
    }
}

/// What a tenant has worded itself in a language. What does not parse is left out: it was judged when it was stored.
pub(crate) fn own(language: Language, texts: &BTreeMap<String, String>) -> Bundle {
    bundle(language, &texts.iter().map(|(key, text)| wording::source(key, text)).collect::<String>())
}

fn bundle(language: Language, source: &str) -> Bundle {
    let locale = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Names and addresses within a sentence are written from left to right, like all our languages.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(parsed, _)| parsed);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The words of one language. In templates: `t('key', name=value)`.
#[derive(Clone)]
pub(crate) struct Words {
    own: Option<Arc<Bundle>>,
    bundle: Option<Arc<Bundle>>,
}

impl Words {
    /// A message without variables.
    pub(crate) fn get(&self, key: &str) -> String {
        self.with(key, &FluentArgs::new())
    }

    /// A message with its variables. A key that does not exist is shown as it is.
    pub(crate) fn with(&self, key: &str, args: &FluentArgs<'_>) -> String {
        let formatted = [&self.own, &self.bundle].into_iter().flatten().find_map(|bundle| {
            let pattern = bundle.get_message(key)?.value()?;
            Some(bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
        });
        formatted.unwrap_or_else(|| key.to_owned())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

impl Object for Words {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (key, named): (String, Kwargs) = from_args(args)?;
        let mut values = FluentArgs::new();
        for name in named.args().map(str::to_owned).collect::<Vec<_>>() {
            let value: Value = named.get(&name)?;
            let value = match i64::try_from(value.clone()) {
                Ok(number) if value.is_number() => FluentValue::from(number),
                _ => FluentValue::from(value.to_string()),
            };
            values.set(name, value);
        }
        if self.bundle.as_ref().is_none_or(|bundle| !bundle.has_message(&key)) {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("there is no text `{key}`")));
        }
        Ok(Value::from(self.with(&key, &values)))
    }
}

#[cfg(test)]
mod tests;
