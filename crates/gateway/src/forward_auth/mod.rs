//! Answers other proxies about requests that they forward themselves.
//!
//! nginx (`auth_request`), Traefik, Caddy and Envoy (`ext_authz` over HTTP) ask at one path. The request they
//! ask about is put together again from what they say ([`told`]), and passes the same guard, route match and
//! checks as if it had come here. The answer is 200 with the headers that tell an upstream who calls, or the
//! refusal, as the client is to see it.
//!
//! Rules that hold here:
//! * Only trusted proxies may ask. Nobody else's word about a request counts.
//! * Only routes that were written for it are asked about: never those to identity, which let anybody in.
//! * It is found before any route, by the path as sent: neither a route's host nor a dot segment leads past it.
//! * A client certificate is never taken from the connection: that is the proxy's own.
//!
//! Deliberately absent: the body of the request, which proxies do not send; limits on requests under way,
//! because a question ends before the request does; CORS and every transform, which are the proxy's.

mod config;
mod login;
mod told;

use std::{sync::Arc, time::Instant};

use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use kernel::{
    exchange::RouteRecorder,
    problem::common::{STEP_UP, UNAUTHENTICATED},
};

pub use self::config::ForwardAuthConfig;
use self::{login::Login, told::Style};
use crate::{
    authn,
    body::{Body, ClientBody},
    forward::Answered,
    guard::{self, Admitted},
    listener::Connection,
    perimeter::Perimeter,
    pipeline::{self, Arrival, Gate, Served, Visit},
    problem::Refusal,
    record::{Beginning, Record},
    respond::Reply,
    route::{Routes, Target},
    transform::{self, Client},
};

/// The name that its requests are recorded under, before that of the route they are about.
pub(crate) const RECORDED: &str = "forward-auth";

kernel::problems! {
    /// The peer is not one of `server.trusted_proxies`.
    pub UNTRUSTED = 403 "forward_auth.untrusted" "Only trusted proxies may ask" "Add the address of the proxy to server.trusted_proxies.";
    /// The request that is asked about is missing, or could be read in two ways.
    pub REQUEST = 400 "forward_auth.request" "The request that is asked about is not clear" "Tell of one request, in one of the ways that the guide shows.";
}

/// The place where other proxies ask.
pub(crate) struct ForwardAuth {
    path: Box<str>,
    login: Option<Login>,
    routes: Routes,
    /// Records what has no route.
    recorder: Arc<dyn RouteRecorder>,
}

impl ForwardAuth {
    /// Answers about these routes.
    pub(crate) fn new(config: &ForwardAuthConfig, routes: Routes, recorder: Arc<dyn RouteRecorder>) -> Self {
        Self { path: config.path.as_str().into(), login: Login::new(config), routes, recorder }
    }

    /// Whether it is a question, by its path as sent.
    pub(crate) fn takes(&self, arrival: &Arrival) -> bool {
        let below = arrival.parts.uri.path().strip_prefix(&*self.path);
        arrival.bad.is_none() && below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// The refusal as the client is to see it, which may be the way to the sign-in page.
    fn refused(&self, mut refusal: Refusal, asked: &Asked<'_>) -> Result<Answered, Refusal> {
        let kind = refusal.problem.kind;
        let login = self.login.as_ref().filter(|_| [UNAUTHENTICATED, authn::REFUSED, STEP_UP].contains(&kind));
        let needed = refusal.problem.needed.as_deref();
        let location = login.and_then(|login| login.location(asked.parts, asked.about, asked.client.secure, needed));
        let Some(location) = location else { return Err(refusal) };
        if asked.style == Style::Original {
            // nginx takes 401 and 403 only, and can be told to redirect.
            refusal.headers_mut().insert(header::LOCATION, location);
            return Err(refusal);
        }
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert(header::LOCATION, location);
        Ok(own(response))
    }
}

/// Turns a question into the request that it is about, if it is clear.
#[cfg(any(test, fuzzing))]
pub(crate) fn read(path: &str, parts: &mut Parts, client: Client) -> bool {
    told::read(path, parts, client).is_ok()
}

/// The request that is asked about.
struct Asked<'a> {
    parts: &'a Parts,
    about: &'a Admitted,
    client: Client,
    style: Style,
}

/// Answers a question.
pub(crate) async fn serve(
    gate: &Gate,
    connection: &Connection,
    perimeter: &Perimeter,
    endpoint: &ForwardAuth,
    arrival: Arrival,
) -> Served {
    let begun = Instant::now();
    let Arrival { mut parts, body, .. } = arrival;
    // A refusal of gRPC's kind has the status 200, which would let the request through.
    let reply = Reply::to(&parts, &body, false, begun).by_status();
    let peer = &connection.peer;
    let behind = peer.client(&parts.headers, &gate.trusted_proxies);
    let started = gate.clock.now();
    let request_id = gate.ids.of(peer, &parts.headers, started);

    let told = match peer.is_trusted() {
        true => told::read(&endpoint.path, &mut parts, behind),
        false => Err(UNTRUSTED.into()),
    };
    let client = told.as_ref().map_or(behind, |(client, _)| *client);
    let read = told.and_then(|(_, style)| Ok((Arc::new(guard::admit(&parts, &gate.heads)?), style)));
    let routed = match &read {
        Ok((about, style)) => pipeline::find(gate, perimeter, &endpoint.routes, about, &parts, client)
            .map(|(entry, choice)| (entry, choice, Asked { parts: &parts, about, client, style: *style })),
        Err(problem) => Err(problem.clone().into()),
    };
    let recorder = routed.as_ref().map_or(&endpoint.recorder, |(entry, ..)| &entry.recorder);
    let about = read.as_ref().ok().map(|(about, _)| about);
    let mut record = Record::begin(Beginning { recorder, started, begun, request_id, client, parts: &parts, about });
    let outcome = match routed {
        Ok((entry, choice, asked)) => {
            let (admitted, route) = (asked.about, &*entry.route);
            let visit = Visit { gate, connection, client, admitted, choice, route, certificate: None };
            judge(&visit, &mut record, &parts).await.or_else(|refusal| endpoint.refused(refusal, &asked))
        }
        Err(refusal) => Err(refusal),
    };
    if let Ok(answered) = &outcome {
        record.answered(answered.response.status());
    }
    reply.finish(&gate.farewell, record, outcome)
}

/// Every check of the route; then who calls.
async fn judge(visit: &Visit<'_>, record: &mut Record, parts: &Parts) -> Result<Answered, Refusal> {
    let mut response = Response::new(Body::Empty);
    let headers = response.headers_mut();
    let (route, assertions) = (visit.route, &*visit.gate.assertions);
    let upstream = match &route.target {
        Target::Upstream(upstream) => upstream.name(),
        Target::InProcess(_) | Target::Elsewhere => &route.name,
    };
    if pipeline::greet(visit, parts)?.is_some() {
        // Whether the page may do what it asks about is answered where CORS is, which is not here.
        transform::tell(headers, None, None, upstream, assertions);
    } else {
        let passed = pipeline::check(visit, record, parts, ClientBody::Empty).await?;
        transform::tell(headers, passed.principal.as_deref(), Some(&passed.tenant), upstream, assertions);
        passed.taken.write_headers(headers);
    }
    Ok(own(response))
}

/// An answer of the gate's own, which holds for one request.
fn own(mut response: Response<Body>) -> Answered {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Answered::own(response)
}

#[cfg(test)]
mod tests;
