//! Sends one request to one target of an upstream. Which target, and whether again, is decided in
//! `attempts`.

use std::{pin::pin, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, uri::PathAndQuery};
use http_body::Body as _;

use super::{
    Failure, Http1Body, Tunnel, Upstream, deadline::Deadline, http1::Connection, http2::DrivenBody, target::Target,
};
use crate::{
    body::{Body, Progress, RequestBody},
    config::Protocol,
    http1::RequestHead,
    websocket,
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
    /// How long the target may pause within its answer's body.
    pub(crate) pause: Option<Duration>,
}

/// An upstream's answer.
pub(crate) struct Answer {
    pub(crate) response: Box<Response<Body>>,
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
        outgoing: Box<Outgoing>,
    ) -> Result<Answer, Attempt> {
        match target.protocol {
            // Rare, and large: what every request pays for is kept small.
            Protocol::Http2 if outgoing.upgrade => Box::pin(self.send_connect(target, worker, outgoing)).await,
            _ if outgoing.upgrade => Box::pin(self.send_upgrade(target, worker, outgoing)).await,
            Protocol::Http2 => Box::pin(self.send_http2(target, worker, outgoing)).await,
            Protocol::Http1 => self.send_http1(target, worker, outgoing).await,
        }
    }

    async fn send_http1(
        &self,
        target: &Arc<Target>,
        worker: usize,
        mut outgoing: Box<Outgoing>,
    ) -> Result<Answer, Attempt> {
        let deadline = outgoing.deadline();
        loop {
            let running = target.enter();
            let kept = target.http1.take(worker, self.config.idle_timeout.get());
            let fresh = kept.is_none();
            let connection = match kept {
                Some(connection) => connection,
                // Rare, and large.
                None => match Box::pin(self.open(target, worker)).await {
                    Ok(connection) => connection,
                    Err(error) => return Err(Attempt::Unsent(error, outgoing)),
                },
            };
            let body = outgoing.body.lend();
            match connection.exchange(&outgoing.head(target), body, &deadline).await {
                Ok((response, connection)) => {
                    let body = Http1Body::new(connection, running, usize::from(self.config.max_idle), outgoing.pause);
                    return Answer::new(response.map(|()| Body::Http1(body)), target);
                }
                // A kept connection may be closed by the target just as we use it.
                Err(unanswered) if !fresh && unanswered.stale && outgoing.is_repeatable() => {}
                Err(unanswered) => return Err(deadline.failure(target, unanswered.error).into()),
            }
        }
    }

    async fn open(&self, target: &Target, worker: usize) -> std::io::Result<Box<Connection>> {
        Ok(Connection::open(self.connector.connect(target).await?, worker))
    }

    /// A request that may change the protocol gets a connection of its own.
    async fn send_upgrade(
        &self,
        target: &Arc<Target>,
        worker: usize,
        mut outgoing: Box<Outgoing>,
    ) -> Result<Answer, Attempt> {
        let deadline = outgoing.deadline();
        let running = target.enter();
        let connection = match self.open(target, worker).await {
            Ok(connection) => connection,
            Err(error) => return Err(Attempt::Unsent(error, outgoing)),
        };
        let body = outgoing.body.lend();
        let exchanged = connection.exchange(&outgoing.head(target), body, &deadline).await;
        let (response, connection) = exchanged.map_err(|unanswered| deadline.failure(target, unanswered.error))?;
        let label = target.label.clone();
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let (stream, ahead) = connection.into_parts();
            let websocket = websocket::is_named(response.headers());
            let tunnel = Some(Tunnel::http1(stream, ahead, websocket, running));
            return Ok(Answer { response: Box::new(response.map(|()| Body::Empty)), target: label, tunnel });
        }
        // Not granted: an ordinary answer.
        let body = Http1Body::new(connection, running, usize::from(self.config.max_idle), outgoing.pause);
        Ok(Answer { response: Box::new(response.map(|()| Body::Http1(body))), target: label, tunnel: None })
    }

    /// A WebSocket over HTTP/2 (RFC 8441 §5), answered as over HTTP/1.
    async fn send_connect(
        &self,
        target: &Arc<Target>,
        worker: usize,
        mut outgoing: Box<Outgoing>,
    ) -> Result<Answer, Attempt> {
        let deadline = outgoing.deadline();
        let running = target.enter();
        let (mut sender, slot) = match target.http2.get(worker, target, &self.connector, self.http2_bounds()).await {
            Ok(ready) => ready,
            Err(error) => return Err(Attempt::Unsent(error, outgoing)),
        };
        let pause = outgoing.pause;
        let key = websocket::into_connect(&mut outgoing.headers);
        let mut request = outgoing.into_http2_request(target);
        *request.method_mut() = Method::CONNECT;
        request.extensions_mut().insert(hyper::ext::Protocol::from_static(websocket::NAME));
        let mut response = match deadline.limit(pin!(sender.send_request(request))).await {
            None => return Err(Failure::Timeout(target.label.clone()).into()),
            Some(Err(error)) => return Err(deadline.failure(target, Some(error)).into()),
            Some(Ok(response)) => response,
        };
        if !response.status().is_success() {
            let body = |body| Body::Driven(DrivenBody::new(body, running, slot, pause));
            return Answer::new(response.map(body), target);
        }
        match deadline.limit(pin!(hyper::upgrade::on(&mut response))).await {
            None => Err(Failure::Timeout(target.label.clone()).into()),
            Some(Err(error)) => Err(Failure::invalid(&target.label, &error).into()),
            Some(Ok(upgraded)) => {
                let mut response = response.map(|_| Body::Empty);
                websocket::into_switched(&mut response, key.as_ref());
                let tunnel = Some(Tunnel::http2(upgraded, slot, running));
                Ok(Answer { response: Box::new(response), target: target.label.clone(), tunnel })
            }
        }
    }

    async fn send_http2(
        &self,
        target: &Arc<Target>,
        worker: usize,
        outgoing: Box<Outgoing>,
    ) -> Result<Answer, Attempt> {
        let deadline = outgoing.deadline();
        let running = target.enter();
        let (mut sender, slot) = match target.http2.get(worker, target, &self.connector, self.http2_bounds()).await {
            Ok(ready) => ready,
            Err(error) => return Err(Attempt::Unsent(error, outgoing)),
        };
        let pause = outgoing.pause;
        let request = outgoing.into_http2_request(target);
        match deadline.limit(pin!(sender.send_request(request))).await {
            None => Err(Failure::Timeout(target.label.clone()).into()),
            Some(Ok(response)) => {
                Answer::new(response.map(|body| Body::Driven(DrivenBody::new(body, running, slot, pause))), target)
            }
            Some(Err(error)) => Err(deadline.failure(target, Some(error)).into()),
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
    /// Its status.
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// An answer to a request that did not ask to change the protocol.
    fn new(response: Response<Body>, target: &Target) -> Result<Self, Attempt> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let why = "it switches protocols though nobody asked".to_owned();
            return Err(Failure::Invalid(target.label.clone(), why).into());
        }
        Ok(Self { response: Box::new(response), target: target.label.clone(), tunnel: None })
    }
}

impl Outgoing {
    /// Counted from now.
    fn deadline(&self) -> Deadline {
        Deadline::new(self.timeout, self.progress.clone())
    }

    /// Whether sending the request again does no harm (RFC 9110 §9.2.2), and is possible: its body, if any, is at hand.
    fn is_repeatable(&self) -> bool {
        self.progress.is_none() && self.method.is_idempotent()
    }

    /// The same request once more, if its body is at hand.
    pub(crate) fn copy(&self) -> Option<Box<Self>> {
        Some(Box::new(Self {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            host: self.host.clone(),
            body: self.body.copy()?,
            progress: self.progress.clone(),
            upgrade: self.upgrade,
            timeout: self.timeout,
            pause: self.pause,
        }))
    }

    /// Whether it has no body, or one of at most so many bytes.
    pub(super) fn fits(&self, max_body: u64) -> bool {
        self.body.size_hint().exact().is_some_and(|length| length <= max_body)
    }

    /// Reads the whole body, so that there can be copies. Only for bodies that [`Self::fits`] has bounded.
    pub(crate) async fn keep_body(mut self: Box<Self>) -> Result<Box<Self>, Failure> {
        let body = std::mem::take(&mut self.body);
        self.body = body.keep().await.map_err(Failure::Client)?;
        // It has come: nobody waits for the client any more.
        self.progress = None;
        Ok(self)
    }

    fn head<'a>(&'a self, target: &'a Target) -> RequestHead<'a> {
        RequestHead {
            method: &self.method,
            target: self.target.as_str(),
            host: self.host.as_ref().unwrap_or(&target.authority),
            headers: &self.headers,
            upgrade: self.upgrade,
        }
    }

    fn into_http2_request(mut self: Box<Self>, target: &Target) -> Request<RequestBody> {
        let authority = self.host.take().unwrap_or_else(|| target.authority.clone());
        let mut uri = http::uri::Parts::default();
        uri.path_and_query = Some(self.target);
        uri.scheme = (if target.tls { "https" } else { "http" }).parse().ok();
        uri.authority = authority.to_str().ok().and_then(|a| a.parse().ok());
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.headers_mut() = self.headers;
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        *request.version_mut() = Version::HTTP_2;
        request
    }
}
