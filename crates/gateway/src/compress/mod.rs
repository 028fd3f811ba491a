//! Compresses responses for clients that accept it (RFC 9110 §8.4, §12.5.3).
//!
//! A body is compressed as it comes, piece by piece, so that nothing is collected; when nothing more comes
//! for the moment, what is there is sent. A response that could have been compressed says that it varies,
//! whether it was or not.
//!
//! Off for known callers unless asked for: see [`CompressConfig::authenticated`].

mod body;
mod config;
mod encoder;

pub(crate) use body::Encoded;
pub use config::{Algorithm, CompressConfig};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body as _;

use self::encoder::Encoder;
use crate::{body::Body, config::Findings};

/// What a route compresses.
#[derive(Debug)]
pub(crate) struct Compression {
    algorithms: Box<[Algorithm]>,
    min_size: u64,
    types: Box<[Box<str>]>,
    authenticated: bool,
}

/// What a client accepts, read before the request goes on.
#[derive(Debug)]
pub(crate) struct Accepted(Option<Algorithm>);

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Br => "br",
            Self::Gzip => "gzip",
        }
    }
}

impl Compression {
    /// Compiles `[routes.compress]`.
    pub(crate) fn compile(config: &CompressConfig, at: &str, findings: &mut Findings) -> Self {
        if config.algorithms.is_empty() {
            findings.add(format!("{at}.algorithms"), "an empty list compresses nothing", "Leave `compress` out.");
        }
        for (i, text) in config.types.iter().enumerate() {
            let valid = text.split_once('/').is_some_and(|(main, sub)| !main.is_empty() && !sub.is_empty());
            if !valid || text.bytes().any(|b| b.is_ascii_uppercase() || b == b';' || b == b' ') {
                let hint = "Write it in lower case without parameters: application/json or text/*.";
                findings.add(format!("{at}.types[{i}]"), "is not a media type", hint);
            }
        }
        Self {
            algorithms: config.algorithms.as_slice().into(),
            min_size: config.min_size.bytes(),
            types: config.types.iter().map(|text| text.as_str().into()).collect(),
            authenticated: config.authenticated,
        }
    }

    /// What the client accepts best of what there is.
    pub(crate) fn accepted(&self, headers: &HeaderMap, known: bool) -> Accepted {
        if known && !self.authenticated {
            return Accepted(None);
        }
        let mut best: Option<(u16, Algorithm)> = None;
        for algorithm in &self.algorithms {
            let weight = weight(headers, algorithm.name());
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, *algorithm));
            }
        }
        Accepted(best.map(|(_, algorithm)| algorithm))
    }

    /// Compresses the response, if it is one that is.
    pub(crate) fn apply(&self, accepted: &Accepted, method: &Method, response: &mut Response<Body>) {
        if !self.is_for(response) {
            return;
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
        let Some(algorithm) = accepted.0.filter(|_| method != Method::HEAD) else { return };
        let Some(encoder) = Encoder::new(algorithm) else { return };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(algorithm.name()));
        for name in [
            header::CONTENT_LENGTH,
            header::ACCEPT_RANGES,
            HeaderName::from_static("content-md5"),
            HeaderName::from_static("content-digest"),
            HeaderName::from_static("repr-digest"),
        ] {
            headers.remove(name);
        }
        // Equal in meaning, and no longer in bytes (RFC 9110 §8.8.1).
        if let Some(tag) = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"))
            && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
        {
            headers.insert(header::ETAG, weak);
        }
        let body = std::mem::replace(response.body_mut(), Body::Empty);
        *response.body_mut() = Body::Encoded(Box::new(Encoded::new(body, encoder)));
    }

    fn is_for(&self, response: &Response<Body>) -> bool {
        let headers = response.headers();
        let status = response.status();
        let whole = !status.is_informational()
            && !matches!(
                status,
                StatusCode::NO_CONTENT
                    | StatusCode::RESET_CONTENT
                    | StatusCode::NOT_MODIFIED
                    | StatusCode::PARTIAL_CONTENT
            );
        let plain = !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::CONTENT_RANGE);
        let may_change = !headers.get_all(header::CACHE_CONTROL).iter().any(|value| {
            let mut words = value.as_bytes().split(|b| *b == b',');
            words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
        });
        let large = response.body().size_hint().exact().is_none_or(|length| length >= self.min_size && length > 0);
        whole && plain && may_change && large && self.is_listed(headers)
    }

    fn is_listed(&self, headers: &HeaderMap) -> bool {
        let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
        let kind = kind.split(';').next().unwrap_or_default().trim();
        // Events are to arrive one by one, and each is small.
        if kind.eq_ignore_ascii_case("text/event-stream") {
            return false;
        }
        self.types.iter().any(|listed| match listed.strip_suffix('*') {
            Some(main) => kind.get(..main.len()).is_some_and(|start| start.eq_ignore_ascii_case(main)),
            None => kind.eq_ignore_ascii_case(listed),
        })
    }
}

/// How much a client likes a coding, in thousandths; zero: not at all (RFC 9110 §12.4.2).
fn weight(headers: &HeaderMap, name: &str) -> u16 {
    let mut any = 0;
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for item in values.flat_map(|value| value.split(',')) {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = match parameters.trim().split_once('=') {
            Some((q, value)) if q.trim().eq_ignore_ascii_case("q") => quality(value.trim()),
            _ => 1_000,
        };
        let coding = coding.trim();
        if coding.eq_ignore_ascii_case(name) || (name == "gzip" && coding.eq_ignore_ascii_case("x-gzip")) {
            return weight;
        }
        if coding == "*" {
            any = weight;
        }
    }
    any
}

/// `0.8` → 800. What is no quality is none at all.
fn quality(text: &str) -> u16 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let valid = matches!(whole, "0" | "1") && rest.len() <= 3 && rest.bytes().all(|b| b.is_ascii_digit());
    let thousandths = format!("{rest:0<3}").parse::<u16>().unwrap_or_default();
    match whole {
        _ if !valid => 0,
        "1" => 1_000,
        _ => thousandths,
    }
}

#[cfg(test)]
mod tests;
