//! Tells the recorder about every request, exactly once.
//!
//! A [`Record`] begins when the route is known (or known to be none) and ends when it is dropped: after
//! the last byte of the response, with the tunnel of an upgrade, or when the client goes away in between.
//! Because ending is dropping, no path through the pipeline can forget it.
//!
//! Deliberately absent: queries, header values but the two that are named, and bodies. They carry secrets.

mod body;

pub(crate) use body::Recorded;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderValue, Method, StatusCode, Version, header, request::Parts};
use kernel::{
    Principal, TenantId, Timestamp,
    exchange::{Exchange, Fault, RouteRecorder},
};
use smallvec::SmallVec;

use crate::{body::Progress, guard::Admitted, limit::Permit, respond::RequestId, transform::Client, upstream::Place};

/// Longest `Host` and `User-Agent` that are recorded, in bytes.
const MAX_TEXT: usize = 256;

/// Longest path that is recorded, in bytes.
const MAX_PATH: usize = 1_024;

/// Nginx's status for a client that did not wait for its answer.
const CLIENT_GONE: u16 = 499;

/// One request, as it will be told.
pub(crate) struct Record {
    recorder: Arc<dyn RouteRecorder>,
    started: Timestamp,
    begun: Instant,
    request_id: RequestId,
    method: Method,
    version: Version,
    user_agent: Option<HeaderValue>,
    client: Client,
    about: About,
    /// What is learned on the way.
    pub(crate) tenant: Option<TenantId>,
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) upstream: Option<Arc<str>>,
    pub(crate) api_version: Option<Arc<str>>,
    pub(crate) upstream_duration: Option<Duration>,
    /// Whether the answer came from memory.
    pub(crate) cached: bool,
    pub(crate) progress: Option<Arc<Progress>>,
    /// What limits hold for it until it ends.
    pub(crate) permit: Option<Permit>,
    /// Places that the request holds until it has ended.
    pub(crate) places: SmallVec<[Place; 2]>,
    code: Option<&'static str>,
    status: Option<StatusCode>,
    fault: Fault,
    complete: bool,
    bytes_in: u64,
    bytes_out: u64,
}

/// The path and host of a request.
enum About {
    /// In their one spelling.
    Admitted(Arc<Admitted>),
    /// As sent, because they could not be admitted.
    Refused { path: String, host: String },
}

/// What is known when a record begins.
pub(crate) struct Beginning<'a> {
    pub(crate) recorder: &'a Arc<dyn RouteRecorder>,
    pub(crate) started: Timestamp,
    pub(crate) begun: Instant,
    pub(crate) request_id: RequestId,
    pub(crate) client: Client,
    pub(crate) parts: &'a Parts,
    /// Absent when the guard has refused.
    pub(crate) about: Option<&'a Arc<Admitted>>,
}

impl Record {
    /// The request has begun. Boxed, because it goes through many hands until it ends.
    pub(crate) fn begin(beginning: Beginning<'_>) -> Box<Self> {
        let Beginning { recorder, started, begun, request_id, client, parts, about } = beginning;
        recorder.begin();
        let about = about.map_or_else(
            || About::Refused {
                path: shorten(parts.uri.path(), MAX_PATH).to_owned(),
                host: parts
                    .headers
                    .get(header::HOST)
                    .and_then(|host| host.to_str().ok())
                    .map_or_else(String::new, |host| shorten(host, MAX_TEXT).to_owned()),
            },
            |admitted| About::Admitted(admitted.clone()),
        );
        Box::new(Self {
            recorder: recorder.clone(),
            started,
            begun,
            request_id,
            method: parts.method.clone(),
            version: parts.version,
            user_agent: parts.headers.get(header::USER_AGENT).cloned(),
            client,
            about,
            tenant: None,
            principal: None,
            upstream: None,
            api_version: None,
            upstream_duration: None,
            cached: false,
            progress: None,
            permit: None,
            places: SmallVec::new(),
            code: None,
            status: None,
            fault: Fault::Client,
            complete: false,
            bytes_in: 0,
            bytes_out: 0,
        })
    }

    /// When the request began.
    pub(crate) const fn begun(&self) -> Instant {
        self.begun
    }

    /// The id that the request goes by.
    pub(crate) const fn request_id(&self) -> &Arc<str> {
        &self.request_id.text
    }

    /// The same, as a field's value.
    pub(crate) const fn request_field(&self) -> &HeaderValue {
        &self.request_id.field
    }

    /// Whether the client asks for a head alone.
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// The gate itself answers, with this problem.
    pub(crate) fn refused(&mut self, status: StatusCode, code: &'static str) {
        self.status = Some(status);
        self.code = Some(code);
        self.fault = match status.as_u16() {
            _ if code.starts_with("upstream.") => Fault::Upstream,
            400..500 => Fault::Client,
            _ => Fault::Gate,
        };
    }

    /// The upstream has answered.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.fault = match status.as_u16() {
            400..500 => Fault::Client,
            500.. => Fault::Upstream,
            _ => Fault::None,
        };
    }

    /// The response has been sent to its end, so many bytes.
    fn completed(&mut self, bytes: u64) {
        self.bytes_out = bytes;
        self.complete = true;
    }

    /// The response ended early after so many bytes.
    fn broken(&mut self, bytes: u64, fault: Fault) {
        self.bytes_out = bytes;
        // The status line is out already: only the fault tells.
        self.fault = fault;
        self.complete = fault == Fault::Upstream;
    }

    /// The tunnel has closed.
    pub(crate) fn tunnelled(&mut self, bytes_in: u64, bytes_out: u64) {
        self.bytes_in = bytes_in;
        self.completed(bytes_out);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Who is told that the request has ended may send the next one.
        drop(self.permit.take());
        let (path, host) = match &self.about {
            About::Admitted(admitted) => (admitted.path(), admitted.host()),
            About::Refused { path, host } => (path.as_str(), host.as_str()),
        };
        let status = match (self.complete, self.status) {
            (true, Some(status)) => status.as_u16(),
            _ => CLIENT_GONE,
        };
        let progress = self.progress.as_ref().map_or(0, |progress| progress.bytes());
        self.recorder.end(&Exchange {
            started: self.started,
            duration: self.begun.elapsed(),
            upstream_duration: self.upstream_duration,
            request_id: &self.request_id.text,
            method: self.method.as_str(),
            path: shorten(path, MAX_PATH),
            protocol: match self.version {
                Version::HTTP_10 => "HTTP/1.0",
                Version::HTTP_2 => "HTTP/2.0",
                _ => "HTTP/1.1",
            },
            host: shorten(host, MAX_TEXT),
            user_agent: self.user_agent.as_ref().and_then(|v| v.to_str().ok()).map_or("", |v| shorten(v, MAX_TEXT)),
            client_ip: self.client.ip,
            tenant: self.tenant,
            subject: self.principal.as_ref().map(|principal| principal.subject),
            auth_method: self.principal.as_ref().map(|principal| principal.method),
            upstream: self.upstream.as_deref(),
            version: self.api_version.as_deref(),
            status,
            code: self.code,
            fault: if status == CLIENT_GONE { Fault::Client } else { self.fault },
            bytes_in: self.bytes_in + progress,
            bytes_out: self.bytes_out,
        });
    }
}

/// The text, cut at a character.
fn shorten(text: &str, max: usize) -> &str {
    text.get(..max).unwrap_or_else(|| if text.len() <= max { text } else { &text[..text.floor_char_boundary(max)] })
}
