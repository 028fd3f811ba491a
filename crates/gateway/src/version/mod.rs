//! Which version of an API a request is for, and what its answer says about that version's life.
//!
//! A version is named in the path, in a header field or in the media type that is accepted; what names
//! none is for the default version. A version may have an upstream of its own. Deprecated versions say
//! so in every answer: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` (RFC 8288).
//!
//! Invariant: versions come from the configuration alone, so they may label metrics; what a client
//! writes never does.

mod compile;
mod config;
mod find;

pub use config::{VersionConfig, VersionsConfig};

use std::{borrow::Cow, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::{Problem, Timestamp};

use crate::upstream::Upstream;

kernel::problems! {
    /// The version that a request names does not exist.
    pub UNKNOWN = 404 "version.unknown" "There is no such version" "Use one of the versions in the detail.";
    /// The version has ended.
    pub GONE = 410 "version.gone" "This version has ended" "Use a newer version.";
}

/// The versions of one route.
#[derive(Debug)]
pub(crate) struct Versions {
    by: Box<[Place]>,
    /// Segments of the route's path before its `{*rest}`.
    prefix: usize,
    strip: bool,
    default: usize,
    known: Box<[Version]>,
    /// For refusals: `1, 2`.
    names: Box<str>,
    /// The fields that an answer depends on.
    vary: Option<HeaderValue>,
}

/// Where a version may be named.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    Path,
    Header(HeaderName),
    MediaType,
}

/// One version.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: Arc<str>,
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// What every answer says about it.
    fields: Box<[(HeaderName, HeaderValue)]>,
    /// When requests begin to be refused.
    ends: Option<Timestamp>,
}

/// What a request asks for.
#[derive(Debug)]
pub(crate) struct Chosen<'v> {
    pub(crate) version: &'v Version,
    /// The path without its version, where that changes it.
    pub(crate) path: Option<String>,
    vary: Option<&'v HeaderValue>,
}

impl Versions {
    /// The version of a request: the routed path and its header fields.
    pub(crate) fn choose(&self, path: &str, headers: &HeaderMap, now: Timestamp) -> Result<Chosen<'_>, Problem> {
        let mut stripped = None;
        let mut found = None;
        for place in &self.by {
            let named: Option<Cow<'_, str>> = match place {
                Place::Path => find::in_path(path, self.prefix).map(|(name, rest)| {
                    stripped = Some(rest).filter(|_| self.strip);
                    Cow::Borrowed(name)
                }),
                Place::Header(name) => headers.get(name).map(find::in_field),
                Place::MediaType => headers.get(header::ACCEPT).and_then(find::in_media_type).map(Cow::Borrowed),
            };
            if let Some(name) = named.filter(|_| found.is_none()) {
                found = Some(self.get(&name)?);
            }
        }
        let version = found.unwrap_or(&self.known[self.default]);
        if version.ends.is_some_and(|ends| now >= ends) {
            return Err(GONE.into());
        }
        Ok(Chosen { version, path: stripped, vary: self.vary.as_ref() })
    }

    fn get(&self, name: &str) -> Result<&Version, Problem> {
        self.known
            .iter()
            .find(|version| *version.name == *name)
            .ok_or_else(|| Problem::new(UNKNOWN).detail(format!("There are these versions: {}.", self.names)))
    }
}

impl Chosen<'_> {
    /// Says in the answer what there is to say about the version.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.version.fields {
            // Other links and fields that the answer varies by stay beside ours.
            if *name == header::LINK {
                headers.append(name, value.clone());
            } else {
                headers.insert(name, value.clone());
            }
        }
        if let Some(vary) = self.vary {
            headers.append(header::VARY, vary.clone());
        }
    }
}

#[cfg(test)]
mod tests;
