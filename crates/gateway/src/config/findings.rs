//! What is wrong with a configuration.

use super::Duration;

/// One thing that is wrong, with its place and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigProblem {
    /// Where: `routes[2].upstream`, `upstreams.orders.targets[0]`, `server.http.max_head`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
    /// The other place, where two settings do not go together: `routes[0]`.
    pub other: Option<String>,
}

impl ConfigProblem {
    /// A problem of one place.
    pub fn new(path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), hint: hint.into(), other: None }
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<ConfigProblem>);

impl Findings {
    /// Notes one.
    pub(crate) fn add(&mut self, path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(ConfigProblem::new(path, message, hint));
    }
    /// Everything that was noted.
    pub(crate) fn into_problems(self) -> Vec<ConfigProblem> {
        self.0
    }
    pub(super) fn positive(&mut self, path: impl Into<String>, value: Duration) {
        if value.is_zero() {
            self.add(path, "must be longer than nothing", "Write a duration such as 5s.");
        }
    }
    /// Notes two places that do not go together; the later one is told.
    pub(super) fn pair(
        &mut self,
        path: impl Into<String>,
        other: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(ConfigProblem { other: Some(other.into()), ..ConfigProblem::new(path, message, hint) });
    }
}

/// What is quoted back stays readable.
pub(super) fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}
