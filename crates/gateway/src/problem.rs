//! Refusals as responses: RFC 9457 documents with the headers that belong to them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use kernel::{Problem, problem::common::METHOD};

use crate::{authn, body::Body, explain::Explained, grpc, limit::Taken};

/// A refusal of the gate's own, on its way to the client.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    /// What goes with it, beside what the problem itself asks for. Boxed: most refusals need none, and
    /// every stage's result has room for one.
    headers: Option<Box<HeaderMap>>,
}

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self { problem: problem.into(), headers: None }
    }
}

impl Refusal {
    /// The path exists for these methods only (RFC 9110 §15.5.6).
    pub(crate) fn method(allowed: &[Method]) -> Self {
        let mut refusal = Self::from(METHOD);
        let list = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        if let Ok(value) = HeaderValue::try_from(list) {
            refusal.headers.get_or_insert_default().insert(header::ALLOW, value);
        }
        refusal
    }

    /// Tells the client where it stands with its limits.
    pub(crate) fn telling(problem: Problem, limits: &Taken<'_>) -> Self {
        let mut refusal = Self::from(problem);
        limits.write_headers(refusal.headers.get_or_insert_default());
        refusal
    }

    /// The fields that go with it.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers.get_or_insert_default()
    }

    /// The status; 500 for a code that is none.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document, or the page, with the fields that belong to it.
    pub(crate) fn into_response(self, request_id: &str, page: Option<Explained>) -> Response<Body> {
        let status = self.status();
        let (problem, mut headers) = self.into_fields();
        let body = match page {
            Some(page) => {
                headers.extend(page.headers);
                page.body
            }
            None => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
                Bytes::from(problem.to_json(request_id))
            }
        };
        let mut response = Response::new(Body::Full(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    /// The same for a call of gRPC, which reads its outcome elsewhere.
    pub(crate) fn into_outcome(self, media_type: HeaderValue) -> Response<Body> {
        let status = self.status();
        let (problem, mut headers) = self.into_fields();
        headers.insert(header::CONTENT_TYPE, media_type);
        grpc::write(&mut headers, status, &problem);
        let mut response = Response::new(Body::Empty);
        *response.headers_mut() = headers;
        response
    }

    /// What a stage has added, and `WWW-Authenticate` and `Retry-After` where they belong.
    fn into_fields(self) -> (Problem, HeaderMap) {
        let Self { problem, headers } = self;
        let mut headers = headers.map(|headers| *headers).unwrap_or_default();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = authn::www_authenticate(&problem) {
            headers.entry(header::WWW_AUTHENTICATE).or_insert_with(|| HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = problem.retry_after_secs() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        (problem, headers)
    }
}
