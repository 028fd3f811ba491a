//! Choosing a password: what the tenant asks of one, said before it is typed.

use fluent_bundle::FluentArgs;
use kernel::Problem;

use crate::visit::Visit;

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
