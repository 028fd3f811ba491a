//! Which passwords may be chosen (ACC-4, its presets). Pure.
//!
//! Absent: the breached-password check and the history of former passwords. They need data that a pure
//! decision does not have.

use kernel::{Problem, Secret};
use serde::{Deserialize, Serialize};
use zxcvbn::{Score, zxcvbn};

use super::WEAK;

/// Most characters. All of them count: nothing is cut off.
pub const MAX_CHARS: usize = 128;
/// Characters that are scored. Scoring costs more than linear time, and what follows only adds strength.
const SCORED_CHARS: usize = 64;
/// A shorter local part than this says nothing when a password contains it.
const TELLING: usize = 3;

/// A preset of rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// 12 characters or more, with upper and lower case, a digit and a special character; not guessable.
    #[default]
    Complex,
    /// NIST SP 800-63B-4 §3.1.1.2 without a second factor: 15 characters or more of any kind; not guessable.
    Nist,
}

/// What is known about the person: a password made of it is guessable.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// E-mail address.
    pub email: Option<&'a str>,
    /// User name.
    pub username: Option<&'a str>,
    /// Names, company: anything else.
    pub names: &'a [&'a str],
}

/// Whether the text is longer than any password can be. Checked wherever a password arrives, before it
/// costs anything.
pub fn too_long(password: &str) -> bool {
    // 4 bytes is the longest character.
    password.len() > MAX_CHARS * 4 || password.chars().count() > MAX_CHARS
}

/// Refuses a password that breaks the policy, naming every broken rule. `field` is its JSON pointer.
pub fn check_policy(policy: Policy, password: &Secret, about: About<'_>, field: &'static str) -> Result<(), Problem> {
    let broken = broken_rules(policy, password.expose(), about);
    if broken.is_empty() {
        return Ok(());
    }
    Err(broken.into_iter().fold(Problem::new(WEAK), |problem, (code, message)| problem.field(field, code, message)))
}

/// The stable code of a rule, and a sentence.
type Rule = (&'static str, &'static str);

fn broken_rules(policy: Policy, password: &str, about: About<'_>) -> Vec<Rule> {
    if too_long(password) {
        // Nothing else is looked at: it would cost.
        return vec![("too_long", "Use 128 characters at most.")];
    }
    let mut broken = Vec::new();
    let mut rule = |holds: bool, code, message| {
        if !holds {
            broken.push((code, message));
        }
    };
    let length = password.chars().count();
    match policy {
        Policy::Complex => {
            rule(length >= 12, "too_short", "Use 12 characters or more.");
            rule(password.chars().any(char::is_uppercase), "no_uppercase", "Use an upper-case letter.");
            rule(password.chars().any(char::is_lowercase), "no_lowercase", "Use a lower-case letter.");
            rule(password.chars().any(char::is_numeric), "no_digit", "Use a digit.");
            rule(
                password.chars().any(|c| !c.is_alphanumeric()),
                "no_special",
                "Use a character that is neither letter nor digit.",
            );
        }
        Policy::Nist => rule(length >= 15, "too_short", "Use 15 characters or more."),
    }
    rule(
        !contains_identity(password, about),
        "contains_identity",
        "Do not use your e-mail address or user name in it.",
    );
    rule(
        is_strong(password, about),
        "guessable",
        "It is easy to guess. Use several unrelated words, or a password manager.",
    );
    broken
}

fn contains_identity(password: &str, about: About<'_>) -> bool {
    let password = password.to_lowercase();
    let local = about.email.and_then(|email| email.split('@').next());
    let mut telling = [local, about.username].into_iter().flatten().filter(|text| text.len() >= TELLING);
    telling.any(|text| password.contains(&text.to_lowercase()))
}

fn is_strong(password: &str, about: About<'_>) -> bool {
    let scored: String = password.chars().take(SCORED_CHARS).collect();
    let mut known: Vec<&str> = about.names.to_vec();
    known.extend(about.username);
    if let Some(email) = about.email {
        known.push(email);
        known.extend(email.split(['@', '.', '-', '_', '+']).filter(|part| part.len() >= TELLING));
    }
    zxcvbn(&scored, &known).score() >= Score::Three
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: About<'static> =
        About { email: Some("ada.lovelace@example.com"), username: Some("countess"), names: &["Analytical Engines"] };

    fn codes(policy: Policy, password: &str) -> Vec<&'static str> {
        match check_policy(policy, &Secret::new(password.to_owned()), ADA, "/password") {
            Ok(()) => Vec::new(),
            Err(problem) => {
                assert_eq!(problem.kind.code, "password.weak");
                assert!(problem.errors.iter().all(|e| e.field == "/password"));
                problem.errors.iter().map(|e| e.code).collect()
            }
        }
    }

    #[test]
    fn good_passwords_pass() {
        assert!(codes(Policy::Complex, "Violet-Kettle-93-orbit").is_empty());
        assert!(codes(Policy::Complex, "Straße überquert 7 Öfen").is_empty(), "other alphabets count");
        assert!(codes(Policy::Nist, "violet kettle orbit").is_empty(), "no composition rules");
        let longest: String = "Violet-Kettle-93-orbit ".chars().cycle().take(MAX_CHARS).collect();
        assert!(codes(Policy::Complex, &longest).is_empty());
    }

    #[test]
    fn every_broken_rule_is_told_at_once() {
        let all = ["too_short", "no_uppercase", "no_lowercase", "no_digit", "no_special", "guessable"];
        assert_eq!(codes(Policy::Complex, ""), all);
        assert_eq!(codes(Policy::Complex, "abc"), ["too_short", "no_uppercase", "no_digit", "no_special", "guessable"]);
        assert_eq!(codes(Policy::Nist, "abc"), ["too_short", "guessable"]);
        assert_eq!(codes(Policy::Nist, "violet kettle"), ["too_short"]);
    }

    #[test]
    fn guessable_and_personal_passwords_are_refused() {
        assert_eq!(codes(Policy::Complex, "Password123!Password123!"), ["guessable"]);
        assert_eq!(codes(Policy::Nist, "aaaaaaaaaaaaaaaaaaaa"), ["guessable"]);
        assert_eq!(codes(Policy::Complex, "Violet-ADA.Lovelace-93-orbit"), ["contains_identity"]);
        assert_eq!(codes(Policy::Complex, "Violet-Countess-93-orbit"), ["contains_identity"]);
    }

    #[test]
    fn what_is_too_long_is_refused_without_being_scored() {
        assert_eq!(codes(Policy::Complex, &"Violet-Kettle-93".repeat(100_000)), ["too_long"]);
        assert_eq!(codes(Policy::Nist, &"ö".repeat(MAX_CHARS + 1)), ["too_long"]);
        assert!(!too_long(&"😀".repeat(MAX_CHARS)), "characters count, not bytes");
    }
}
