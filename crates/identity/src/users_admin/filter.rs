//! The filter of user lists: a subset of SCIM's (RFC 7644 §3.4.2.2).
//!
//! ```text
//! filter    = clause *( "and" clause )
//! clause    = attribute operator value
//! attribute = "email" / "username" / "external_id" / "status"
//! operator  = "eq" / "sw" / "co"        ; equals, starts with, contains
//! value     = a JSON string
//! ```
//!
//! Words are read in any case. What is parsed becomes parameters of a statement, never part of its text.
//! Deliberately absent: `or`, `not`, parentheses and sorting, which would need an index for each.

use crate::users::UserStatus;

/// Longest filter, in bytes.
const MAX_LEN: usize = 1_024;
/// Most clauses.
const MAX_CLAUSES: usize = 8;

/// What of a user is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attribute {
    /// E-mail address; case does not matter.
    Email,
    /// Login name; case does not matter.
    Username,
    /// The consuming application's id.
    ExternalId,
    /// Whether they may do anything.
    Status,
}

impl Attribute {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::ExternalId => "external_id",
            Self::Status => "status",
        }
    }
}

/// How it is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// The same.
    Equals,
    /// Begins with the value.
    StartsWith,
    /// Has the value in it.
    Contains,
}

impl Operator {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "eq",
            Self::StartsWith => "sw",
            Self::Contains => "co",
        }
    }
}

/// One condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// Of what.
    pub attribute: Attribute,
    /// How.
    pub operator: Operator,
    /// With what: normalised the way the attribute is stored.
    pub value: String,
}

/// All of these must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter(Vec<Clause>);

impl Filter {
    /// The conditions.
    pub fn clauses(&self) -> &[Clause] {
        &self.0
    }
    /// Whether a condition is about the attribute.
    pub fn mentions(&self, attribute: Attribute) -> bool {
        self.0.iter().any(|clause| clause.attribute == attribute)
    }
}

/// What is wrong with a filter, and where (bytes from its start).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("at position {at}: {expected}")]
pub struct InvalidFilter {
    /// Where.
    pub at: usize,
    /// What should be there.
    pub expected: &'static str,
}

impl std::str::FromStr for Filter {
    type Err = InvalidFilter;
    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        if text.len() > MAX_LEN {
            return Err(InvalidFilter { at: MAX_LEN, expected: "a filter may have 1024 bytes at most" });
        }
        let mut rest = Rest { text, at: 0 };
        let mut clauses = vec![rest.clause()?];
        while !rest.is_empty() {
            let (at, word) = rest.word();
            if !word.eq_ignore_ascii_case("and") {
                return Err(InvalidFilter { at, expected: "expected `and` or the end" });
            }
            if clauses.len() == MAX_CLAUSES {
                return Err(InvalidFilter { at, expected: "a filter may have 8 conditions at most" });
            }
            clauses.push(rest.clause()?);
        }
        Ok(Self(clauses))
    }
}

/// What has not been read yet.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    fn skip_spaces(&mut self) {
        let left = &self.text[self.at..];
        self.at += left.len() - left.trim_start_matches(' ').len();
    }

    fn is_empty(&mut self) -> bool {
        self.skip_spaces();
        self.at == self.text.len()
    }

    /// The next run of letters, digits, `_` and `.`, perhaps empty, and where it begins.
    fn word(&mut self) -> (usize, &'a str) {
        self.skip_spaces();
        let (at, left) = (self.at, &self.text[self.at..]);
        let end = left.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(left.len());
        self.at += end;
        (at, &left[..end])
    }

    fn clause(&mut self) -> Result<Clause, InvalidFilter> {
        let (at, word) = self.word();
        let is = |a: &Attribute| word.eq_ignore_ascii_case(a.as_str());
        let attribute = [Attribute::Email, Attribute::Username, Attribute::ExternalId, Attribute::Status]
            .into_iter()
            .find(is)
            .ok_or(InvalidFilter { at, expected: "expected email, username, external_id or status" })?;
        let (at, word) = self.word();
        let operator = [Operator::Equals, Operator::StartsWith, Operator::Contains]
            .into_iter()
            .find(|o| word.eq_ignore_ascii_case(o.as_str()))
            .ok_or(InvalidFilter { at, expected: "expected eq, sw or co" })?;
        if attribute == Attribute::Status && operator != Operator::Equals {
            return Err(InvalidFilter { at, expected: "status can be compared with eq only" });
        }
        self.skip_spaces();
        let at = self.at;
        let value = normalise(attribute, self.string()?);
        if value.is_empty() || value.contains('\0') {
            return Err(InvalidFilter { at, expected: "the value must not be empty" });
        }
        if attribute == Attribute::Status && UserStatus::from_stored(&value).is_none() {
            return Err(InvalidFilter { at, expected: "expected \"active\", \"disabled\" or \"deleted\"" });
        }
        Ok(Clause { attribute, operator, value })
    }

    /// A JSON string.
    fn string(&mut self) -> Result<String, InvalidFilter> {
        let (at, left) = (self.at, &self.text[self.at..]);
        let invalid = InvalidFilter { at, expected: "expected a value in double quotes" };
        let inner = left.strip_prefix('"').ok_or(invalid)?;
        let mut escaped = false;
        let end = inner.bytes().position(|b| {
            let ends = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        });
        // The quotes belong to it.
        let whole = &left[..end.ok_or(invalid)? + 2];
        self.at += whole.len();
        serde_json::from_str(whole).map_err(|_| invalid)
    }
}

/// The way the attribute is stored: see [`users`](crate::users).
fn normalise(attribute: Attribute, value: String) -> String {
    match attribute {
        Attribute::Email | Attribute::Username => value.to_ascii_lowercase(),
        Attribute::ExternalId | Attribute::Status => value,
    }
}
