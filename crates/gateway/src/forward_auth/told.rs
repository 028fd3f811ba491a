//! Reads which request another proxy asks about.
//!
//! Proxies tell it in one of three ways, and clients may add headers of the others. So there is exactly one
//! way in a question, each field comes once, and what two readers could take for different requests is refused.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, request::Parts, uri::PathAndQuery};
use kernel::Problem;

use super::REQUEST;
use crate::{
    guard,
    transform::{self, Client},
};

const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");

/// How a proxy tells of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`: Traefik, Caddy.
    Forwarded,
    /// `X-Original-Method` and `X-Original-URL`: nginx.
    Original,
    /// Its own method, host and query, and its path behind ours: Envoy.
    Itself,
}

/// Turns the question into the request that it is about. `path` is where proxies ask; `client` who is behind
/// the question, as far as trusted proxies say.
pub(super) fn read(path: &str, parts: &mut Parts, client: Client) -> Result<(Client, Style), Problem> {
    let below = parts.uri.path().strip_prefix(path).unwrap_or_default();
    if parts.headers.keys().any(|name| transform::is_disguised(name.as_str())) {
        // The proxy would pass it on, beside the gate's own word.
        return Err(refuse("A header's name would be taken for one of the gate's, spelled with underscores."));
    }
    let style = style(below, &parts.headers)?;
    let told = match style {
        Style::Forwarded => forwarded(&parts.headers)?,
        Style::Original => original(&parts.headers)?,
        Style::Itself => itself(parts, path, client)?,
    };
    let asked = told.target.path();
    if asked == path || asked.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')) {
        return Err(refuse("The request that is asked about is such a question itself."));
    }
    if guard::loses_segments(asked) {
        return Err(refuse("The path has dot segments or empty ones, which servers read differently."));
    }
    parts.method = told.method;
    parts.uri = Uri::from(told.target);
    for name in [FORWARDED_METHOD, FORWARDED_URI, ORIGINAL_METHOD, ORIGINAL_URL] {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::HOST, told.host);
    Ok((Client { secure: told.secure, ..client }, style))
}

/// What a proxy tells.
struct Told {
    method: Method,
    target: PathAndQuery,
    host: HeaderValue,
    secure: bool,
}

/// The one way in which the proxy tells it.
fn style(below: &str, headers: &HeaderMap) -> Result<Style, Problem> {
    let any = |names: [HeaderName; 2]| names.iter().any(|name| headers.contains_key(name));
    let (forwarded, original) = (any([FORWARDED_METHOD, FORWARDED_URI]), any([ORIGINAL_METHOD, ORIGINAL_URL]));
    match (below.is_empty(), forwarded, original) {
        (true, true, false) => Ok(Style::Forwarded),
        (true, false, true) => Ok(Style::Original),
        (false, false, false) => Ok(Style::Itself),
        (true, false, false) => Err(refuse(
            "No request is told of: send X-Forwarded-Method, -Proto, -Host and -Uri, or X-Original-Method and \
             X-Original-URL, or the path behind ours.",
        )),
        _ => Err(refuse("The request is told of in two ways.")),
    }
}

fn forwarded(headers: &HeaderMap) -> Result<Told, Problem> {
    let secure = match only(headers, &FORWARDED_PROTO)? {
        "https" | "wss" => true,
        "http" | "ws" => false,
        _ => return Err(refuse("X-Forwarded-Proto is not http or https.")),
    };
    Ok(Told {
        method: method(only(headers, &FORWARDED_METHOD)?)?,
        target: target(only(headers, &FORWARDED_URI)?)?,
        host: host(only(headers, &FORWARDED_HOST)?)?,
        secure,
    })
}

fn original(headers: &HeaderMap) -> Result<Told, Problem> {
    let url = only(headers, &ORIGINAL_URL)?;
    let whole = || refuse("X-Original-URL is not scheme://host/path.");
    let (scheme, rest) = url.split_once("://").ok_or_else(whole)?;
    let secure = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(whole()),
    };
    let (authority, path) = rest.split_at(rest.find('/').ok_or_else(whole)?);
    // A proxy further out may have said the same. Whoever says something else is not to be believed.
    for (name, same) in [(FORWARDED_HOST, authority), (FORWARDED_PROTO, scheme)] {
        if headers.contains_key(&name) && !only(headers, &name)?.eq_ignore_ascii_case(same) {
            return Err(refuse("X-Original-URL and X-Forwarded-Host or X-Forwarded-Proto contradict each other."));
        }
    }
    Ok(Told {
        method: method(only(headers, &ORIGINAL_METHOD)?)?,
        target: target(path)?,
        host: host(authority)?,
        secure,
    })
}

fn itself(parts: &Parts, path: &str, client: Client) -> Result<Told, Problem> {
    let whole = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next(), parts.uri.authority()) {
        (Some(one), None, None) => one.clone(),
        (one, None, Some(authority))
            if one.is_none_or(|one| one.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes())) =>
        {
            self::host(authority.as_str())?
        }
        _ => return Err(refuse("The host is missing or ambiguous.")),
    };
    Ok(Told {
        method: parts.method.clone(),
        target: target(whole.strip_prefix(path).unwrap_or_default())?,
        host,
        secure: client.secure,
    })
}

/// The value of a field that comes once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<&'h str, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        _ => Err(refuse(format!("{name} is missing, repeated or not text."))),
    }
}

fn method(text: &str) -> Result<Method, Problem> {
    let upper = text.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'));
    Method::from_bytes(text.as_bytes()).ok().filter(|_| upper).ok_or_else(|| refuse("The method is not one."))
}

/// A path and a query, as in a request line.
fn target(text: &str) -> Result<PathAndQuery, Problem> {
    let plain = text.starts_with('/') && guard::is_plain_target(text);
    let parsed = PathAndQuery::try_from(text).ok().filter(|parsed| plain && parsed.as_str() == text);
    parsed.ok_or_else(|| refuse("The target is not a path and a query."))
}

fn host(text: &str) -> Result<HeaderValue, Problem> {
    let value = guard::parse_host(text).and_then(|_| HeaderValue::from_str(text).ok());
    value.ok_or_else(|| refuse("The host is not one."))
}

fn refuse(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(REQUEST).detail(detail)
}
