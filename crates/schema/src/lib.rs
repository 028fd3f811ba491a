//! JSON Schemas (2020-12 and older drafts): what requests and custom attributes must look like.
//!
//! A schema is compiled once. It refers to nothing outside of itself, so judging fetches nothing; its
//! patterns run in linear time, or give up after a bounded number of steps; and what its references multiply
//! is counted before it is compiled. Errors tell places and rules, never the values that were sent.

mod work;

use std::fmt;

use jsonschema::{PatternOptions, Validator, error::ValidationErrorKind as Kind};
use serde_json::Value;

pub use work::Limits;

/// How far the pattern engine that knows look-around may go back and forth before it gives up.
const BACKTRACKING: usize = 10_000;

/// Longest message, in bytes.
const MAX_MESSAGE: usize = 300;

/// Most errors that are told at once.
pub const MAX_ERRORS: usize = 20;

/// What is wrong with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// Where: a JSON pointer (RFC 6901), or the name of a parameter.
    pub field: String,
    /// The rule that is broken: a stable word.
    pub code: &'static str,
    /// A sentence, without values.
    pub message: String,
}

/// Why a schema cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unusable {
    /// Where in the schema: a JSON pointer.
    pub at: String,
    /// A phrase for whoever wrote it.
    pub message: String,
}

impl Unusable {
    fn new(at: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { at: at.into(), message: format!("is not a schema that can be used: {message}") }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.at.is_empty() { Ok(()) } else { write!(f, " (at {})", self.at) }
    }
}

impl std::error::Error for Unusable {}

/// A schema, compiled.
#[derive(Debug)]
pub struct Schema(Validator);

impl Schema {
    /// Compiles it. What it refers to must be in itself, and the work that it makes within the limits.
    pub fn compile(schema: &Value, limits: Limits) -> Result<Self, Unusable> {
        work::bound(schema, limits)?;
        let options = || jsonschema::options().offline().should_validate_formats(true);
        // Patterns in linear time, whatever a client sends; look-around, where a schema needs it, bounded.
        let linear = options().with_pattern_options(PatternOptions::regex()).build(schema);
        let built = linear.or_else(|_| {
            let patterns = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKING);
            options().with_pattern_options(patterns).build(schema)
        });
        built.map(Self).map_err(|error| Unusable::new("", error))
    }

    /// What is wrong with the value, whose own place is `at`; at most [`MAX_ERRORS`].
    pub fn errors(&self, value: &Value, at: &str) -> Vec<Wrong> {
        let wrong = self.0.iter_errors(value).take(MAX_ERRORS).map(|error| {
            let mut field = format!("{at}{}", error.instance_path().as_str());
            if let Kind::Required { property: Value::String(name) } = error.kind() {
                field = format!("{field}/{}", escape(name));
            }
            let mut message = error.masked().to_string();
            message.truncate(message.floor_char_boundary(MAX_MESSAGE));
            Wrong { field, code: code(error.kind()), message }
        });
        wrong.collect()
    }
}

/// A step of a JSON pointer (RFC 6901 §3).
fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Stable codes for the rules that are broken most; `schema` for others.
const fn code(kind: &Kind) -> &'static str {
    match kind {
        Kind::Required { .. } => "required",
        Kind::Type { .. } => "type",
        Kind::Enum { .. } | Kind::Constant { .. } => "enum",
        Kind::Format { .. } => "format",
        Kind::Pattern { .. } => "pattern",
        Kind::Minimum { .. } | Kind::ExclusiveMinimum { .. } => "too_small",
        Kind::Maximum { .. } | Kind::ExclusiveMaximum { .. } => "too_large",
        Kind::MinLength { .. } => "too_short",
        Kind::MaxLength { .. } => "too_long",
        Kind::MinItems { .. } | Kind::MinProperties { .. } => "too_few",
        Kind::MaxItems { .. } | Kind::MaxProperties { .. } => "too_many",
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => "unknown",
        Kind::UniqueItems => "duplicate",
        _ => "schema",
    }
}

#[cfg(test)]
mod tests;
