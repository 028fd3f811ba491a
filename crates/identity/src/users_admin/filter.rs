//! The filter of user lists: a subset of SCIM's (RFC 7644 §3.4.2.2).
//!
//! ```text
//! filter    = clause *( "and" clause )
//! clause    = text ( "eq" / "sw" / "co" ) string  ; equals, starts with, contains
//!           / word "eq" string
//!           / "email_verified" "eq" ( "true" / "false" )
//!           / time ( "gt" / "ge" / "lt" / "le" ) string  ; RFC 3339
//! text      = "email" / "username" / "external_id" / "display_name" / "company_name" / "phone"
//! word      = "status" / "role"
//! time      = "created_at" / "last_login_at"
//! string    = a JSON string
//! ```
//!
//! Beside it stands a plain text that is [looked for](Filter::searching) in what people are known by.
//!
//! Words are read in any case. What is parsed becomes parameters of a statement, never part of its text.
//! Deliberately absent: `or`, `not`, parentheses and sorting, which would need an index for each.

use kernel::{RoleName, Timestamp};
use serde::{Deserialize as _, de::IntoDeserializer as _};

use crate::users::UserStatus;

/// Longest filter, in bytes.
const MAX_LEN: usize = 1_024;
/// Most clauses.
const MAX_CLAUSES: usize = 8;
/// Longest text that is looked for, in characters.
const MAX_SEARCH: usize = 100;

/// What of a user is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attribute {
    /// E-mail address; case does not matter.
    Email,
    /// Login name; case does not matter.
    Username,
    /// The consuming application's id.
    ExternalId,
    /// How to call them; case does not matter.
    DisplayName,
    /// Their company; case does not matter.
    CompanyName,
    /// Phone, E.164.
    Phone,
    /// Whether they may do anything.
    Status,
    /// A role that was given to them.
    Role,
    /// Whether the address is verified.
    EmailVerified,
    /// When they were created.
    CreatedAt,
    /// Last successful login. Whoever never logged in meets no condition.
    LastLoginAt,
}

/// What an attribute is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Word,
    Flag,
    Time,
}

impl Attribute {
    const ALL: [Self; 11] = [
        Self::Email,
        Self::Username,
        Self::ExternalId,
        Self::DisplayName,
        Self::CompanyName,
        Self::Phone,
        Self::Status,
        Self::Role,
        Self::EmailVerified,
        Self::CreatedAt,
        Self::LastLoginAt,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::ExternalId => "external_id",
            Self::DisplayName => "display_name",
            Self::CompanyName => "company_name",
            Self::Phone => "phone",
            Self::Status => "status",
            Self::Role => "role",
            Self::EmailVerified => "email_verified",
            Self::CreatedAt => "created_at",
            Self::LastLoginAt => "last_login_at",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Status | Self::Role => Kind::Word,
            Self::EmailVerified => Kind::Flag,
            Self::CreatedAt | Self::LastLoginAt => Kind::Time,
            _ => Kind::Text,
        }
    }

    /// What it can be compared by, and what is said about any other.
    const fn operators(self) -> (&'static [Operator], &'static str) {
        use Operator::{After, Before, Contains, Equals, NotAfter, NotBefore, StartsWith};
        match self.kind() {
            Kind::Text => (&[Equals, StartsWith, Contains], "expected eq, sw or co"),
            Kind::Word | Kind::Flag => (&[Equals], "expected eq"),
            Kind::Time => (&[After, NotBefore, Before, NotAfter], "expected gt, ge, lt or le"),
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
    /// Later than the value.
    After,
    /// At the value, or later.
    NotBefore,
    /// Earlier than the value.
    Before,
    /// At the value, or earlier.
    NotAfter,
}

impl Operator {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "eq",
            Self::StartsWith => "sw",
            Self::Contains => "co",
            Self::After => "gt",
            Self::NotBefore => "ge",
            Self::Before => "lt",
            Self::NotAfter => "le",
        }
    }
}

/// With what it is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A text, normalised the way the attribute is stored.
    Text(String),
    /// Whether it is so.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
}

/// One condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// Of what.
    pub attribute: Attribute,
    /// How.
    pub operator: Operator,
    /// With what.
    pub value: Operand,
}

/// All of these must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    clauses: Vec<Clause>,
    search: Option<String>,
}

impl Filter {
    /// The conditions.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }
    /// The text that is looked for in name, address and user name.
    pub fn search(&self) -> Option<&str> {
        self.search.as_deref()
    }
    /// The same, with a text to be looked for as well; spaces around it do not count, and nothing is no text.
    pub fn searching(self, text: &str) -> Result<Self, InvalidSearch> {
        let text = text.trim();
        if text.chars().count() > MAX_SEARCH || text.chars().any(char::is_control) {
            return Err(InvalidSearch);
        }
        Ok(Self { search: (!text.is_empty()).then(|| text.to_owned()), ..self })
    }
    /// Whether a condition is about the attribute.
    pub fn mentions(&self, attribute: Attribute) -> bool {
        self.clauses.iter().any(|clause| clause.attribute == attribute)
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

/// A text that is not looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("may have {MAX_SEARCH} characters at most, and no control characters")]
pub struct InvalidSearch;

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
        Ok(Self { clauses, search: None })
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
        let attribute = Attribute::ALL.into_iter().find(is).ok_or(InvalidFilter { at, expected: ATTRIBUTES })?;
        let (at, word) = self.word();
        let (operators, expected) = attribute.operators();
        let operator = operators.iter().copied().find(|o| word.eq_ignore_ascii_case(o.as_str()));
        let operator = operator.ok_or(InvalidFilter { at, expected })?;
        self.skip_spaces();
        let at = self.at;
        let value = match attribute.kind() {
            Kind::Flag => self.flag()?,
            _ => operand(attribute, self.string()?).map_err(|expected| InvalidFilter { at, expected })?,
        };
        Ok(Clause { attribute, operator, value })
    }

    /// `true` or `false`.
    fn flag(&mut self) -> Result<Operand, InvalidFilter> {
        match self.word() {
            (_, word) if word.eq_ignore_ascii_case("true") => Ok(Operand::Flag(true)),
            (_, word) if word.eq_ignore_ascii_case("false") => Ok(Operand::Flag(false)),
            (at, _) => Err(InvalidFilter { at, expected: "expected true or false" }),
        }
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

/// What is said about another attribute.
const ATTRIBUTES: &str = "expected email, username, external_id, display_name, company_name, phone, status, role, \
     email_verified, created_at or last_login_at";

/// The value, the way the attribute is stored: see [`users`](crate::users). `Err`: what was expected.
fn operand(attribute: Attribute, value: String) -> Result<Operand, &'static str> {
    let value = match attribute {
        Attribute::Email | Attribute::Username => value.to_ascii_lowercase(),
        // People write them with spaces and hyphens.
        Attribute::Phone => value.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        _ => value,
    };
    if value.is_empty() || value.contains('\0') {
        return Err("the value must not be empty");
    }
    match attribute {
        Attribute::Status if UserStatus::from_stored(&value).is_none() => {
            Err("expected \"active\", \"disabled\" or \"deleted\"")
        }
        Attribute::Role if value.parse::<RoleName>().is_err() => Err("expected the name of a role"),
        Attribute::CreatedAt | Attribute::LastLoginAt => {
            let read: Result<_, serde::de::value::Error> = Timestamp::deserialize(value.into_deserializer());
            read.map(Operand::Time).map_err(|_| "expected a time such as \"2026-01-31T12:00:00Z\"")
        }
        _ => Ok(Operand::Text(value)),
    }
}
