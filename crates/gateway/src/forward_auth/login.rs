//! Sends browsers to the sign-in page.

use http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use kernel::Assurance;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ForwardAuthConfig;
use crate::guard::Admitted;

/// What stays readable in the value of a parameter (RFC 3986 §3.4).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The sign-in page.
#[derive(Debug)]
pub(super) struct Login {
    /// Up to where its parameters begin.
    before: String,
    /// What the address to return to is called.
    parameter: Box<str>,
    /// Whether it is on the host that is asked for.
    here: bool,
}

impl Login {
    pub(super) fn new(config: &ForwardAuthConfig) -> Option<Self> {
        let url = config.login_url.as_ref()?;
        let separator = if url.contains('?') { '&' } else { '?' };
        let (before, parameter) = (format!("{url}{separator}"), config.return_parameter.as_str().into());
        Some(Self { before, parameter, here: url.starts_with('/') })
    }

    /// Where to send whoever made this request and is not known, if it is a person in a browser. `needed`: they are
    /// known, and must prove more, or anew.
    pub(super) fn location(
        &self,
        parts: &Parts,
        about: &Admitted,
        secure: bool,
        needed: Option<&Assurance>,
    ) -> Option<HeaderValue> {
        if !is_page(&parts.method, &parts.headers) {
            return None;
        }
        let scheme = if secure { "https" } else { "http" };
        let host = about.host_field().to_str().ok()?;
        let (origin, target) = (format!("{scheme}://{host}"), parts.uri.path_and_query()?);
        // Whole in any case: what a proxy would make of a path alone could name the wrong host.
        let (before, back) = match self.here {
            true => (format!("{origin}{}", self.before), target.to_string()),
            false => (self.before.clone(), format!("{origin}{target}")),
        };
        let needed = needed.into_iter().flat_map(Assurance::parameters);
        let needed: String = needed.map(|(name, value)| format!("{name}={value}&")).collect();
        let (parameter, back) = (&self.parameter, utf8_percent_encode(&back, ESCAPED));
        HeaderValue::try_from(format!("{before}{needed}{parameter}={back}")).ok()
    }
}

/// Whether a page is asked for by somebody who presents no credential of a program's.
fn is_page(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str, what: &str| {
        headers.get_all(name).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(what)))
    };
    matches!(*method, Method::GET | Method::HEAD)
        && says("accept", "text/html")
        && (!headers.contains_key("sec-fetch-mode") || says("sec-fetch-mode", "navigate"))
        && !headers.contains_key(header::AUTHORIZATION)
        && !headers.contains_key("x-api-key")
}
