//! Choosing a password: what the tenant asks of one, said before it is typed.

use fluent_bundle::FluentArgs;
use identity::{http::Fields, passwords::too_long};
use kernel::{Problem, Secret};

use crate::{form::Form, visit::Visit};

/// The tenant's rules, in words.
pub(crate) async fn rules(visit: &Visit) -> Result<Vec<String>, Problem> {
    let own = visit.preferences().await?.password_policy;
    let policy = own.as_ref().unwrap_or(&visit.pages().core.settings.passwords.policy);
    let (rules, words) = (policy.rules(), visit.words());
    let mut said = vec![words.with("rule-length", &FluentArgs::from_iter([("count", rules.least(false) as u64)]))];
    for (needed, key) in [
        (rules.upper && rules.lower, "rule-cases"),
        (rules.upper && !rules.lower, "rule-upper"),
        (rules.lower && !rules.upper, "rule-lower"),
        (rules.digit, "rule-digit"),
        (rules.special, "rule-special"),
        (rules.min_score > 0, "rule-unguessable"),
    ] {
        if needed {
            said.push(words.get(key));
        }
    }
    Ok(said)
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
