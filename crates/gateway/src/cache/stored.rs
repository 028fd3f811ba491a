//! A response that is kept.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use kernel::{Timestamp, gate::Purge};

use super::{
    freshness::Freshness,
    status::{CACHE_STATUS, Fate},
};
use crate::body::Body;

/// Fields in which a service names what an answer is made of.
const TAGS: [(&str, char); 2] = [("surrogate-key", ' '), ("cache-tag", ',')];

/// Most names of one answer, and the longest, in bytes.
const MAX_TAGS: usize = 64;
const MAX_TAG: usize = 256;

/// What keeping something costs beside its bytes, roughly.
const OVERHEAD: u64 = 512;

/// The head of a response that is to be kept, and what is remembered with it.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) freshness: Freshness,
    /// The name of the route.
    route: Box<str>,
    /// As the client asked for it.
    path: Box<str>,
    tags: Box<[Box<str>]>,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(super) head: Head,
    pub(super) body: Bytes,
    weight: u64,
}

impl Head {
    /// Remembers a response; `headers` as the service sent them.
    pub(super) fn new(status: StatusCode, headers: HeaderMap, freshness: Freshness, about: &About) -> Self {
        let tags = tags(&headers);
        let mut head = Self { status, headers, freshness, route: about.route.clone(), path: about.path.clone(), tags };
        without_tags(&mut head.headers);
        head
    }

    /// The same, with another head.
    pub(super) fn renewed(&self, headers: HeaderMap, freshness: Freshness) -> Self {
        let told = tags(&headers);
        let tags = if told.is_empty() { self.tags.clone() } else { told };
        let mut head = Self { headers, freshness, tags, ..self.clone() };
        without_tags(&mut head.headers);
        head
    }

    pub(super) fn with(self, body: Bytes) -> Stored {
        let fields: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        let rest: usize =
            self.path.len() + self.route.len() + self.tags.iter().map(|tag| tag.len() + 16).sum::<usize>();
        let weight = OVERHEAD + (fields + rest + body.len()) as u64;
        Stored { head: self, body, weight }
    }
}

/// What a response is an answer to.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) route: Box<str>,
    pub(super) path: Box<str>,
}

impl Stored {
    /// How much memory it takes, roughly.
    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }

    /// As an answer.
    pub(super) fn response(&self, now: Timestamp, head: bool, fate: Fate) -> Response<Body> {
        let body = if head { Body::Empty } else { Body::Full(self.body.clone()) };
        let mut response = Response::new(body);
        *response.status_mut() = self.head.status;
        *response.headers_mut() = self.head.headers.clone();
        let headers = response.headers_mut();
        headers.insert(header::AGE, self.head.freshness.age(now).as_secs().into());
        headers.insert(header::CONTENT_LENGTH, self.body.len().into());
        headers.append(CACHE_STATUS, fate.value());
        response
    }

    /// For how long it has not been fresh.
    pub(super) fn over(&self, now: Timestamp) -> Duration {
        self.head.freshness.over(now)
    }

    /// Whether it is to be forgotten.
    pub(super) fn is_meant(&self, purge: &Purge) -> bool {
        let Head { route, path, tags, .. } = &self.head;
        purge.route.as_ref().is_none_or(|name| **name == **route)
            && purge.path.as_ref().is_none_or(|prefix| lies_under(path, prefix))
            && purge.tag.as_ref().is_none_or(|tag| tags.iter().any(|own| **own == **tag))
    }
}

/// Whether the path is this one, or lies below it.
fn lies_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

/// Takes away what is between the service and the cache.
pub(crate) fn without_tags(headers: &mut HeaderMap) {
    for (name, _) in TAGS {
        headers.remove(HeaderName::from_static(name));
    }
}

fn tags(headers: &HeaderMap) -> Box<[Box<str>]> {
    let of = |(name, separator): (&'static str, char)| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(move |value| value.split(separator)).map(str::trim)
    };
    let named = TAGS.into_iter().flat_map(of).filter(|tag| !tag.is_empty() && tag.len() <= MAX_TAG);
    named.take(MAX_TAGS).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_purged_with_what_lies_below() {
        for (path, prefix, meant) in [
            ("/a/b", "/a", true),
            ("/a", "/a", true),
            ("/ab", "/a", false),
            ("/a/b", "/a/", true),
            ("/a", "/a/", false),
            ("/x", "/", true),
        ] {
            assert_eq!(lies_under(path, prefix), meant, "{path} {prefix}");
        }
    }
}
