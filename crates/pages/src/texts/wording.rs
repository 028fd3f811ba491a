//! Which texts a tenant may word anew, and with what: plain words and the variables that the page gives.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use identity::branding::Wording;

use super::SOURCES;

/// Most placeables of a text.
const MAX_PLACEABLES: usize = 20;

/// The texts of the pages with their variables.
#[derive(Debug)]
pub struct Wordings(BTreeMap<String, BTreeSet<String>>);

impl Default for Wordings {
    fn default() -> Self {
        let (resource, _) = parse(SOURCES[0].1.to_owned());
        let read = |entry: &Entry<&str>| {
            let Entry::Message(message) = entry else { return None };
            let mut found = BTreeSet::new();
            // Ours may say more than a tenant's.
            let _ = variables(message.value.as_ref()?, &mut found);
            Some((message.id.name.to_owned(), found))
        };
        Self(resource.entries().filter_map(read).collect())
    }
}

impl Wording for Wordings {
    fn judge(&self, key: &str, text: &str) -> Result<(), String> {
        let known = self.0.get(key).ok_or("there is no text of this key")?;
        if text.trim().is_empty() {
            return Err("must not be empty".into());
        }
        if text.matches('{').count() > MAX_PLACEABLES {
            return Err(format!("may have {MAX_PLACEABLES} placeables at most"));
        }
        let (resource, parses) = parse(source(key, text));
        let mut entries = resource.entries();
        let (Some(Entry::Message(message)), None, true) = (entries.next(), entries.next(), parses) else {
            return Err("is not a Fluent pattern: see https://projectfluent.org/fluent/guide/".into());
        };
        let (Some(pattern), true) = (&message.value, message.attributes.is_empty()) else {
            return Err("is not a Fluent pattern: a line may not begin with `.`".into());
        };
        let mut found = BTreeSet::new();
        variables(pattern, &mut found)?;
        match found.iter().find(|name| !known.contains(*name)) {
            None => Ok(()),
            Some(unknown) if known.is_empty() => Err(format!("has no variables, so no ${unknown}")),
            Some(unknown) => {
                let known: Vec<String> = known.iter().map(|name| format!("${name}")).collect();
                Err(format!("has no ${unknown}, only {}", known.join(", ")))
            }
        }
    }
}

fn parse(source: String) -> (FluentResource, bool) {
    match FluentResource::try_new(source) {
        Ok(resource) => (resource, true),
        Err((resource, _)) => (resource, false),
    }
}

/// A message as Fluent writes it: every line indented, so that none of them begins another message.
pub(super) fn source(key: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("    {line}\n")).collect();
    format!("{key} =\n{lines}")
}

/// Gathers the variables of a pattern; refuses what is neither text, nor a variable, nor a choice by one.
fn variables(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) -> Result<(), &'static str> {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, found)?;
        }
    }
    Ok(())
}

fn of_expression(expression: &Expression<&str>, found: &mut BTreeSet<String>) -> Result<(), &'static str> {
    let inline = match expression {
        Expression::Inline(inline) => inline,
        Expression::Select { selector, variants } => {
            variants.iter().try_for_each(|variant| variables(&variant.value, found))?;
            selector
        }
    };
    match inline {
        InlineExpression::VariableReference { id } => drop(found.insert(id.name.to_owned())),
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::Placeable { expression } => of_expression(expression, found)?,
        _ => return Err("may have variables and choices by them, and no other messages, terms and functions"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fluent_bundle::FluentArgs;
    use identity::language::Language;

    use super::*;
    use crate::texts::{Texts, own};

    #[test]
    fn a_text_has_the_variables_of_its_page() {
        let judge = |key, text| Wordings::default().judge(key, text);
        for (key, text) in [
            ("sign-in-title", "Willkommen"),
            ("sign-in-title", "Two\nlines, {\"{\"} and <b>"),
            ("span-hours", "{ $count ->\n[one] an hour\n*[other] { $count } hours\n}"),
            ("span-hours", "a while"),
        ] {
            assert_eq!(judge(key, text), Ok(()), "{text}");
        }
        for (key, text) in [
            ("no-such-key", "x"),
            ("sign-in-title", " \n "),
            ("sign-in-title", "{ $name }"),
            ("span-hours", "{ $count } { $name }"),
            ("span-hours", "{ NUMBER($count) }"),
            ("sign-in-title", "{ sign-out-title }"),
            ("sign-in-title", "{ -term }"),
            ("sign-in-title", "{ $count"),
            ("sign-in-title", "}"),
            ("sign-in-title", "x\n.attribute = y"),
            (
                "sign-in-title",
                "{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}{\"\"}",
            ),
        ] {
            assert!(judge(key, text).is_err(), "{text}");
        }
        assert_eq!(judge("sign-in-title", "x\nsign-out-title = y"), Ok(()), "is the text of one message");
    }

    #[test]
    fn own_texts_come_first_and_say_nothing_else() {
        let texts = BTreeMap::from([
            ("sign-in-title".to_owned(), "x\nsign-out-title = y".to_owned()),
            ("no-such-key".to_owned(), "z".to_owned()),
        ]);
        let words = Texts::new().of(Language::En, Some(own(Language::En, &texts).into()));
        assert_eq!(words.get("sign-in-title"), "x\nsign-out-title = y");
        assert_eq!(words.get("sign-out-title"), "Sign out?");
        assert_eq!(words.with("span-hours", &FluentArgs::from_iter([("count", 2)])), "2 hours");
    }
}
