//! How hard a password is to guess for somebody who knows the person.

use zxcvbn::{Score, zxcvbn};

use super::About;

/// Characters that are scored. Scoring costs more than linear time, and what follows only adds strength.
const SCORED_CHARS: usize = 64;
/// A shorter local part than this says nothing when a password contains it.
const TELLING: usize = 3;

/// Whether the local part of the address or the user name is in it, in any case.
pub(super) fn contains_identity(password: &str, about: About<'_>) -> bool {
    let password = password.to_lowercase();
    let local = about.email.and_then(|email| email.split('@').next());
    let mut telling = [local, about.username].into_iter().flatten().filter(|text| text.len() >= TELLING);
    telling.any(|text| password.contains(&text.to_lowercase()))
}

/// zxcvbn's estimate: its own lists of frequent passwords, names and words, patterns of the keyboard, dates,
/// repetitions, and what is known about the person.
pub(super) fn score(password: &str, about: About<'_>) -> Score {
    let scored: String = password.chars().take(SCORED_CHARS).collect();
    let mut known: Vec<&str> = about.names.to_vec();
    known.extend(about.username);
    if let Some(email) = about.email {
        known.push(email);
        known.extend(email.split(['@', '.', '-', '_', '+']).filter(|part| part.len() >= TELLING));
    }
    zxcvbn(&scored, &known).score()
}
