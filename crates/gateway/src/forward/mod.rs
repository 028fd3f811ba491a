//! Sends a request to what is behind its route: an upstream on the network, or a service in this process.

mod cached;

use std::{sync::Arc, time::Instant};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header, request::Parts, uri::PathAndQuery};
use kernel::{Principal, Problem, RequestContext, Waiting, edge::Tenant};

use crate::{
    body::{Body, Intake},
    cache::Conditions,
    config::Protocol,
    content,
    fallback::Fallback,
    grpc::Deadline,
    pipeline::Visit,
    record::Record,
    route::{Target, UNKNOWN},
    template::Facts,
    transform::{self, FilledFields, FilledRequest, Origin},
    upstream::{Caller, Failure, InProcess, Outgoing, Tunnel, Upstream, Wish},
    websocket,
};

/// A request that may go on, and everything known about it.
pub(crate) struct Onward<'a> {
    pub(crate) visit: &'a Visit<'a>,
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) tenant: Arc<Tenant>,
    /// Whether the client asks to change the protocol.
    pub(crate) upgrade: bool,
}

/// An answer from behind the gate.
pub(crate) struct Answered {
    /// Boxed: it goes back through every stage.
    pub(crate) response: Box<Response<Body>>,
    pub(crate) origin: Origin,
    /// The far side of an upgrade that was granted.
    pub(crate) tunnel: Option<Tunnel>,
}

impl Answered {
    /// An answer of the gate's own.
    pub(crate) fn own(response: Response<Body>) -> Self {
        Self { response: Box::new(response), origin: Origin::Own, tunnel: None }
    }
}

/// An answer, and whether it is the fallback's.
struct Sent {
    answered: Answered,
    instead: bool,
}

impl From<Answered> for Sent {
    fn from(answered: Answered) -> Self {
        Self { answered, instead: false }
    }
}

impl Onward<'_> {
    /// Sends it. A failure is a problem that says who failed.
    pub(crate) async fn send(
        self,
        record: &mut Record,
        mut parts: Box<Parts>,
        mut intake: Intake,
    ) -> Result<Answered, Problem> {
        let progress = intake.progress.clone();
        let Visit { gate, choice, route, .. } = self.visit;
        let shape = &route.shape;
        if let Some(faults) = &shape.faults
            && let Some(response) = Box::pin(faults.strike(&parts.headers, &gate.ids)).await
        {
            record.answered(response.status());
            return Ok(Answered::own(response));
        }
        let versions = shape.versions.as_ref();
        let version =
            versions.map(|versions| versions.choose(choice.path, &parts.headers, gate.clock.now())).transpose()?;
        record.api_version = version.as_ref().map(|chosen| chosen.version.name.clone());
        let path = version.as_ref().and_then(|chosen| chosen.path.as_deref()).unwrap_or(choice.path);
        let mut filled = self.fill(record, &parts, path)?;
        if shape.reads_requests() && !self.upgrade {
            let facts = self.facts(record, &parts, path);
            intake = Box::pin(content::request(shape, facts, intake)).await?;
            // The body knows its own length.
            parts.headers.remove(header::CONTENT_LENGTH);
        }
        let accepted = shape.compression.as_ref().map(|c| c.accepted(&parts.headers, self.principal.is_some()));
        // What the answer is made with is not the upstream's to see changed.
        let kept = (shape.response_json.is_some() || accepted.is_some()).then(|| parts.clone());
        if shape.response_json.is_some() {
            // What must be read must be whole and plain.
            parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            parts.headers.remove(header::RANGE);
        }
        let target = filled.request.target.take().unwrap_or_else(|| self.target(path));
        let asked = Instant::now();
        let sent = match &route.target {
            // No request is led here.
            Target::Elsewhere => return Err(UNKNOWN.into()),
            Target::InProcess(service) => self.to_service(record, service, parts, intake, target, filled.request).await,
            Target::Upstream(own) => {
                let versioned = version.as_ref().and_then(|chosen| chosen.version.upstream.as_ref());
                let shared = || {
                    let split = shape.split.as_ref()?;
                    let caller = self.caller(&parts.headers).number().to_be_bytes();
                    split.choose(&route.name, &caller, &parts.headers)
                };
                let upstream: &Arc<Upstream> = versioned.or_else(shared).unwrap_or(own);
                let deadline = Deadline::of(&parts.headers, record.begun());
                let ready = Box::new(Ready { parts, intake, target, filled: filled.request });
                let onto = Onto { upstream, version: version.as_ref().map(|chosen| &*chosen.version.name), path };
                // The caller's patience is for the whole call, wherever it waits.
                match deadline {
                    None => self.to_route(record, onto, ready).await,
                    Some(deadline) => {
                        let sent = Box::pin(tokio::time::timeout_at(deadline.0, self.to_route(record, onto, ready)));
                        sent.await.unwrap_or(Err(Failure::Deadline))
                    }
                }
            }
        };
        record.upstream_duration = (!record.cached).then(|| asked.elapsed());
        // What an upstream makes of half a body is not the client's answer.
        if let Some(error) = progress.and_then(|progress| progress.failure()) {
            return Err(error.problem());
        }
        let mut answered = sent.map_err(|failure| {
            record.upstream = failure.target().cloned().or_else(|| record.upstream.take());
            failure.problem()
        })?;
        if let Some((edits, kept)) = shape.response_json.as_ref().zip(kept.as_ref()) {
            let facts = self.facts(record, kept, path);
            answered = Box::pin(content::response(edits, facts, answered)).await?;
        }
        if let Some(edits) = &shape.response {
            edits.write(filled.response, &mut answered.response);
        }
        if let Some(chosen) = &version {
            chosen.write(answered.response.headers_mut());
        }
        if let Some(((compression, accepted), kept)) = shape.compression.as_ref().zip(accepted).zip(kept) {
            compression.apply(&accepted, &kept.method, &mut answered.response);
        }
        record.answered(answered.response.status());
        Ok(answered)
    }

    /// What templates may speak of.
    fn facts<'f>(&'f self, record: &'f Record, parts: &'f Parts, path: &'f str) -> Facts<'f> {
        let Visit { client, admitted, route, .. } = self.visit;
        Facts {
            path,
            query: admitted.query(),
            headers: &parts.headers,
            method: &parts.method,
            host: admitted.host(),
            client_ip: client.ip,
            request_id: record.request_id(),
            route: &route.name,
            tenant: &self.tenant,
            principal: self.principal.as_deref(),
            body: None,
        }
    }

    /// What the route changes, with the values of this request.
    fn fill(&self, record: &Record, parts: &Parts, path: &str) -> Result<Filled, Problem> {
        let (request, response) = (&self.visit.route.shape.request, &self.visit.route.shape.response);
        if request.is_none() && response.is_none() {
            return Ok(Filled::default());
        }
        let facts = self.facts(record, parts, path);
        Ok(Filled {
            request: request.as_ref().map(|edits| edits.fill(&facts)).transpose()?.unwrap_or_default(),
            response: response.as_ref().and_then(|edits| edits.fill(&facts)),
        })
    }

    async fn to_service(
        &self,
        record: &mut Record,
        service: &InProcess,
        mut parts: Box<Parts>,
        intake: Intake,
        target: PathAndQuery,
        filled: FilledRequest,
    ) -> Result<Answered, Failure> {
        let Visit { connection, client, admitted, .. } = self.visit;
        // Goes with this call, which ends when the client does.
        let waiting = Waiting::default();
        record.upstream = Some(service.name().clone());
        transform::clean(&mut parts.headers, &connection.peer);
        // HTTP/2 names the host elsewhere; a service need not know.
        parts.headers.entry(header::HOST).or_insert_with(|| admitted.host_field().clone());
        let mut request = Request::new(intake.body);
        *request.method_mut() = parts.method;
        *request.version_mut() = parts.version;
        *request.uri_mut() = Uri::from(target);
        filled.write(&mut parts.headers);
        *request.headers_mut() = parts.headers;
        request.extensions_mut().insert(RequestContext {
            request_id: record.request_id().clone(),
            tenant: self.tenant.clone(),
            principal: self.principal.clone(),
            client_ip: client.ip,
            secure: client.secure,
            caller: waiting.caller(),
        });
        let response = service.send(request).await?;
        Ok(Answered::own(response.map(Body::InProcess)))
    }

    /// From memory, where the route keeps answers, or to an upstream.
    async fn to_route(&self, record: &mut Record, onto: Onto<'_>, ready: Box<Ready>) -> Result<Answered, Failure> {
        match &self.visit.route.shape.cache {
            None => self.to_route_upstream(record, onto.upstream, ready).await.map(|sent| sent.answered),
            Some(cache) => Box::pin(self.through_cache(cache, record, onto, ready)).await,
        }
    }

    /// Within what the route allows at the same time, and with its fallback.
    async fn to_route_upstream(
        &self,
        record: &mut Record,
        upstream: &Upstream,
        ready: Box<Ready>,
    ) -> Result<Sent, Failure> {
        match &self.visit.route.fallback {
            None => self.in_turn(record, upstream, ready).await.map(Sent::from),
            // Large, and only for routes that have one.
            Some(fallback) => Box::pin(self.or_instead(fallback, record, upstream, ready)).await,
        }
    }

    /// Takes one of the route's places first, if it has only so many.
    async fn in_turn(&self, record: &mut Record, upstream: &Upstream, ready: Box<Ready>) -> Result<Answered, Failure> {
        if let Some(queue) = &self.visit.route.queue {
            record.places.push(queue.enter().await?);
        }
        self.to_upstream(record, upstream, ready).await
    }

    /// The upstream's answer, or the fallback's.
    async fn or_instead(
        &self,
        fallback: &Fallback,
        record: &mut Record,
        upstream: &Upstream,
        ready: Box<Ready>,
    ) -> Result<Sent, Failure> {
        let repeatable = ready.parts.method.is_idempotent();
        let spare = match fallback.upstream() {
            Some(other) if !self.upgrade => ready.copy().map(|spare| (other, spare.for_another())),
            _ => None,
        };
        let ended = self.in_turn(record, upstream, ready).await;
        if !fallback.is_for(ended.as_ref().map(|answered| answered.response.status())) {
            return ended.map(Sent::from);
        }
        if let Some(response) = fallback.answer() {
            upstream.fell_back();
            return Ok(Sent { answered: Answered::own(response), instead: true });
        }
        match spare {
            Some((other, spare)) if repeatable || ended.as_ref().is_err_and(Failure::is_unsent) => {
                upstream.fell_back();
                let answered = self.to_upstream(record, other, spare).await?;
                Ok(Sent { answered, instead: true })
            }
            _ => ended.map(Sent::from),
        }
    }

    async fn to_upstream(
        &self,
        record: &mut Record,
        upstream: &Upstream,
        ready: Box<Ready>,
    ) -> Result<Answered, Failure> {
        let Visit { gate, connection, client, route, .. } = self.visit;
        let (wish, mut outgoing) = self.outgoing(record, upstream, *ready);
        if let Some(mirror) = route.shape.mirror.as_ref().filter(|_| !outgoing.upgrade)
            && mirror.wants(&outgoing.body, &gate.ids)
        {
            outgoing = Box::pin(outgoing.keep_body()).await?;
            mirror.send(&outgoing, connection.worker);
        }
        let place = upstream.enter().await?;
        let mut answer = upstream.send(connection.worker, &wish, outgoing).await?;
        if let Some(cookie) = upstream.cookie(&wish, &answer, client.secure) {
            answer.response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        record.upstream = Some(answer.target);
        record.places.extend(place);
        let upgrade = answer.response.status() == StatusCode::SWITCHING_PROTOCOLS;
        Ok(Answered { response: answer.response, origin: Origin::Upstream { upgrade }, tunnel: answer.tunnel })
    }

    /// The request as the upstream is to see it, and what it would like of the choice of its target.
    fn outgoing(&self, record: &Record, upstream: &Upstream, ready: Ready) -> (Wish, Box<Outgoing>) {
        let Ready { parts, intake, target, filled } = ready;
        let Visit { gate, connection, client, admitted, route, .. } = self.visit;
        let http2 = upstream.config().protocol == Protocol::Http2;
        let mut headers = parts.headers;
        let passes = !http2 || (upstream.config().websocket && websocket::is_named(&headers));
        let upgrade = self.upgrade && passes;
        let wish = upstream.wish(&self.caller(&headers));
        transform::onward(
            &mut headers,
            &transform::Onward {
                peer: &connection.peer,
                client: *client,
                host: admitted.host_field(),
                request_id: record.request_field(),
                principal: self.principal.as_deref(),
                tenant: &self.tenant,
                upstream: upstream.name(),
                assertions: &*gate.assertions,
                forward_credentials: route.forward_credentials,
                upgrade,
                http2,
            },
        );
        filled.write(&mut headers);
        let outgoing = Box::new(Outgoing {
            method: parts.method,
            target,
            headers,
            host: route.preserve_host.then(|| admitted.host_field().clone()),
            body: intake.body,
            progress: intake.progress,
            upgrade,
            timeout: route.timeout.unwrap_or_else(|| upstream.timeout()),
            pause: route.pause.unwrap_or_else(|| upstream.pause()),
        });
        (wish, outgoing)
    }

    /// Who asks.
    fn caller<'a>(&'a self, headers: &'a HeaderMap) -> Caller<'a> {
        let Visit { client, choice, .. } = self.visit;
        Caller { headers, principal: self.principal.as_deref(), ip: client.ip, path: choice.path }
    }

    /// What is asked for: this path, without what the route strips, and the query as sent.
    fn target(&self, path: &str) -> PathAndQuery {
        let Visit { admitted, route, .. } = self.visit;
        let unchanged = path.len() == admitted.path().len() && route.strip_prefix.is_none();
        if let Some(target) = admitted.unchanged_target().filter(|_| unchanged) {
            return target.clone();
        }
        transform::target(path, admitted.query(), route.strip_prefix.as_deref())
            // A normalised path and a query that has been one already always make a target.
            .unwrap_or_else(|| PathAndQuery::from_static("/"))
    }
}

/// Where a request would go.
#[derive(Clone, Copy)]
struct Onto<'a> {
    upstream: &'a Arc<Upstream>,
    /// Of the API, where the route has versions.
    version: Option<&'a str>,
    /// As routed, without its version.
    path: &'a str,
}

/// A request that may be sent: as it came, and what the route makes of it.
struct Ready {
    parts: Box<Parts>,
    intake: Intake,
    target: PathAndQuery,
    filled: FilledRequest,
}

impl Ready {
    /// The same once more, if it has no body.
    fn copy(&self) -> Option<Box<Self>> {
        let bodiless = self.intake.progress.is_none();
        bodiless.then(|| {
            Box::new(Self {
                parts: self.parts.clone(),
                intake: Intake::none(),
                target: self.target.clone(),
                filled: self.filled.clone(),
            })
        })
    }

    /// The same for another upstream, which knows nothing of what this one's answers were marked with.
    fn for_another(mut self: Box<Self>) -> Box<Self> {
        if self.parts.method.is_safe() {
            drop(Conditions::take(&mut self.parts.headers));
        }
        self
    }
}

/// What the route changes about one request and its response.
#[derive(Default)]
struct Filled {
    request: FilledRequest,
    response: Option<FilledFields>,
}
