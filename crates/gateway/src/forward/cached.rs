//! A request to an upstream whose answers are kept: answered from memory, or fetched once for all who wait.

use std::sync::Arc;

use http::{HeaderValue, Method, Response, StatusCode, header};
use kernel::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{Answered, Onto, Onward, Ready, Sent};
use crate::{
    body::Body,
    cache::{
        self, Asked, Conditions, Fate, Fetch, Flight, Found, Leader, NOT_CACHED, Past, Place, Request, RouteCache,
        Settled, Store, Stored, Unstorable, Why,
    },
    problem::Refusal,
    record::Record,
    transform::{self, Origin},
    upstream::Failure,
};

/// What is to be fetched, and for whom.
struct Errand<'a> {
    cache: &'a Arc<RouteCache>,
    asked: Asked,
    place: Place,
    leader: Option<Leader>,
    kept: Option<Arc<Stored>>,
    onto: Onto<'a>,
    /// Whether others had fetched before, in vain.
    collapsed: bool,
    /// Whether answers like this are not kept, so that the request is best sent as it came.
    passes: bool,
}

impl Onward<'_> {
    /// The answer from memory, or the upstream's.
    pub(super) async fn through_cache(
        &self,
        cache: &Arc<RouteCache>,
        record: &mut Record,
        onto: Onto<'_>,
        mut ready: Box<Ready>,
    ) -> Result<Answered, Failure> {
        let clock = &self.visit.gate.clock;
        let store = self.visit.gate.cache.store();
        cache.narrow(&mut ready.target, &mut ready.parts.headers);
        // What the service will not see must not count either: `Connection` could name a field that answers are
        // told apart by. Calls of other methods keep what concerns one hop, such as gRPC's `TE`.
        if !self.upgrade && matches!(ready.parts.method, Method::GET | Method::HEAD) {
            transform::clean(&mut ready.parts.headers, &self.visit.connection.peer);
        }
        let asked = match self.asked(cache, onto, &ready) {
            Ok(asked) => asked,
            Err(past) => return self.past(cache, record, onto, ready, past).await,
        };
        let begun = clock.now();
        let until = Instant::now() + cache.wait;
        let mut collapsed = false;
        loop {
            let now = clock.now();
            let Some((place, found)) = store.look(&asked, &ready.parts.headers, now) else {
                return self.past(cache, record, onto, ready, Past { why: Why::Bypass, changes: None }).await;
            };
            let (kept, passes) = match found {
                Found::Kept(kept) if asked.is_answered_by(&kept, now) => {
                    return Ok(self.give(cache, record, &mut ready, &kept, kept.fate(now)));
                }
                // What came while the request waited is as new as what it would get itself.
                Found::Kept(kept) if collapsed && kept.is_from(begun) => {
                    let fate = Fate::Fetched { why: Why::Stale, kept: None, collapsed };
                    return Ok(self.give(cache, record, &mut ready, &kept, fate));
                }
                Found::Kept(kept) => (Some(kept), false),
                Found::Nothing => (None, false),
                Found::Passes => (None, true),
            };
            if asked.only_if_cached() {
                return Ok(missing(record));
            }
            if asked.head {
                let why = if kept.is_some() { Why::Stale } else { Why::Miss };
                return self.past(cache, record, onto, ready, Past { why, changes: None }).await;
            }
            let meanwhile = kept.as_ref().filter(|kept| asked.takes_meanwhile(kept, now)).cloned();
            let leader = match store.lead(&place) {
                _ if passes || Instant::now() >= until => None,
                Flight::Lead(leader) => Some(leader),
                Flight::Follow(landed) => {
                    if let Some(kept) = meanwhile {
                        return Ok(self.give(cache, record, &mut ready, &kept, kept.fate(now)));
                    }
                    if !collapsed {
                        cache.numbers.collapsed.add(1);
                    }
                    collapsed = true;
                    // Too late is no failure: then everybody asks for themselves.
                    let _ = timeout_at(until, landed.cancelled()).await;
                    continue;
                }
            };
            let errand = Errand { cache, asked, place, leader, kept, onto, collapsed, passes };
            return match meanwhile.filter(|_| errand.leader.is_some()) {
                Some(kept) => {
                    let answered = self.give(cache, record, &mut ready, &kept, kept.fate(now));
                    self.fetch_later(record, errand, ready);
                    Ok(answered)
                }
                None => self.fetch(record, errand, ready).await,
            };
        }
    }

    /// What the request asks for, as far as answers depend on it.
    fn asked(&self, cache: &RouteCache, onto: Onto<'_>, ready: &Ready) -> Result<Asked, Past> {
        let visit = self.visit;
        let request = Request {
            method: &ready.parts.method,
            headers: &ready.parts.headers,
            host: visit.admitted.host_field(),
            secure: visit.client.secure,
            proxy: visit.connection.peer.is_trusted(),
            unusual: self.upgrade || ready.intake.progress.is_some(),
            tenant: self.tenant.id,
            principal: self.principal.as_deref(),
            certificate: visit.connection.peer.certificate().is_some(),
            forwards_credentials: visit.route.forward_credentials,
            cors: visit.route.shape.cors.is_some(),
            target: &ready.target,
            upstream: onto.upstream.name(),
            version: onto.version,
            filled: &ready.filled,
        };
        request.read(cache)
    }

    /// Past the cache. What succeeds in changing something changes what is kept of it.
    async fn past(
        &self,
        cache: &RouteCache,
        record: &mut Record,
        onto: Onto<'_>,
        ready: Box<Ready>,
        past: Past,
    ) -> Result<Answered, Failure> {
        match past.why {
            Why::Bypass | Why::Method => cache.numbers.bypassed.add(1),
            _ => cache.numbers.misses.add(1),
        }
        let Sent { mut answered, .. } = self.to_route_upstream(record, onto.upstream, ready).await?;
        let status = answered.response.status();
        if let Some(address) = past.changes.filter(|_| status.is_success() || status.is_redirection()) {
            self.visit.gate.cache.store().change(address);
        }
        let fate = Fate::Fetched { why: past.why, kept: Some(Unstorable::Head), collapsed: false };
        RouteCache::mark(&mut answered.response, fate);
        Ok(answered)
    }

    /// An answer from memory.
    fn give(&self, cache: &RouteCache, record: &mut Record, ready: &mut Ready, kept: &Stored, fate: Fate) -> Answered {
        match fate {
            Fate::Stale { .. } => cache.numbers.stale.add(1),
            _ => cache.numbers.hits.add(1),
        }
        let conditions = Conditions::take(&mut ready.parts.headers);
        self.remembered(cache, record, kept, &conditions, fate)
    }

    fn remembered(
        &self,
        cache: &RouteCache,
        record: &mut Record,
        kept: &Stored,
        conditions: &Conditions,
        fate: Fate,
    ) -> Answered {
        let gate = self.visit.gate;
        // Who was asked, if anybody was, is more worth knowing.
        if record.upstream.is_none() {
            record.upstream = Some(gate.cache.store().label.clone());
            record.cached = true;
        }
        let head = record.is_head();
        let response = cache.give(kept, head, conditions, gate.clock.now(), fate);
        Answered { response: Box::new(response), origin: Origin::Upstream { upgrade: false }, tunnel: None }
    }

    /// Asks the upstream, and keeps what may be kept.
    async fn fetch(&self, record: &mut Record, errand: Errand<'_>, mut ready: Box<Ready>) -> Result<Answered, Failure> {
        let clock = &self.visit.gate.clock;
        let (cache, collapsed) = (errand.cache, errand.collapsed);
        let upstream = errand.onto.upstream;
        let why = match &errand.kept {
            _ if errand.asked.insists() => Why::Request,
            Some(_) => Why::Stale,
            None => Why::Miss,
        };
        cache.numbers.misses.add(1);
        let headers = ready.parts.headers.clone();
        let conditions = if errand.passes { Conditions::default() } else { Conditions::take(&mut ready.parts.headers) };
        let kept = errand.kept.clone();
        let fetch = errand.fetch(self.visit.gate.cache.store(), headers, clock.now(), &mut ready);
        let stand_in = kept.filter(|kept| kept.may_stand_in(clock.now()));
        // What is kept comes before a fallback.
        let sent = match stand_in {
            Some(_) => self.in_turn(record, upstream, ready).await.map(Sent::from),
            None => self.to_route_upstream(record, upstream, ready).await,
        };
        let failed = match &sent {
            Err(Failure::Client(_)) => None,
            Err(failure) => StatusCode::from_u16(failure.problem().status()).ok(),
            Ok(sent) => Some(sent.answered.response.status()).filter(StatusCode::is_server_error),
        };
        if let Some((kept, status)) = stand_in.as_ref().zip(failed) {
            cache.numbers.stale.add(1);
            let fate = kept.stand_in(clock.now(), status);
            return Ok(self.remembered(cache, record, kept, &conditions, fate));
        }
        let Sent { answered: Answered { response, origin, tunnel }, instead } = sent?;
        // A fallback's words are nobody's answer.
        if origin == Origin::Own {
            return Ok(Answered { response, origin, tunnel });
        }
        let settled = match instead {
            true => Settled::Passing(*response, Some(Unstorable::Fallback)),
            false => fetch.settle(*response, clock.now()).await,
        };
        match settled {
            Settled::Here { stored, revalidated, kept, cookies } => {
                if revalidated {
                    cache.numbers.revalidated.add(1);
                }
                let fate = match kept {
                    None if revalidated => Fate::Revalidated,
                    kept => Fate::Fetched { why, kept, collapsed },
                };
                let mut answered = self.remembered(cache, record, &stored, &conditions, fate);
                for cookie in cookies {
                    append(&mut answered.response, cookie);
                }
                Ok(answered)
            }
            Settled::Passing(mut response, kept) => {
                let whole = conditions.apply(&mut response);
                if matches!(whole, Body::Keeping(_)) {
                    // The client has it already; the others do not. Its places are held until its end has come.
                    let places = std::mem::take(&mut record.places);
                    tokio::spawn(async move {
                        cache::finish(whole).await;
                        drop(places);
                    });
                }
                RouteCache::mark(&mut response, Fate::Fetched { why, kept, collapsed });
                Ok(Answered { response: Box::new(response), origin, tunnel })
            }
            Settled::Broken(error) => match stand_in {
                Some(kept) => {
                    cache.numbers.stale.add(1);
                    let fate = kept.stand_in(clock.now(), StatusCode::BAD_GATEWAY);
                    Ok(self.remembered(cache, record, &kept, &conditions, fate))
                }
                None => Err(Failure::Invalid(record.upstream.clone().unwrap_or_else(|| upstream.name().into()), error)),
            },
        }
    }

    /// Asks the upstream while the client has its answer already.
    fn fetch_later(&self, record: &Record, errand: Errand<'_>, mut ready: Box<Ready>) {
        let gate = self.visit.gate;
        let upstream = errand.onto.upstream.clone();
        let headers = ready.parts.headers.clone();
        let fetch = errand.fetch(gate.cache.store(), headers, gate.clock.now(), &mut ready);
        let (wish, outgoing) = self.outgoing(record, &upstream, *ready);
        let (worker, clock, queue) = (self.visit.connection.worker, gate.clock.clone(), self.visit.route.queue.clone());
        tokio::spawn(async move {
            let sent = async {
                let turn = match &queue {
                    Some(queue) => Some(queue.enter().await?),
                    None => None,
                };
                let place = upstream.enter().await?;
                Ok::<_, Failure>((upstream.send(worker, &wish, outgoing).await?, turn, place))
            };
            match sent.await {
                // Its places are held until its end has come.
                Ok((answer, _turn, _place)) => fetch.settle(*answer.response, clock.now()).await.finish().await,
                Err(failure) => tracing::debug!(upstream = upstream.name(), %failure, "what is kept was not renewed"),
            }
        });
    }
}

impl Errand<'_> {
    /// Begins it: the request asks whether what is kept still holds, if there is something to ask with.
    fn fetch(self, store: &Arc<Store>, headers: http::HeaderMap, requested: Timestamp, ready: &mut Ready) -> Fetch {
        let kept = self.kept.filter(|kept| cache::ask(kept.headers(), &mut ready.parts.headers));
        Fetch {
            cache: self.cache.clone(),
            store: store.clone(),
            asked: self.asked,
            place: self.place,
            leader: self.leader,
            kept,
            headers,
            path: self.onto.path.into(),
            requested,
        }
    }
}

/// Nothing is kept, and nothing else was wanted.
fn missing(record: &Record) -> Answered {
    let response = Refusal::from(NOT_CACHED).into_response(record.request_id(), None);
    Answered::own(response)
}

fn append(response: &mut Response<Body>, cookie: HeaderValue) {
    response.headers_mut().append(header::SET_COOKIE, cookie);
}
