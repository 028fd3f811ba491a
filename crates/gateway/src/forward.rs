//! Sends a request to what is behind its route: an upstream on the network, or a service in this process.

use std::{net::IpAddr, sync::Arc, time::Instant};

use http::{Request, Response, StatusCode, Uri, header, request::Parts, uri::PathAndQuery};
use kernel::{Principal, Problem, RequestContext, edge::Tenant};

use crate::{
    body::{Body, Intake},
    config::{HashBy, Protocol},
    pipeline::Visit,
    record::Record,
    route::Target,
    template::Facts,
    transform::{self, FilledFields, FilledRequest, Origin},
    upstream::{Failure, InProcess, Outgoing, Tunnel, Upstream},
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
    pub(crate) response: Response<Body>,
    pub(crate) origin: Origin,
    /// The far side of an upgrade that was granted.
    pub(crate) tunnel: Option<Tunnel>,
}

impl Onward<'_> {
    /// Sends it. A failure is a problem that says who failed.
    pub(crate) async fn send(self, record: &mut Record, parts: Parts, intake: Intake) -> Result<Answered, Problem> {
        let progress = intake.progress.clone();
        let Visit { gate, choice, route, .. } = self.visit;
        let shape = &route.shape;
        if let Some(faults) = &shape.faults
            && let Some(response) = Box::pin(faults.strike(&parts.headers, &gate.ids)).await
        {
            record.answered(response.status());
            return Ok(Answered { response, origin: Origin::Own, tunnel: None });
        }
        let versions = shape.versions.as_ref();
        let version =
            versions.map(|versions| versions.choose(choice.path, &parts.headers, gate.clock.now())).transpose()?;
        record.api_version = version.as_ref().map(|chosen| chosen.version.name.clone());
        let path = version.as_ref().and_then(|chosen| chosen.path.as_deref()).unwrap_or(choice.path);
        let mut filled = self.fill(record, &parts, path)?;
        let target = filled.request.target.take().unwrap_or_else(|| self.target(path));
        let asked = Instant::now();
        let sent = match &route.target {
            Target::InProcess(service) => self.to_service(record, service, parts, intake, target, filled.request).await,
            Target::Upstream(own) => {
                let versioned = version.as_ref().and_then(|chosen| chosen.version.upstream.as_ref());
                let shared = || {
                    let caller = self.subject(HashBy::User);
                    shape.split.as_ref()?.choose(&route.name, caller.as_bytes(), &parts.headers)
                };
                let upstream = versioned.or_else(shared).unwrap_or(own);
                self.to_upstream(record, upstream, parts, intake, target, filled.request).await
            }
        };
        record.upstream_duration = Some(asked.elapsed());
        // What an upstream makes of half a body is not the client's answer.
        if let Some(error) = progress.and_then(|progress| progress.failure()) {
            return Err(error.problem());
        }
        let mut answered = sent.map_err(|failure| {
            record.upstream = failure.target().cloned().or_else(|| record.upstream.take());
            failure.problem()
        })?;
        if let Some(edits) = &shape.response {
            edits.write(filled.response, &mut answered.response);
        }
        if let Some(chosen) = &version {
            chosen.write(answered.response.headers_mut());
        }
        record.answered(answered.response.status());
        Ok(answered)
    }

    /// What the route changes, with the values of this request.
    fn fill(&self, record: &Record, parts: &Parts, path: &str) -> Result<Filled, Problem> {
        let Visit { client, admitted, route, .. } = self.visit;
        let (request, response) = (&route.shape.request, &route.shape.response);
        if request.is_none() && response.is_none() {
            return Ok(Filled::default());
        }
        let facts = Facts {
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
        };
        Ok(Filled {
            request: request.as_ref().map(|edits| edits.fill(&facts)).transpose()?.unwrap_or_default(),
            response: response.as_ref().and_then(|edits| edits.fill(&facts)),
        })
    }

    async fn to_service(
        &self,
        record: &mut Record,
        service: &InProcess,
        mut parts: Parts,
        intake: Intake,
        target: PathAndQuery,
        filled: FilledRequest,
    ) -> Result<Answered, Failure> {
        let Visit { connection, client, admitted, .. } = self.visit;
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
        });
        let response = service.send(request).await?;
        Ok(Answered { response: response.map(Body::InProcess), origin: Origin::Own, tunnel: None })
    }

    async fn to_upstream(
        &self,
        record: &mut Record,
        upstream: &Upstream,
        parts: Parts,
        intake: Intake,
        target: PathAndQuery,
        filled: FilledRequest,
    ) -> Result<Answered, Failure> {
        let Visit { gate, connection, client, admitted, route, .. } = self.visit;
        let http2 = upstream.config().protocol == Protocol::Http2;
        let upgrade = self.upgrade && !http2;
        let mut headers = parts.headers;
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
        let mut outgoing = Outgoing {
            method: parts.method,
            target,
            headers,
            host: route.preserve_host.then(|| admitted.host_field().clone()),
            body: intake.body,
            progress: intake.progress,
            upgrade,
            timeout: route.timeout.unwrap_or_else(|| upstream.timeout()),
        };
        if let Some(mirror) = route.shape.mirror.as_ref().filter(|_| !upgrade)
            && mirror.wants(&outgoing.body, &gate.ids)
        {
            outgoing = Box::pin(outgoing.keep_body()).await?;
            mirror.send(&outgoing, connection.worker);
        }
        let subject = self.subject(upstream.config().hash_by);
        let answer = upstream.send(connection.worker, subject.as_bytes(), outgoing).await?;
        record.upstream = Some(answer.target);
        let upgrade = answer.response.status() == StatusCode::SWITCHING_PROTOCOLS;
        Ok(Answered { response: answer.response, origin: Origin::Upstream { upgrade }, tunnel: answer.tunnel })
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

    /// What `balance = "hash"` tells requests apart by.
    fn subject(&self, by: HashBy) -> Subject<'_> {
        match (by, &self.principal) {
            (HashBy::Path, _) => Subject::Path(self.visit.choice.path),
            (HashBy::User, Some(principal)) => Subject::Id(
                *match &principal.subject {
                    kernel::Subject::User(id) => id.uuid(),
                    kernel::Subject::ApiKey(id) => id.uuid(),
                }
                .as_bytes(),
            ),
            _ => match self.visit.client.ip {
                IpAddr::V4(v4) => Subject::V4(v4.octets()),
                IpAddr::V6(v6) => Subject::Id(v6.octets()),
            },
        }
    }
}

/// What the route changes about one request and its response.
#[derive(Default)]
struct Filled {
    request: FilledRequest,
    response: Option<FilledFields>,
}

/// Bytes to hash, without allocating.
enum Subject<'a> {
    Path(&'a str),
    Id([u8; 16]),
    V4([u8; 4]),
}

impl Subject<'_> {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Path(path) => path.as_bytes(),
            Self::Id(bytes) => bytes,
            Self::V4(bytes) => bytes,
        }
    }
}
