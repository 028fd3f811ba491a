//! Collects everything that is wrong with a request, so that it is told at once.

use std::fmt::Display;

use kernel::{Problem, problem::common};

/// Wrong fields, as they are found.
#[derive(Debug)]
pub struct Fields(Problem);

impl Default for Fields {
    fn default() -> Self {
        Self(Problem::new(common::INVALID))
    }
}

impl Fields {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a wrong field. `field` is a JSON Pointer (RFC 6901) into the body, or a parameter's name.
    pub fn wrong(&mut self, field: impl Into<String>, code: &'static str, message: impl Display) {
        let problem = std::mem::replace(&mut self.0, Problem::new(common::INVALID));
        self.0 = problem.field(field.into(), code, message.to_string());
    }

    /// Keeps what is right and notes what is wrong.
    pub fn keep<T, E: Display>(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|e| self.wrong(field, code, e)).ok()
    }

    /// A text for people: trimmed, of 1 to `longest` characters, without control characters.
    pub fn text(&mut self, field: &str, text: &str, longest: usize) -> Option<String> {
        let text = text.trim();
        if text.is_empty() {
            self.wrong(field, "required", "must not be empty");
        } else if text.chars().count() > longest {
            self.wrong(field, "too_long", format!("may have {longest} characters at most"));
        } else if text.chars().any(char::is_control) {
            self.wrong(field, "format", "must not contain control characters");
        } else {
            return Some(text.to_owned());
        }
        None
    }

    /// Parses every element of a bounded list; what is wrong is named by its place.
    pub fn list<T, E: Display>(
        &mut self,
        field: &str,
        texts: &[String],
        most: usize,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        if texts.len() > most {
            self.wrong(field, "too_many", format!("may have {most} entries at most"));
            return Vec::new();
        }
        let mut parsed = Vec::with_capacity(texts.len());
        for (i, text) in texts.iter().enumerate() {
            parsed.extend(self.keep(format!("{field}/{i}"), "format", parse(text)));
        }
        parsed
    }

    /// The refusal. For whoever knows that something was wrong.
    pub fn into_problem(self) -> Problem {
        self.0
    }

    /// Refuses if anything was wrong.
    pub fn check(self) -> Result<(), Problem> {
        if self.0.errors.is_empty() { Ok(()) } else { Err(self.0) }
    }

    /// The parsed value, or everything that was wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        self.check()?;
        value.ok_or_else(|| Problem::new(common::INTERNAL).cause("a field was lost without being called wrong"))
    }
}
