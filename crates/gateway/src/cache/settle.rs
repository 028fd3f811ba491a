//! What becomes of an answer that was fetched.

use std::{future::poll_fn, sync::Arc};

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body as _;
use kernel::Timestamp;

use super::{
    RouteCache,
    asked::Asked,
    conditional,
    freshness::{Exchange, Freshness, Unstorable},
    keeping::{Draft, Keeping},
    store::{Leader, Place, Store},
    stored::{About, Head, Stored},
};
use crate::{body::Body, transform};

/// A fetch that is under way.
pub(crate) struct Fetch {
    pub(crate) cache: Arc<RouteCache>,
    pub(crate) store: Arc<Store>,
    pub(crate) asked: Asked,
    pub(crate) place: Place,
    pub(crate) leader: Option<Leader>,
    /// What was kept, where the service was asked whether it still holds.
    pub(crate) kept: Option<Arc<Stored>>,
    /// The request's fields, as the client sent them.
    pub(crate) headers: HeaderMap,
    /// The request's path.
    pub(crate) path: Box<str>,
    pub(crate) requested: Timestamp,
}

/// What came of it.
pub(crate) enum Settled {
    /// A whole answer, in memory.
    Here { stored: Arc<Stored>, revalidated: bool, kept: Option<Unstorable>, cookies: Vec<HeaderValue> },
    /// An answer that passes through. Without a reason, it is kept once its end has come.
    Passing(Response<Body>, Option<Unstorable>),
    /// It broke off, before anything of it was given to anybody.
    Broken(String),
}

impl Fetch {
    /// Decides about an answer, and reads its body where it is kept and its length is known.
    pub(crate) async fn settle(self, response: Response<Body>, received: Timestamp) -> Settled {
        let (mut parts, body) = response.into_parts();
        transform::clean_response(&mut parts.headers);
        if let Some(kept) = self.kept.as_ref().filter(|_| parts.status == StatusCode::NOT_MODIFIED) {
            return self.renew(kept, &parts.headers, received);
        }
        let length = body.size_hint().exact();
        let judged = self.judge(parts.status, &parts.headers, received).and_then(|freshness| {
            let max = self.cache.max_object;
            let fits = length.is_none_or(|length| length <= max);
            let berth = self.store.berth(&self.place, &self.asked, &self.headers, &parts.headers)?;
            if !fits {
                return Err(Unstorable::TooLarge);
            }
            let room = self.store.room(length.unwrap_or(0)).ok_or(Unstorable::NoRoom)?;
            Ok((freshness, berth, room))
        });
        let (freshness, berth, room) = match judged {
            Ok(judged) => judged,
            Err(why) => {
                // An error says nothing about what was kept before, and neither does a lack of room.
                if !parts.status.is_server_error() && why != Unstorable::NoRoom {
                    self.store.forget(&self.place);
                    self.store.pass(&self.place, received);
                }
                return Settled::Passing(Response::from_parts(parts, body), Some(why));
            }
        };
        let about = About { route: self.cache.route.clone(), path: self.path };
        let head = Head::new(parts.status, parts.headers.clone(), freshness, &about);
        let draft = Draft { cache: self.cache.clone(), store: self.store, berth, head, leader: self.leader, room };
        match length {
            Some(length) => match draft.collect(body, length).await {
                Ok((stored, kept)) => {
                    let kept = (!kept).then_some(Unstorable::Purged);
                    Settled::Here { stored, revalidated: false, kept, cookies: Vec::new() }
                }
                Err(error) => Settled::Broken(error.to_string()),
            },
            None => {
                let body = Body::Keeping(Box::new(Keeping::new(body, draft, self.cache.max_object)));
                Settled::Passing(Response::from_parts(parts, body), None)
            }
        }
    }

    /// What was kept still holds (RFC 9111 §4.3.4).
    fn renew(&self, kept: &Stored, news: &HeaderMap, received: Timestamp) -> Settled {
        let cookies = news.get_all(header::SET_COOKIE).iter().cloned().collect();
        let headers = conditional::freshen(&kept.head.headers, news);
        let judged = self.judge(kept.head.status, &headers, received).and_then(|freshness| {
            let berth = self.store.berth(&self.place, &self.asked, &self.headers, &headers)?;
            Ok((freshness, berth))
        });
        let (freshness, berth) = match judged {
            Ok((freshness, berth)) => (freshness, Ok(berth)),
            // From now on it is not to be kept; this once, it is what the service meant.
            Err(why) => (kept.head.freshness, Err(why)),
        };
        let stored = Arc::new(kept.head.renewed(headers, freshness).with(kept.body.clone()));
        let kept = match berth {
            Ok(berth) if self.store.put(&berth, stored.clone()) => None,
            Ok(_) => Some(Unstorable::Purged),
            Err(why) => {
                self.store.forget(&self.place);
                Some(why)
            }
        };
        Settled::Here { stored, revalidated: true, kept, cookies }
    }

    fn judge(&self, status: StatusCode, headers: &HeaderMap, received: Timestamp) -> Result<Freshness, Unstorable> {
        if self.asked.control.no_store {
            return Err(Unstorable::NoStore);
        }
        let exchange = Exchange { status, headers, requested: self.requested, received };
        Freshness::judge(&self.cache.rules, self.asked.audience, &exchange)
    }
}

impl Settled {
    /// Reads what is still to come, as far as it is kept. Nobody waits for the answer itself.
    pub(crate) async fn finish(self) {
        if let Self::Passing(response, None) = self {
            finish(response.into_body()).await;
        }
    }
}

/// Reads a body that nobody waits for, as far as it is kept.
pub(crate) async fn finish(body: Body) {
    let Body::Keeping(mut body) = body else { return };
    while body.is_kept() && matches!(poll_fn(|cx| body.poll_frame(cx)).await, Some(Ok(_))) {}
}
