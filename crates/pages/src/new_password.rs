//! Choosing a password: what the tenant asks of one, said before it is typed.

use fluent_bundle::FluentArgs;
use identity::preferences::Preferences;
use kernel::Problem;

use crate::{Pages, texts::Words, visit::Visit};

/// The tenant's rules, in words.
pub(crate) async fn rules(visit: &Visit) -> Result<Vec<String>, Problem> {
    Ok(said(visit.pages(), &visit.preferences().await?, &visit.words()))
}

/// The rules of these preferences.
pub(crate) fn said(pages: &Pages, preferences: &Preferences, words: &Words) -> Vec<String> {
    let policy = preferences.password_policy.as_ref().unwrap_or(&pages.core.settings.passwords.policy);
    let rules = policy.rules();
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
    said
}
