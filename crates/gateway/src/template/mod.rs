//! The small language of transforms: text with placeholders, such as `/orders/{path.id}`.
//!
//! A template is parsed once, when the configuration is loaded, and every error is an error there. At a
//! request it is filled in from [`Facts`]; each value is escaped for the [`Place`] it goes to, so no
//! value can end a header line, add a path segment or a query parameter. A value that the request does
//! not have makes the whole template yield nothing: half a text helps nobody.
//!
//! | placeholder | is |
//! |---|---|
//! | `{path.NAME}` | a parameter of the route's own path, `{id}` or `{*rest}` |
//! | `{header.NAME}` | a field of the request, as the client sent it |
//! | `{query.NAME}` | the first query parameter of that name, decoded |
//! | `{user.id}` `{user.roles}` `{user.scopes}` | the caller |
//! | `{tenant}` `{tenant.id}` | the tenant's slug and its id |
//! | `{request_id}` `{client_ip}` `{host}` `{method}` `{route}` | the request |
//! | `{body./pointer}` | a value of the JSON body, where a body is at hand |
//! | `{{` `}}` | a brace |
//!
//! Deliberately absent: conditions, loops, functions. What needs them belongs into a service.

mod facts;
mod parse;

pub(crate) use facts::{Facts, Place, decode_query};
#[cfg(test)]
use parse::InvalidTemplate;
pub(crate) use parse::Scope;

use std::borrow::Cow;

use http::HeaderName;
use percent_encoding::percent_decode_str;

use crate::route::PathPattern;

/// A parsed template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Template(Box<[Part]>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(Box<str>),
    Value(Source),
}

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Source {
    /// The path's segment of this number, from zero.
    Segment(usize),
    /// The path from this segment on.
    Rest(usize),
    Header(HeaderName),
    Query(Box<str>),
    UserId,
    UserRoles,
    UserScopes,
    TenantSlug,
    TenantId,
    RequestId,
    ClientIp,
    Host,
    Method,
    Route,
    /// A JSON Pointer (RFC 6901) into the body.
    Body(Box<str>),
}

impl Template {
    /// This text, a slash, and what the pattern's `{*rest}` stands for; without one, the text.
    pub(crate) fn prefixed(text: &str, path: &PathPattern) -> Self {
        match path.prefix {
            false => Self([Part::Text(text.into())].into()),
            true => {
                let rest = Part::Value(Source::Rest(path.segments.len()));
                Self([Part::Text(format!("{text}/").into()), rest].into())
            }
        }
    }

    /// The text with every value filled in and escaped for the place. `None` when a value is missing.
    pub(crate) fn fill(&self, place: Place, facts: &Facts<'_>) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                // A path is written as a path; a parameter's value is any text.
                Part::Text(part) if place == Place::Query => facts::escape(&mut text, part, place),
                Part::Text(part) => text.push_str(part),
                Part::Value(source) => facts.write(&mut text, source, place)?,
            }
        }
        Some(text)
    }

    /// The pointer, when the template is one value of the body and nothing else: that value is then taken
    /// as it is, number or table, and not as text.
    pub(crate) fn body_pointer(&self) -> Option<&str> {
        match &*self.0 {
            [Part::Value(Source::Body(pointer))] => Some(pointer),
            _ => None,
        }
    }

    /// The text, when there is no placeholder in it.
    pub(crate) fn constant(&self) -> Option<Cow<'_, str>> {
        match &*self.0 {
            [] => Some(Cow::Borrowed("")),
            [Part::Text(text)] => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
}

/// Decodes what is known to be UTF-8 behind its escapes; else as it stands.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests;
