//! Which pages of other origins may use a route (Fetch standard, "HTTP-CORS protocol").
//!
//! A preflight is answered here and now: browsers send no credential with it, so it must be before
//! authentication. It says what a browser may do next, for whom the upstream need not be asked. Every
//! other answer of the route, refusals included, says whether the page may read it, and that this
//! depends on `Origin`, so that no cache hands one page's permission to another.
//!
//! Deliberately absent: refusing requests for their `Origin`. CORS protects a browser's user from pages;
//! who may call is the business of authentication, and of its own check against forged requests.

mod config;
mod origins;

pub use config::CorsConfig;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use kernel::{Problem, edge::Tenant};

use self::origins::Origins;
use crate::{body::Body, config::Findings};

kernel::problems! {
    /// The preflight's origin, method or header is not on the route's list.
    pub REFUSED = 403 "cors.refused" "This page may not use the route" "Use an origin, method and header fields that the route's cors settings allow.";
}

/// Most header fields that one preflight may ask for.
const MAX_FIELDS: usize = 64;

/// The rules of one route.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Origins,
    credentials: bool,
    /// Empty: any.
    methods: Box<[Method]>,
    allow_methods: Option<HeaderValue>,
    /// Empty: any.
    fields: Box<[HeaderName]>,
    expose: Option<HeaderValue>,
    max_age: HeaderValue,
}

/// What a response says about the page that asked.
#[derive(Debug)]
pub(crate) struct Verdict {
    origin: Option<HeaderValue>,
    credentials: bool,
    expose: Option<HeaderValue>,
    varies: bool,
}

/// The method that a preflight asks about; `None` when the request is no preflight.
pub(crate) fn asked_method(parts: &Parts) -> Option<Method> {
    if parts.method != Method::OPTIONS || !parts.headers.contains_key(header::ORIGIN) {
        return None;
    }
    let method = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    Method::from_bytes(method.as_bytes()).ok()
}

impl Cors {
    /// Compiles `[routes.cors]`.
    pub(crate) fn compile(config: &CorsConfig, at: &str, route_methods: &[String], findings: &mut Findings) -> Self {
        let origins = Origins::compile(config, at, findings);
        if config.credentials && origins.any() {
            findings.add(
                format!("{at}.credentials"),
                "with origins = [\"*\"] every page could act as its visitor",
                "List the origins, or leave credentials out.",
            );
        }
        let methods = if config.methods.is_empty() { route_methods } else { &config.methods };
        let parse = |(i, text): (usize, &String)| {
            let method = Method::from_bytes(text.as_bytes()).ok().filter(|m| m.as_str() == text.to_ascii_uppercase());
            if method.is_none() && !config.methods.is_empty() {
                findings.add(format!("{at}.methods[{i}]"), "is not a method", "Use upper case: GET, POST.");
            }
            method
        };
        let methods: Box<[Method]> = methods.iter().enumerate().filter_map(parse).collect();
        let mut names = |list: &[String], kind: &str| -> Box<[HeaderName]> {
            let parse = |(i, text): (usize, &String)| {
                let name = HeaderName::from_bytes(text.as_bytes()).ok().filter(|name| name.as_str() != "*");
                if name.is_none() {
                    let at = format!("{at}.{kind}[{i}]");
                    findings.add(at, "is not the name of a header field", "Write a name such as X-Total-Count.");
                }
                name
            };
            list.iter().enumerate().filter_map(parse).collect()
        };
        let fields = names(&config.headers, "headers");
        let expose = names(&config.expose, "expose");
        Self {
            origins,
            credentials: config.credentials,
            allow_methods: list(methods.iter().map(Method::as_str)),
            methods,
            fields,
            expose: list(expose.iter().map(HeaderName::as_str)),
            max_age: config.max_age.get().as_secs().into(),
        }
    }

    /// Whether the page behind the request may read the answer.
    pub(crate) fn judge(&self, headers: &HeaderMap, tenant: Option<&Tenant>) -> Verdict {
        let origin = single(headers, &header::ORIGIN).filter(|origin| self.origins.allow(origin, tenant));
        let everybody = self.origins.any() && !self.credentials;
        Verdict {
            origin: match origin {
                Some(_) if everybody => Some(HeaderValue::from_static("*")),
                other => other.cloned(),
            },
            credentials: self.credentials,
            expose: self.expose.clone(),
            varies: !everybody,
        }
    }

    /// The answer to a preflight that asks about this method, without the fields of the [`Verdict`].
    pub(crate) fn preflight(
        &self,
        method: &Method,
        headers: &HeaderMap,
        tenant: Option<&Tenant>,
    ) -> Result<Response<Body>, Problem> {
        let refused = |why: &'static str| Err(Problem::new(REFUSED).detail(why));
        if self.judge(headers, tenant).origin.is_none() {
            return refused("The page's origin is not allowed to use this route.");
        }
        let implied = |own: &Method| own == method || (*own == Method::GET && *method == Method::HEAD);
        if !self.methods.is_empty() && !self.methods.iter().any(implied) {
            return refused("The method is not allowed from another origin.");
        }
        let Some(asked) = asked_fields(headers) else {
            return refused("Access-Control-Request-Headers is not a list of header fields.");
        };
        if !self.fields.is_empty() && asked.iter().any(|name| !self.fields.contains(name)) {
            return refused("A header field is not allowed from another origin.");
        }
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        let fields = response.headers_mut();
        // Without a list, what was asked for is the answer: it is all that the browser wants to know.
        let methods = self.allow_methods.clone().or_else(|| HeaderValue::from_str(method.as_str()).ok());
        if let Some(methods) = methods {
            fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if let Some(allowed) = list(asked.iter().map(HeaderName::as_str)) {
            fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
        fields.insert(header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        for name in ["access-control-request-method", "access-control-request-headers"] {
            fields.append(header::VARY, HeaderValue::from_static(name));
        }
        Ok(response)
    }
}

impl Verdict {
    /// Says so in the response, in place of what an upstream says.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        if self.varies {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = self.origin else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(expose) = self.expose {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
    }
}

/// The only value of a field.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// The fields that a preflight asks for; `None` when the list is none.
fn asked_fields(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let values = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let tokens = values.iter().flat_map(|value| value.as_bytes().split(|b| *b == b',')).map(<[u8]>::trim_ascii);
    let names: Option<Vec<HeaderName>> =
        tokens.filter(|token| !token.is_empty()).map(|token| HeaderName::from_bytes(token).ok()).collect();
    names.filter(|names| names.len() <= MAX_FIELDS)
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> Option<HeaderValue> {
    let words: Vec<&str> = words.collect();
    if words.is_empty() { None } else { HeaderValue::try_from(words.join(", ")).ok() }
}

#[cfg(test)]
mod tests;
