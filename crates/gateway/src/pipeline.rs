//! The whole life of a request, stage by stage.
//!
//! ```text
//! listener ─► guard ─► route ─► authn ─► limit ─► authz ─► transform ─► forward ─► record
//! ```
//!
//! Each stage is a plain call that passes, or refuses with a problem; no stage reaches back. The guard
//! looks first, so that nothing later sees a path or host in two spellings.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use http::{Response, header, request::Parts};
use kernel::{
    Clock, Problem,
    edge::{Edge, Tenant},
    principal::{Network, Principal},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    authn::{self, Authn},
    authz,
    body::{Body, ClientBody, Intake},
    cache,
    certificate::ClientCertificate,
    cors,
    discovery::Discoverer,
    explain::Explainer,
    forward::{self, Answered},
    forward_auth,
    guard::{self, Admitted, BadHead, HeadLimits},
    limit::{self, Limits, Taken},
    listener::Connection,
    perimeter::Perimeter,
    problem::Refusal,
    record::{Beginning, Record, Recorded},
    respond::{Reply, RequestIds},
    route::{Asked, Entry, NoRoute, Route, RouteTable, Routes, UNKNOWN},
    shed::Shedder,
    tenant::{self, Choice},
    transform::{self, Assertions, Client},
    upstream::Tunnel,
};

/// What every request needs: shared by all data-plane threads.
pub(crate) struct Gate {
    pub(crate) table: ArcSwap<RouteTable>,
    pub(crate) edge: Arc<Edge>,
    pub(crate) authn: Arc<Authn>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) assertions: Arc<dyn Assertions>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: RequestIds,
    pub(crate) trusted_proxies: Arc<[Network]>,
    pub(crate) heads: HeadLimits,
    pub(crate) max_body: u64,
    pub(crate) shedder: Option<Arc<Shedder>>,
    /// Tells those who check targets that there are other routes.
    pub(crate) changed: Arc<Notify>,
    pub(crate) discoverer: Discoverer,
    pub(crate) body_timeout: Duration,
    pub(crate) explainer: Explainer,
    /// The gate goes away: what has no end of its own is to end now.
    pub(crate) farewell: CancellationToken,
    pub(crate) cache: cache::Memory,
}

impl Gate {
    /// Puts other routes and upstreams in force.
    pub(crate) fn enforce(&self, table: RouteTable) {
        let table = Arc::new(table);
        self.table.store(table.clone());
        self.changed.notify_one();
        if let Err(error) = self.discoverer.follow(table.upstreams()) {
            tracing::error!(%error, "the targets of new upstreams cannot be learned: no thread");
        }
    }
}

/// A request that has a route.
pub(crate) struct Visit<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) connection: &'a Connection,
    pub(crate) client: Client,
    pub(crate) admitted: &'a Admitted,
    pub(crate) choice: Choice<'a>,
    pub(crate) route: &'a Route,
    /// The certificate that the client has proven to be its own.
    pub(crate) certificate: Option<&'a ClientCertificate>,
}

impl Visit<'_> {
    /// The tenant, as far as it is known before the caller is.
    fn named(&self) -> Option<Arc<Tenant>> {
        self.choice.tenant.clone().or_else(|| self.gate.edge.tenants.load().default_tenant().cloned())
    }
}

/// One request, as it arrives.
pub(crate) struct Arrival {
    /// Boxed: the head is a quarter of a kilobyte and goes through every stage.
    pub(crate) parts: Box<Parts>,
    pub(crate) body: ClientBody,
    /// What was wrong with its head: then the head is a stand-in.
    pub(crate) bad: Option<BadHead>,
}

/// One answer.
pub(crate) struct Served {
    pub(crate) response: Response<Recorded>,
    /// What the connection becomes once the answer is sent: the far side of an upgrade, and its record.
    pub(crate) tunnel: Option<(Tunnel, Box<Record>)>,
}

/// Answers one request of a connection. Never fails: a refusal is an answer too.
pub(crate) async fn serve(gate: &Gate, connection: &Connection, arrival: Arrival) -> Served {
    let begun = Instant::now();
    let table = gate.table.load_full();
    if let Some(endpoint) = table.forward_auth().filter(|endpoint| endpoint.takes(&arrival)) {
        return Box::pin(forward_auth::serve(gate, connection, table.perimeter(), endpoint, arrival)).await;
    }
    let Arrival { parts, body, bad } = arrival;
    let reply = Reply::to(&parts, &body, bad.is_some(), begun).for_people(&parts, &gate.explainer);
    let client = connection.peer.client(&parts.headers, &gate.trusted_proxies);
    let started = gate.clock.now();
    let request_id = gate.ids.of(&connection.peer, &parts.headers, started);

    let admitted = admit(gate, bad, &parts).map(Arc::new);
    let routed = match &admitted {
        Ok(admitted) => find(gate, table.perimeter(), table.routes(), admitted, &parts, client)
            .map(|(entry, choice)| (entry, choice, &**admitted)),
        Err(problem) => Err(problem.clone().into()),
    };
    let recorder = routed.as_ref().map_or(table.unmatched(), |(entry, ..)| &entry.recorder);
    let about = admitted.as_ref().ok();
    let mut record = Record::begin(Beginning { recorder, started, begun, request_id, client, parts: &parts, about });

    let outcome = match routed {
        Ok((entry, choice, admitted)) => {
            let route = &entry.route;
            let certificate = connection.peer.certificate();
            let visit = Visit { gate, connection, client, admitted, choice, route, certificate };
            let verdict = route.shape.cors.as_ref().map(|cors| cors.judge(&parts.headers, visit.named().as_deref()));
            let mut outcome = answer(&visit, &mut record, parts, body).await;
            if let Some(verdict) = verdict {
                verdict.write(match &mut outcome {
                    Ok(answered) => answered.response.headers_mut(),
                    Err(refusal) => refusal.headers_mut(),
                });
            }
            outcome
        }
        Err(refusal) => Err(refusal),
    };
    let mut served = reply.finish(&gate.farewell, record, outcome);
    if let Some(hsts) = connection.peer.hsts() {
        served.response.headers_mut().entry(header::STRICT_TRANSPORT_SECURITY).or_insert_with(|| hsts.clone());
    }
    served
}

/// guard: can everybody read this request in one way only?
fn admit(gate: &Gate, bad: Option<BadHead>, parts: &Parts) -> Result<Admitted, Problem> {
    match bad {
        Some(bad) => Err(bad.problem()),
        None => guard::admit(parts, &gate.heads),
    }
}

/// guard, route: is this host and client served, which tenant does the request name, where does it lead?
pub(crate) fn find<'t, 'p>(
    gate: &Gate,
    perimeter: &Perimeter,
    routes: &'t Routes,
    admitted: &'p Admitted,
    parts: &Parts,
    client: Client,
) -> Result<(&'t Entry, Choice<'p>), Refusal> {
    perimeter.admit(admitted.host(), client.ip, || gate.edge.tenants.load_full())?;
    let choice = tenant::choose(&gate.edge.tenants.load(), admitted.host(), admitted.path(), &parts.headers)?;
    let asked = Asked {
        host: admitted.host(),
        path: choice.path,
        query: admitted.query(),
        method: &parts.method,
        headers: &parts.headers,
        client: client.ip,
    };
    // A preflight is about the route that the request after it will take.
    if let Some(method) = cors::asked_method(parts)
        && let Ok(entry) = routes.find(&Asked { method: &method, ..asked })
        && entry.route.shape.cors.is_some()
    {
        return Ok((entry, choice));
    }
    match routes.find(&asked) {
        Ok(entry) => Ok((entry, choice)),
        Err(NoRoute::Unknown) => Err(UNKNOWN.into()),
        Err(NoRoute::Method(allowed)) => Err(Refusal::method(&allowed)),
    }
}

/// From the route to the answer of what is behind it.
async fn answer(
    visit: &Visit<'_>,
    record: &mut Record,
    parts: Box<Parts>,
    body: ClientBody,
) -> Result<Answered, Refusal> {
    let upgrade = transform::is_upgrade(&parts, !body.is_end());
    if let Some(response) = greet(visit, &parts)? {
        record.answered(response.status());
        return Ok(Answered::own(response));
    }
    let Passed { principal, tenant, taken, intake } = check(visit, record, &parts, body).await?;

    // transform, forward
    let onward = forward::Onward { visit, principal, tenant, upgrade };
    let mut answered = onward.send(record, parts, intake).await.map_err(|problem| Refusal::telling(problem, &taken))?;
    taken.write_headers(answered.response.headers_mut());
    Ok(answered)
}

/// guard: is this client served? Answers a browser that only asks what it may do.
pub(crate) fn greet(visit: &Visit<'_>, parts: &Parts) -> Result<Option<Response<Body>>, Refusal> {
    let Visit { client, route, .. } = visit;
    if let Some(clients) = &route.shape.clients {
        clients.admit(client.ip)?;
    }
    if let Some(heads) = &route.shape.heads {
        heads.admit(&parts.headers)?;
    }
    if let Some(cors) = &route.shape.cors
        && let Some(method) = cors::asked_method(parts)
    {
        return Ok(Some(cors.preflight(&method, &parts.headers, visit.named().as_deref())?));
    }
    Ok(None)
}

/// What is known of a request that may go on.
pub(crate) struct Passed<'r> {
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) taken: Taken<'r>,
    intake: Intake,
}

/// Every check of a route on a request that is one, in order.
pub(crate) async fn check<'r>(
    visit: &Visit<'r>,
    record: &mut Record,
    parts: &Parts,
    body: ClientBody,
) -> Result<Passed<'r>, Refusal> {
    let Visit { gate, client, admitted, choice, route, certificate, .. } = visit;

    // guard: can the gate take on another request?
    if let Some(shedder) = &gate.shedder {
        shedder.admit(route.importance)?;
    }

    // guard: the body is bounded before anything of it is read
    let intake = Intake::new(body, route.max_body.unwrap_or(gate.max_body), gate.body_timeout)?;
    record.progress.clone_from(&intake.progress);

    // authn: who?
    let request = authn::Request {
        headers: &parts.headers,
        method: &parts.method,
        host: admitted.host_field().to_str().unwrap_or_default(),
        secure: client.secure,
        client_ip: client.ip,
        tenant: choice.id(),
        certificate: *certificate,
    };
    let principal = gate.authn.identify(&route.auth, &request).await?;
    record.principal.clone_from(&principal);
    let tenant = tenant::settle(choice.tenant.as_ref(), principal.as_deref(), &gate.edge.tenants.load())?;
    record.tenant = Some(tenant.id);

    authz::require_certificate(&route.client_sans, *certificate)?;

    // limit: how much?
    let caller = principal.as_deref();
    let counted = limit::Caller { client_ip: client.ip, tenant: tenant.id, principal: caller, headers: &parts.headers };
    let mut taken = gate.limits.take(&route.limits, &counted).await?;
    record.permit = taken.permit();
    if let Some(problem) = taken.refusal() {
        return Err(Refusal::telling(problem, &taken));
    }

    // authz: may they?
    authz::require(&gate.edge, &route.requirement, caller).map_err(|problem| Refusal::telling(problem, &taken))?;
    authz::require_assurance(&route.assurance, caller, || gate.clock.now()).map_err(|mut refusal| {
        taken.write_headers(refusal.headers_mut());
        refusal
    })?;
    Ok(Passed { principal, tenant, taken, intake })
}
