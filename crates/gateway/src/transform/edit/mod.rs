//! What a route changes about requests and responses: path, query, header fields, status.
//!
//! Compiled once. At a request everything that depends on it is filled in first, from the request as the
//! client sent it ([`RequestEdits::fill`]), and put in place after the gate has removed what no upstream
//! may see and written what it says itself ([`FilledRequest::write`]). So a template reads what the
//! client sent, and no edit can reach what the gate vouches for.
//!
//! Deliberately absent: edits of the gate's own refusals; conditions, which are what routes are for.

mod config;
mod fields;
mod query;

pub use config::{EditsConfig, RequestEditsConfig, ResponseEditsConfig};
pub(crate) use fields::{FieldEdits, FilledFields};

use http::{HeaderMap, Response, StatusCode, uri::PathAndQuery};
use kernel::Problem;

use self::query::QueryEdits;
use super::{is_reserved_in_request, is_reserved_in_response};
use crate::{
    config::Findings,
    guard,
    route::PathPattern,
    template::{Facts, Place, Scope, Template},
};

/// What changes about a route's requests.
#[derive(Debug, Default)]
pub(crate) struct RequestEdits {
    path: Option<Template>,
    query: Option<QueryEdits>,
    fields: Option<FieldEdits>,
}

/// The changes to one request.
#[derive(Clone, Default)]
pub(crate) struct FilledRequest {
    /// The target, where it changes.
    pub(crate) target: Option<PathAndQuery>,
    fields: Option<FilledFields>,
}

impl RequestEdits {
    /// Compiles `[routes.request]`.
    pub(crate) fn compile(
        config: &RequestEditsConfig,
        at: &str,
        scope: &Scope<'_>,
        strips_prefix: bool,
        findings: &mut Findings,
    ) -> Self {
        let path = config.path.as_ref().and_then(|text| {
            let at = format!("{at}.path");
            if strips_prefix {
                findings.add(&at, "excludes strip_prefix", "Write the whole path here, and drop strip_prefix.");
            }
            // The path's own text must be one already; values are looked at when they are known.
            if let Err(error) = guard::normalise(&text.replace(['{', '}'], "_")) {
                findings.add(&at, error.to_string(), "Write the path as the upstream knows it.");
            }
            if text.contains(['?', '#']) {
                findings.add(&at, "a path has no query", "Set parameters in [routes.request.query].");
            }
            scope.parse_certain(text).map_err(|error| findings.add(&at, error.to_string(), error.hint())).ok()
        });
        let fields =
            FieldEdits::compile(&config.headers, &format!("{at}.headers"), scope, is_reserved_in_request, findings);
        let query = QueryEdits::compile(&config.query, &format!("{at}.query"), scope, findings);
        Self { path, query, fields }
    }

    /// A route that only asks for another path: this prefix, and what `{*rest}` of its own path stands for.
    pub(crate) fn onto(prefix: &str, path: &PathPattern) -> Self {
        Self { path: Some(Template::prefixed(prefix, path)), query: None, fields: None }
    }

    /// The changes to this request. A path that is no path any more is refused.
    pub(crate) fn fill(&self, facts: &Facts<'_>) -> Result<FilledRequest, Problem> {
        let target = if self.path.is_some() || self.query.is_some() { Some(self.target(facts)?) } else { None };
        Ok(FilledRequest { target, fields: self.fields.as_ref().map(|fields| fields.fill(facts)) })
    }

    fn target(&self, facts: &Facts<'_>) -> Result<PathAndQuery, Problem> {
        let mut target = match &self.path {
            None => facts.path.to_owned(),
            Some(template) => {
                let path = template.fill(Place::Path, facts).unwrap_or_default();
                // A value such as `..` is harmless in its own place, and might not be in another one.
                let path = guard::normalise(&path).map_err(|error| Problem::new(guard::PATH).cause(error))?;
                path.into_owned()
            }
        };
        let query = match &self.query {
            None => facts.query.map(Into::into),
            Some(edits) => edits.apply(facts),
        };
        if let Some(query) = query {
            target.push('?');
            target.push_str(&query);
        }
        PathAndQuery::try_from(target).map_err(|error| Problem::new(guard::TARGET_TOO_LONG).cause(error))
    }
}

impl FilledRequest {
    /// Tells everything that the fields may change about an answer.
    pub(crate) fn tell(&self, tell: impl FnMut(&[u8])) {
        if let Some(fields) = &self.fields {
            fields.tell(tell);
        }
    }

    /// Puts the fields in place.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        if let Some(fields) = self.fields {
            fields.write(headers);
        }
    }
}

/// What changes about a route's responses.
#[derive(Debug, Default)]
pub(crate) struct ResponseEdits {
    status: Box<[(StatusCode, StatusCode)]>,
    fields: Option<FieldEdits>,
}

impl ResponseEdits {
    /// Compiles `[routes.response]`.
    pub(crate) fn compile(config: &ResponseEditsConfig, at: &str, scope: &Scope<'_>, findings: &mut Findings) -> Self {
        let mut status = Vec::new();
        for (from, to) in &config.status {
            let valid = |code: u16| (200..600).contains(&code) && !matches!(code, 204 | 205 | 304);
            match from.parse().ok().filter(|from| valid(*from)).zip(Some(*to).filter(|to| valid(*to))) {
                Some((from, to)) => status.extend(StatusCode::from_u16(from).ok().zip(StatusCode::from_u16(to).ok())),
                None => findings.add(
                    format!("{at}.status.{from}"),
                    "both must be statuses of responses that may have a body",
                    "Write statuses from 200 to 599 other than 204, 205 and 304, such as { 404 = 410 }.",
                ),
            }
        }
        let at = format!("{at}.headers");
        let fields = FieldEdits::compile(&config.headers, &at, scope, is_reserved_in_response, findings);
        Self { status: status.into(), fields }
    }

    /// The fields to put into the response to this request.
    pub(crate) fn fill(&self, facts: &Facts<'_>) -> Option<FilledFields> {
        self.fields.as_ref().map(|fields| fields.fill(facts))
    }

    /// Changes the response.
    pub(crate) fn write<B>(&self, fields: Option<FilledFields>, response: &mut Response<B>) {
        let own = response.status();
        if let Some((_, to)) = self.status.iter().find(|(from, _)| *from == own) {
            *response.status_mut() = *to;
        }
        if let Some(fields) = fields {
            fields.write(response.headers_mut());
        }
    }
}

#[cfg(test)]
mod tests;
