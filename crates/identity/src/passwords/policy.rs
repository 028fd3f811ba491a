//! Which passwords may be chosen. Pure.
//!
//! A [`Policy`] is what is written: a preset by its name, or a set of [`Rules`]. What is broken is told all
//! at once, each rule by a stable code.
//!
//! Absent: whether a password was used before, or is known from a breach. They need data that a pure decision
//! does not have: see [`new_password`](crate::new_password).

mod blocklist;
mod rules;
mod strength;

pub use blocklist::Blocklist;
pub use rules::{InvalidRules, MAX_HISTORY, Policy, Preset, Rules};

use std::borrow::Cow;

use kernel::Problem;
use zxcvbn::Score;

use super::WEAK;

/// Most characters. All of them count: nothing is cut off.
pub const MAX_CHARS: usize = 128;

/// What is known about the person: a password made of it is guessable.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// E-mail address.
    pub email: Option<&'a str>,
    /// User name.
    pub username: Option<&'a str>,
    /// Names, company: anything else.
    pub names: &'a [&'a str],
    /// Whether they log in with a second factor, so that the password alone opens nothing.
    pub second_factor: bool,
}

/// A rule that a password breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Stable: `too_short`, `no_digit`, …
    pub code: &'static str,
    /// What to do, for people.
    pub message: Cow<'static, str>,
}

impl Broken {
    /// A broken rule.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Whether the text is longer than any password can be. Checked wherever a password arrives, before it
/// costs anything.
pub fn too_long(password: &str) -> bool {
    // 4 bytes is the longest character.
    password.len() > MAX_CHARS * 4 || password.chars().count() > MAX_CHARS
}

/// The refusal that names every broken rule. `field` is the password's JSON pointer.
pub fn weak(broken: Vec<Broken>, field: &'static str) -> Problem {
    broken.into_iter().fold(Problem::new(WEAK), |problem, rule| problem.field(field, rule.code, rule.message))
}

/// Every rule that the password breaks.
pub fn broken_rules(rules: &Rules, password: &str, about: About<'_>) -> Vec<Broken> {
    if too_long(password) {
        // Nothing else is looked at: it would cost.
        return vec![Broken::new("too_long", "Use 128 characters at most.")];
    }
    let mut broken = Vec::new();
    let least = rules.least(about.second_factor);
    if password.chars().count() < least {
        broken.push(Broken::new("too_short", format!("Use {least} characters or more.")));
    }
    let mut rule = |holds: bool, code, message: &'static str| {
        if !holds {
            broken.push(Broken::new(code, message));
        }
    };
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    rule(!rules.upper || has(char::is_uppercase), "no_uppercase", "Use an upper-case letter.");
    rule(!rules.lower || has(char::is_lowercase), "no_lowercase", "Use a lower-case letter.");
    rule(!rules.digit || has(char::is_numeric), "no_digit", "Use a digit.");
    let special = !rules.special || has(|c| !c.is_alphanumeric());
    rule(special, "no_special", "Use a character that is neither letter nor digit.");
    rule(
        !strength::contains_identity(password, about),
        "contains_identity",
        "Do not use your e-mail address or user name in it.",
    );
    rule(
        !Blocklist::shipped().covers(password) && !Blocklist::new(&rules.blocklist).covers(password),
        "common",
        "It is made of words that everybody tries first. Use several unrelated words.",
    );
    let needed = rules.score(about.second_factor);
    let enough = needed == 0 || strength::score(password, about) >= score(needed);
    rule(enough, "guessable", "It is easy to guess. Use several unrelated words, or a password manager.");
    broken
}

const fn score(least: u8) -> Score {
    match least {
        0 => Score::Zero,
        1 => Score::One,
        2 => Score::Two,
        3 => Score::Three,
        _ => Score::Four,
    }
}

#[cfg(test)]
mod tests;
