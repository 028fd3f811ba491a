//! Finding the one credential of a request.

use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, COOKIE as COOKIES},
};
use kernel::{AuthMethod, Problem};

use super::{COOKIE, INSECURE_COOKIE, Policy, REFUSED, SEVERAL};

/// The header for API keys.
const API_KEY: &str = "x-api-key";
/// How API keys begin, so that they can be told from tokens behind `Bearer`.
const API_KEY_PREFIX: &str = "pk_";
/// Longest API key and cookie that is looked at.
const MAX_SECRET: usize = 512;

/// What the caller presents, not yet proven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented<'a> {
    Token(&'a str),
    ApiKey(&'a str),
    /// Sent by the browser by itself.
    Session(&'a str),
}

impl<'a> Presented<'a> {
    /// What kind it is.
    pub(super) const fn method(&self) -> AuthMethod {
        match self {
            Self::Token(_) => AuthMethod::Jwt,
            Self::ApiKey(_) => AuthMethod::ApiKey,
            Self::Session(_) => AuthMethod::Session,
        }
    }

    /// The credential of the request. Cookies are read only where no explicit credential is present and
    /// the route takes sessions.
    pub(super) fn find(
        headers: &'a HeaderMap,
        policy: &Policy,
        insecure_development: bool,
    ) -> Result<Option<Self>, Problem> {
        let bearer = one(headers.get_all(AUTHORIZATION).iter())?.map(bearer).transpose()?.flatten();
        let api_key = one(headers.get_all(API_KEY).iter())?;
        match (bearer, api_key) {
            (Some(_), Some(_)) => Err(SEVERAL.into()),
            (Some(secret), None) if secret.starts_with(API_KEY_PREFIX) => bounded(secret).map(Self::ApiKey).map(Some),
            (Some(token), None) => Ok(Some(Self::Token(token))),
            (None, Some(value)) => bounded(text(value)?).map(Self::ApiKey).map(Some),
            (None, None) if policy.accepts(AuthMethod::Session) => {
                let found = session(headers, insecure_development)?;
                found.map(|cookie| bounded(cookie).map(Self::Session)).transpose()
            }
            (None, None) => Ok(None),
        }
    }
}

/// The only item, if there is one.
fn one<T>(mut items: impl Iterator<Item = T>) -> Result<Option<T>, Problem> {
    let first = items.next();
    if items.next().is_some() { Err(SEVERAL.into()) } else { Ok(first) }
}

fn text(value: &HeaderValue) -> Result<&str, Problem> {
    value.to_str().map_err(|_| Problem::new(REFUSED).cause("not visible ASCII"))
}

/// The token behind `Bearer` (RFC 6750 §2.1; schemes compare without case, RFC 9110 §11.1). `None` for
/// other schemes: they are between the client and the upstream.
fn bearer(value: &HeaderValue) -> Result<Option<&str>, Problem> {
    let value = text(value)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() { Err(Problem::new(REFUSED).cause("Bearer without a token")) } else { Ok(Some(token)) }
}

fn bounded(secret: &str) -> Result<&str, Problem> {
    if secret.is_empty() || secret.len() > MAX_SECRET {
        return Err(Problem::new(REFUSED).cause("empty, or longer than any key or cookie of ours"));
    }
    Ok(secret)
}

/// The session cookie. HTTP/2 may split `Cookie` into several fields (RFC 9113 §8.2.3).
fn session(headers: &HeaderMap, insecure_development: bool) -> Result<Option<&str>, Problem> {
    let ours = |name: &str| name == COOKIE || (insecure_development && name == INSECURE_COOKIE);
    one(headers
        .get_all(COOKIES)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| ours(name.trim()))
        .map(|(_, value)| value.trim()))
}
