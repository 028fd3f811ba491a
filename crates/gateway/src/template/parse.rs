//! From text to [`Template`].

use http::HeaderName;

use super::{Part, Source, Template};
use crate::{
    route::{PathPattern, Segment},
    transform,
};

/// Why a text is no template.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum InvalidTemplate {
    /// A brace is not closed, or not opened.
    #[error("a brace stands alone; write `{{{{` or `}}}}` for a brace itself")]
    Brace,
    /// No such placeholder.
    #[error("`{{{0}}}` is not a placeholder")]
    Unknown(String),
    /// The route's path has no such parameter.
    #[error("the route's path has no parameter `{0}`")]
    Parameter(String),
    /// The field is the gate's to write.
    #[error("`{0}` is written by the gate itself: what a client sends under that name cannot be used")]
    Forgeable(String),
    /// Not always there, where something must be.
    #[error("`{{{0}}}` is not part of every request, and a path cannot do without it")]
    Uncertain(String),
    /// A control character.
    #[error("a control character cannot be sent")]
    Control,
}

impl InvalidTemplate {
    /// What to write instead.
    pub(crate) const fn hint(&self) -> &'static str {
        match self {
            Self::Uncertain(_) => {
                "In a path use {path.NAME}, {tenant}, {tenant.id}, {method}, {route}, and {user.id} where a caller is required."
            }
            _ => {
                "Placeholders are {path.NAME}, {header.NAME}, {query.NAME}, {user.id}, {user.roles}, {user.scopes}, {tenant}, {tenant.id}, {request_id}, {client_ip}, {host}, {method} and {route}."
            }
        }
    }
}

/// What a template may speak of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// The route's path.
    pub(crate) path: &'a PathPattern,
    /// The name in `{*rest}`.
    pub(crate) rest: Option<&'a str>,
    /// Whether every request has a caller.
    pub(crate) caller: bool,
    /// Whether the JSON body is at hand.
    pub(crate) body: bool,
}

impl Scope<'_> {
    /// The template in the text.
    pub(crate) fn parse(&self, text: &str) -> Result<Template, InvalidTemplate> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(InvalidTemplate::Control);
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let name = brace.strip_prefix('{').ok_or(InvalidTemplate::Brace)?;
            let (name, after) = name.split_once('}').ok_or(InvalidTemplate::Brace)?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal).into()));
            }
            parts.push(Part::Value(self.source(name)?));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal.into()));
        }
        Ok(Template(parts.into()))
    }

    /// The template in the text, which must always yield something.
    pub(crate) fn parse_certain(&self, text: &str) -> Result<Template, InvalidTemplate> {
        let template = self.parse(text)?;
        for part in &template.0 {
            let name = match part {
                Part::Value(Source::Header(name)) => format!("header.{name}"),
                Part::Value(Source::Query(name)) => format!("query.{name}"),
                Part::Value(Source::UserRoles) => "user.roles".to_owned(),
                Part::Value(Source::UserScopes) => "user.scopes".to_owned(),
                Part::Value(Source::UserId) if !self.caller => "user.id".to_owned(),
                Part::Value(Source::Body(pointer)) => format!("body.{pointer}"),
                _ => continue,
            };
            return Err(InvalidTemplate::Uncertain(name));
        }
        Ok(template)
    }

    fn source(&self, name: &str) -> Result<Source, InvalidTemplate> {
        let unknown = || InvalidTemplate::Unknown(name.chars().take(64).collect());
        Ok(match name.split_once('.') {
            None => match name {
                "tenant" => Source::TenantSlug,
                "request_id" => Source::RequestId,
                "client_ip" => Source::ClientIp,
                "host" => Source::Host,
                "method" => Source::Method,
                "route" => Source::Route,
                _ => return Err(unknown()),
            },
            Some(("path", parameter)) => self.parameter(parameter)?,
            Some(("header", field)) => {
                let field = HeaderName::from_bytes(field.as_bytes()).map_err(|_| unknown())?;
                if transform::is_reserved_in_request(field.as_str()) {
                    return Err(InvalidTemplate::Forgeable(field.to_string()));
                }
                Source::Header(field)
            }
            Some(("query", parameter)) if !parameter.is_empty() => Source::Query(parameter.into()),
            Some(("user", "id")) => Source::UserId,
            Some(("user", "roles")) => Source::UserRoles,
            Some(("user", "scopes")) => Source::UserScopes,
            Some(("tenant", "id")) => Source::TenantId,
            Some(("body", pointer)) if self.body && (pointer.is_empty() || pointer.starts_with('/')) => {
                Source::Body(pointer.into())
            }
            Some(_) => return Err(unknown()),
        })
    }

    fn parameter(&self, name: &str) -> Result<Source, InvalidTemplate> {
        let is = |segment: &Segment| matches!(segment, Segment::Parameter(own) if **own == *name);
        match self.path.segments.iter().position(is) {
            Some(at) => Ok(Source::Segment(at)),
            None if self.rest == Some(name) => Ok(Source::Rest(self.path.segments.len())),
            None => Err(InvalidTemplate::Parameter(name.chars().take(64).collect())),
        }
    }
}
