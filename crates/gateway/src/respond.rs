//! The way back: from an outcome to the response that is sent, and its record.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version, header, request::Parts};
use http_body::Body as _;
use kernel::{Random, Timestamp, id::uuid_v7};
use tokio_util::sync::CancellationToken;

use crate::{
    body::{Body, ClientBody, Ending},
    explain::{Explain, Explainer, Reader},
    forward::Answered,
    grpc::{self, Deadline},
    pipeline::Served,
    problem::Refusal,
    record::{Record, Recorded},
    transform::{self, Peer},
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id that is taken over from a proxy.
const MAX_REQUEST_ID: usize = 128;

/// A body that was not read and is announced to be larger than this ends the connection: reading it all
/// just to refuse it would be work for nothing.
const SMALL_BODY: u64 = 16 << 10;

/// Gives requests their ids.
///
/// An id has to be unique and need not be secret, so it does not spend the system's randomness: a sequence
/// that starts at a random place, mixed by SplitMix64.
pub(crate) struct RequestIds(AtomicU64);

impl RequestIds {
    pub(crate) fn new(random: &dyn Random) -> Self {
        Self(AtomicU64::new(u64::from_le_bytes(kernel::random::bytes(random))))
    }

    /// The id that ties a request's response, logs and audit rows together: a trusted proxy's, if it is
    /// well formed, else a new one.
    pub(crate) fn of(&self, peer: &Peer, headers: &HeaderMap, now: Timestamp) -> RequestId {
        if peer.is_trusted()
            && let Some(value) = headers.get(X_REQUEST_ID).filter(|value| is_well_formed(value))
            && let Ok(text) = value.to_str()
        {
            return RequestId { field: value.clone(), text: text.into() };
        }
        let mut buffer = uuid::Uuid::encode_buffer();
        let text: &str = uuid_v7(now, self).hyphenated().encode_lower(&mut buffer);
        let field = HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-"));
        RequestId { field, text: text.into() }
    }
}

impl Random for RequestIds {
    fn fill(&self, buffer: &mut [u8]) {
        for piece in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            piece.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..piece.len()]);
        }
    }
}

fn is_well_formed(id: &HeaderValue) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    (8..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

/// A request's id, as it is sent and as it is told.
pub(crate) struct RequestId {
    pub(crate) field: HeaderValue,
    pub(crate) text: Arc<str>,
}

/// What must be remembered of a request to answer it, once it has been given away.
pub(crate) struct Reply {
    head: bool,
    /// Whether a refusal ends the connection.
    last: bool,
    /// What must be known of a call of gRPC.
    call: Option<Box<Call>>,
    /// Who would rather read a page about a refusal, and who says it.
    people: Option<Box<(Reader, Arc<dyn Explain>)>>,
}

struct Call {
    media_type: HeaderValue,
    deadline: Option<Deadline>,
}

impl Reply {
    /// The reply to a request. `spoilt`: its head was bad, so nothing that follows on the connection can be
    /// trusted.
    pub(crate) fn to(parts: &Parts, body: &ClientBody, spoilt: bool, begun: Instant) -> Self {
        // Who asks first (RFC 9110 §10.1.1) and is refused may send the body or not: nobody could tell.
        let asks_first = parts.headers.contains_key(header::EXPECT);
        let large = asks_first || body.length().is_none_or(|length| length > SMALL_BODY);
        let last = parts.version != Version::HTTP_2 && (spoilt || (!body.is_end() && large));
        let call = grpc::call(&parts.headers).map(|media_type| {
            Box::new(Call { media_type: media_type.clone(), deadline: Deadline::of(&parts.headers, begun) })
        });
        Self { head: parts.method == Method::HEAD, last, call, people: None }
    }

    /// The same for a browser that shows a page, where somebody says refusals to people.
    pub(crate) fn for_people(self, parts: &Parts, explainer: &Explainer) -> Self {
        let people = explainer.as_ref().and_then(|explainer| Some(Box::new((Reader::of(parts)?, explainer.clone()))));
        Self { people, ..self }
    }

    /// The same for whoever reads the HTTP status, whatever the request is a call of.
    pub(crate) fn by_status(self) -> Self {
        Self { call: None, ..self }
    }

    /// Makes the response and settles the record.
    pub(crate) fn finish(
        self,
        farewell: &CancellationToken,
        mut record: Box<Record>,
        outcome: Result<Answered, Refusal>,
    ) -> Served {
        let Self { head, last, call, people } = self;
        let answered = outcome.unwrap_or_else(|refusal| {
            tell_operator(&record, &refusal);
            record.refused(refusal.status(), refusal.problem.kind.code);
            let mut response = match &call {
                Some(call) => refusal.into_outcome(call.media_type.clone()),
                None => {
                    let id = record.request_id();
                    let page = people.and_then(|people| people.1.explain(&refusal.problem, id, &people.0));
                    refusal.into_response(id, page)
                }
            };
            if last {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Answered::own(response)
        });
        let Answered { mut response, origin, tunnel } = answered;
        transform::outward(response.headers_mut(), origin, record.request_field());
        match tunnel {
            Some(tunnel) => {
                Served { response: response.map(|_| Recorded::unrecorded(Body::Empty)), tunnel: Some((tunnel, record)) }
            }
            None => {
                let status = response.status();
                let bodiless = head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
                if !bodiless && response.body().size_hint().exact().is_none() {
                    end_in_order(&mut response, farewell, call.as_deref());
                }
                Served { response: response.map(|body| Recorded::new(body, record, bodiless)), tunnel: None }
            }
        }
    }
}

/// Has a response that has no end of its own end in order when the gate goes away.
fn end_in_order(response: &mut Response<Body>, farewell: &CancellationToken, call: Option<&Call>) {
    let is_events = |headers: &HeaderMap| {
        headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
    };
    if call.is_none() && !is_events(response.headers()) {
        return;
    }
    let body = std::mem::replace(response.body_mut(), Body::Empty);
    *response.body_mut() = match call {
        Some(call) => Ending::call(body, farewell, call.deadline),
        None => Ending::events(body, farewell),
    };
}

/// What the caller must not read, the operator must.
fn tell_operator(record: &Record, refusal: &Refusal) {
    let problem = &refusal.problem;
    let id = record.request_id();
    match &problem.cause {
        Some(cause) if problem.status() >= 500 => {
            tracing::warn!(request_id = %id, code = problem.kind.code, %cause, "a request failed");
        }
        Some(cause) => tracing::debug!(request_id = %id, code = problem.kind.code, %cause, "a request was refused"),
        None => {}
    }
}
