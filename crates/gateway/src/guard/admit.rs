//! Judges a parsed request of any HTTP version, and gives its path and host their one spelling.
//!
//! HTTP/1 heads have been judged as bytes before ([`crate::http1`]); what is asked again here is cheap
//! and holds for HTTP/2 as well, whose frames are never read as bytes.

use http::{
    HeaderMap, HeaderValue, Method, Uri, Version,
    header::{CONTENT_LENGTH, HOST},
    request::Parts,
};
use kernel::Problem;

use super::{HeadLimits, host, path, problems};

/// The one spelling of what a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// As sent; its path is the normalised one unless `path` says otherwise.
    uri: Uri,
    path: Option<String>,
    host: HeaderValue,
    name: Name,
}

/// The canonical host name.
#[derive(Clone, Debug)]
enum Name {
    /// The first bytes of the field's value.
    AsSent(usize),
    Changed(String),
}

impl Admitted {
    /// The normalised path.
    pub(crate) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_else(|| self.uri.path())
    }
    /// The query, as sent.
    pub(crate) fn query(&self) -> Option<&str> {
        self.uri.query()
    }
    /// The host name as routes and tenants know it: lower case, without port.
    pub(crate) fn host(&self) -> &str {
        match &self.name {
            Name::Changed(name) => name,
            Name::AsSent(length) => self.host.to_str().ok().and_then(|h| h.get(..*length)).unwrap_or_default(),
        }
    }
    /// The host as sent, with its port.
    pub(crate) const fn host_field(&self) -> &HeaderValue {
        &self.host
    }
    /// The target as sent, when its path and query can be sent on unchanged.
    pub(crate) fn unchanged_target(&self) -> Option<&http::uri::PathAndQuery> {
        if self.path.is_some() { None } else { self.uri.path_and_query() }
    }
}

/// Judges the request. Its head is left as it is.
pub(crate) fn admit(parts: &Parts, limits: &HeadLimits) -> Result<Admitted, Problem> {
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Err(problems::METHOD.into());
    }
    if !matches!(parts.version, Version::HTTP_10 | Version::HTTP_11 | Version::HTTP_2) {
        return Err(problems::VERSION.into());
    }
    let target = parts.uri.path_and_query().map_or(0, |t| t.as_str().len());
    if target > limits.target {
        return Err(problems::TARGET_TOO_LONG.into());
    }
    if parts.headers.len() > limits.headers {
        return Err(problems::HEAD_TOO_LARGE.into());
    }
    check_length(&parts.headers)?;
    let host = find_host(parts)?;
    let name = {
        let text = host.to_str().map_err(|_| problems::HOST)?;
        let parsed = host::parse(text).ok_or(problems::HOST)?;
        match parsed.canonical() {
            std::borrow::Cow::Borrowed(name) => Name::AsSent(name.len()),
            std::borrow::Cow::Owned(name) => Name::Changed(name),
        }
    };
    let path = match path::normalise(parts.uri.path()) {
        Ok(std::borrow::Cow::Borrowed(_)) => None,
        Ok(std::borrow::Cow::Owned(path)) => Some(path),
        Err(error) => return Err(Problem::new(problems::PATH).detail(format!("{error}."))),
    };
    Ok(Admitted { uri: parts.uri.clone(), path, host, name })
}

/// One length or none, in plain digits.
fn check_length(headers: &HeaderMap) -> Result<(), Problem> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(()),
        (Some(one), None) if !one.is_empty() && one.as_bytes().iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(problems::FRAMING.into()),
    }
}

/// `Host`, or `:authority` in HTTP/2; where both are, they agree.
fn find_host(parts: &Parts) -> Result<HeaderValue, Problem> {
    let mut fields = parts.headers.get_all(HOST).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err(problems::HOST.into());
    }
    match (field, parts.uri.authority()) {
        (Some(field), Some(authority)) if !field.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) => {
            Err(Problem::new(problems::HOST).detail("The request target names another host than Host."))
        }
        (Some(field), _) => Ok(field.clone()),
        (None, Some(authority)) => HeaderValue::from_str(authority.as_str()).map_err(|_| problems::HOST.into()),
        (None, None) => Err(problems::HOST.into()),
    }
}
