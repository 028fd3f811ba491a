//! Choosing a password: what the tenant asks of one, said before it is typed.

use fluent_bundle::FluentArgs;
use identity::{
    http::Fields,
    passwords::{Policy, too_long},
};
use kernel::Secret;

use crate::{form::Form, visit::Visit};

/// The tenant's rules, in words.
pub(crate) fn rules(visit: &Visit) -> Vec<String> {
    let words = visit.words();
    let (least, keys): (u64, &[&str]) = match visit.pages().core.settings.passwords.policy {
        Policy::Complex => (12, &["rule-cases", "rule-digit", "rule-special", "rule-unguessable"]),
        Policy::Nist => (15, &["rule-unguessable"]),
    };
    let mut said = vec![words.with("rule-length", &FluentArgs::from_iter([("count", least)]))];
    said.extend(keys.iter().map(|key| words.get(key)));
    said
}

/// Reads a new password; whether it is good enough is identity's to say.
pub(crate) fn read(fields: &mut Fields, form: &Form, name: &'static str) -> Secret {
    let password = form.secret(name);
    if password.expose().is_empty() {
        fields.wrong(format!("/{name}"), "required", "");
    } else if too_long(password.expose()) {
        fields.wrong(format!("/{name}"), "too_long", "");
    }
    password
}
