//! Sends one request to one target of an upstream. Which target, and whether again, is decided in
//! `attempts`.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header::HOST, uri::PathAndQuery,
};
use http_body::Body as _;
use tokio::time::Instant;

use super::{
    Failure, Tunnel, Upstream,
    http1::{Connection, Unsent},
    http2::DrivenBody,
    target::Target,
};
use crate::{
    body::{Body, Progress, RequestBody},
    config::Protocol,
};

/// A request on its way to an upstream.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) target: PathAndQuery,
    pub(crate) headers: HeaderMap,
    /// What `Host` says; the target's own authority when absent.
    pub(crate) host: Option<HeaderValue>,
    pub(crate) body: RequestBody,
    pub(crate) progress: Option<Arc<Progress>>,
    /// Whether the client asks to change the protocol; the headers then say so too.
    pub(crate) upgrade: bool,
    pub(crate) timeout: Duration,
}

/// An upstream's answer.
pub(crate) struct Answer {
    pub(crate) response: Response<Body>,
    /// Who answered, `host:port`.
    pub(crate) target: Arc<str>,
    /// The target's side of a granted upgrade.
    pub(crate) tunnel: Option<Tunnel>,
}

impl Upstream {
    /// One exchange with one target.
    pub(super) async fn send_to(
        &self,
        target: &Arc<Target>,
        worker: usize,
        outgoing: Outgoing,
    ) -> Result<Answer, Attempt> {
        match target.protocol {
            // Rare, and large: what every request pays for is kept small.
            _ if outgoing.upgrade => Box::pin(self.send_upgrade(target, worker, outgoing)).await,
            Protocol::Http2 => Box::pin(self.send_http2(target, worker, outgoing)).await,
            Protocol::Http1 => self.send_http1(target, worker, outgoing).await,
        }
    }

    async fn send_http1(&self, target: &Arc<Target>, worker: usize, mut outgoing: Outgoing) -> Result<Answer, Attempt> {
        let max_idle = usize::from(self.config.max_idle);
        let deadline = Deadline::new(&outgoing);
        while let Some(connection) = target.http1.take(worker, self.config.idle_timeout.get()) {
            // A kept connection may be closed by the target just as we use it. Nobody has acted on a
            // request that comes back unsent; one that may be repeated anyway is kept for that.
            let spare = outgoing.spare();
            let request = outgoing.into_request(target);
            let sent = deadline.limit(pin!(connection.exchange(request, target.enter(), max_idle))).await;
            match sent.ok_or_else(|| Failure::Timeout(target.label.clone()))? {
                Ok(response) => return Answer::new(response.map(Body::Http1), target),
                Err(unsent) => outgoing = deadline.again(target, unsent, spare)?,
            }
        }
        let running = target.enter();
        let connection = match self.open(target, worker).await {
            Ok(connection) => connection,
            Err(error) => return Err(Attempt::Unsent(error, Box::new(outgoing))),
        };
        let request = outgoing.into_request(target);
        match deadline.limit(pin!(connection.exchange(request, running, max_idle))).await {
            None => Err(Failure::Timeout(target.label.clone()).into()),
            Some(Ok(response)) => Answer::new(response.map(Body::Http1), target),
            Some(Err(unsent)) => Err(deadline.failure(target, unsent.into_error()).into()),
        }
    }

    async fn open(&self, target: &Target, worker: usize) -> std::io::Result<Box<Connection>> {
        let stream = self.connector.connect(target).await?;
        Connection::open(stream, worker).await.map_err(std::io::Error::other)
    }

    /// A request that may change the protocol gets a connection of its own, driven by its own task.
    async fn send_upgrade(&self, target: &Arc<Target>, worker: usize, outgoing: Outgoing) -> Result<Answer, Attempt> {
        let deadline = Deadline::new(&outgoing);
        let running = target.enter();
        let connection = match self.open(target, worker).await {
            Ok(connection) => connection,
            Err(error) => return Err(Attempt::Unsent(error, Box::new(outgoing))),
        };
        let (mut sender, driver) = connection.into_parts();
        let label = target.label.clone();
        let driver = tokio::spawn(async move {
            if let Err(error) = driver.with_upgrades().await {
                tracing::debug!(target = %label, %error, "a connection to an upstream ended");
            }
        });
        // The driver ends with the sender; when nobody waits for the answer any more, so does the sender.
        let answer = deadline.limit(pin!(sender.send_request(outgoing.into_request(target)))).await;
        let mut response = match answer {
            Some(Ok(response)) => response,
            Some(Err(error)) => return Err(deadline.failure(target, error).into()),
            None => {
                driver.abort();
                return Err(Failure::Timeout(target.label.clone()).into());
            }
        };
        let granted = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let tunnel = granted.then(|| Tunnel::new(hyper::upgrade::on(&mut response), target.enter()));
        // Not granted: an ordinary answer, on a connection that ends with it.
        let response = response.map(|body| Body::Driven(DrivenBody::new(body, running)));
        Ok(Answer { response, target: target.label.clone(), tunnel })
    }

    async fn send_http2(&self, target: &Arc<Target>, worker: usize, outgoing: Outgoing) -> Result<Answer, Attempt> {
        let deadline = Deadline::new(&outgoing);
        let running = target.enter();
        let mut sender = match target.http2.get(worker, target, &self.connector).await {
            Ok(sender) => sender,
            Err(error) => return Err(Attempt::Unsent(error, Box::new(outgoing))),
        };
        let request = outgoing.into_http2_request(target);
        match deadline.limit(pin!(sender.send_request(request))).await {
            None => Err(Failure::Timeout(target.label.clone()).into()),
            Some(Ok(response)) => {
                Answer::new(response.map(|body| Body::Driven(DrivenBody::new(body, running))), target)
            }
            Some(Err(error)) => Err(deadline.failure(target, error).into()),
        }
    }
}

/// How an attempt ended that did not bring an answer.
pub(super) enum Attempt {
    /// The target could not be connected to: another may be tried.
    Unsent(std::io::Error, Box<Outgoing>),
    Failed(Failure),
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Answer {
    /// An answer to a request that did not ask to change the protocol.
    fn new(response: Response<Body>, target: &Target) -> Result<Self, Attempt> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let why = "it switches protocols though nobody asked".to_owned();
            return Err(Failure::Invalid(target.label.clone(), why).into());
        }
        Ok(Self { response, target: target.label.clone(), tunnel: None })
    }
}

/// A request that may be sent a second time, if the first was lost with its connection.
type Spare = Option<Outgoing>;

impl Outgoing {
    /// A copy, where repeating the request does no harm (RFC 9110 §9.2.2) and its body is at hand.
    fn spare(&self) -> Spare {
        if self.method.is_idempotent() { self.copy() } else { None }
    }

    /// The same request once more, if its body is at hand.
    pub(super) fn copy(&self) -> Option<Self> {
        Some(Self {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            host: self.host.clone(),
            body: self.body.copy()?,
            progress: self.progress.clone(),
            upgrade: self.upgrade,
            timeout: self.timeout,
        })
    }

    /// Whether it has no body, or one of at most so many bytes.
    pub(super) fn fits(&self, max_body: u64) -> bool {
        self.body.size_hint().exact().is_some_and(|length| length <= max_body)
    }

    /// Reads the whole body, so that there can be copies. Only for bodies that [`Self::fits`] has bounded.
    pub(super) async fn keep_body(mut self) -> Result<Self, Failure> {
        self.body = self.body.keep().await.map_err(Failure::Client)?;
        // It has come: nobody waits for the client any more.
        self.progress = None;
        Ok(self)
    }

    fn into_request(mut self, target: &Target) -> Request<RequestBody> {
        let host = self.host.take().unwrap_or_else(|| target.authority.clone());
        self.headers.insert(HOST, host);
        self.assemble(None)
    }

    fn into_http2_request(mut self, target: &Target) -> Request<RequestBody> {
        let authority = self.host.take().unwrap_or_else(|| target.authority.clone());
        let mut request = self.assemble(Some((if target.tls { "https" } else { "http" }, &authority)));
        *request.version_mut() = Version::HTTP_2;
        request
    }

    fn assemble(self, absolute: Option<(&str, &HeaderValue)>) -> Request<RequestBody> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.headers_mut() = self.headers;
        let mut uri = http::uri::Parts::default();
        uri.path_and_query = Some(self.target);
        if let Some((scheme, authority)) = absolute {
            uri.scheme = scheme.parse().ok();
            uri.authority = authority.to_str().ok().and_then(|a| a.parse().ok());
        }
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        request
    }
}

/// Until when the target must have answered. A client that is still sending moves it.
struct Deadline {
    begun: Instant,
    timeout: Duration,
    progress: Option<Arc<Progress>>,
}

impl Deadline {
    fn new(outgoing: &Outgoing) -> Self {
        Self { begun: Instant::now(), timeout: outgoing.timeout, progress: outgoing.progress.clone() }
    }

    /// The output, or `None` when the time is up.
    async fn limit<F: Future>(&self, mut future: Pin<&mut F>) -> Option<F::Output> {
        let mut until = self.begun + self.timeout;
        loop {
            if let Ok(output) = tokio::time::timeout_at(until, future.as_mut()).await {
                return Some(output);
            }
            let moved = self.progress.as_ref().map(|progress| progress.last_moved() + self.timeout);
            until = moved.filter(|later| *later > until)?;
        }
    }

    /// What a failed exchange means: the client's own body comes first.
    fn failure(&self, target: &Target, error: hyper::Error) -> Failure {
        match self.progress.as_ref().and_then(|progress| progress.failure()) {
            Some(error) => Failure::Client(error),
            None => Failure::invalid(&target.label, &error),
        }
    }

    /// The request to send again after a kept connection failed, if that does no harm.
    fn again(&self, target: &Target, mut unsent: Unsent, spare: Spare) -> Result<Outgoing, Failure> {
        if let Some(request) = unsent.take_message() {
            let (parts, body) = request.into_parts();
            let mut headers = parts.headers;
            let host = headers.remove(HOST);
            let target = parts.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
            return Ok(Outgoing {
                method: parts.method,
                target,
                headers,
                host,
                body,
                progress: self.progress.clone(),
                upgrade: false,
                timeout: self.timeout,
            });
        }
        let error = unsent.into_error();
        // Only a connection that was closed under the request, before any answer.
        match spare {
            Some(spare) if error.is_incomplete_message() || error.is_canceled() || is_reset(&error) => Ok(spare),
            _ => Err(self.failure(target, error)),
        }
    }
}

/// Whether the connection was reset rather than the answer being wrong.
fn is_reset(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe);
        }
        source = cause.source();
    }
    false
}
