//! `Cache-Status` (RFC 9211): what the cache did, for whoever looks into why.

use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};

use super::freshness::Unstorable;

pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What happened to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Answered from memory, fresh for so long.
    Hit { left: Duration },
    /// Answered from memory although no longer fresh, for so long.
    Stale { over: Duration, because: Option<StatusCode> },
    /// The service says that what was kept still holds.
    Revalidated,
    /// The service was asked. `None`: the answer is kept.
    Fetched { why: Why, kept: Option<Unstorable>, collapsed: bool },
}

/// Why the service was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    /// The request is not one that is answered from memory.
    Bypass,
    /// Its method is none that is.
    Method,
    /// Nothing is kept for it.
    Miss,
    /// What was kept is no longer fresh.
    Stale,
    /// The client wanted it anew.
    Request,
}

impl Fate {
    /// As a field's value.
    pub(crate) fn value(self) -> HeaderValue {
        let text = match self {
            Self::Hit { left } => format!("portcullis; hit; ttl={}", left.as_secs()),
            Self::Stale { over, because: None } => format!("portcullis; hit; ttl=-{}", over.as_secs()),
            Self::Stale { over, because: Some(status) } => {
                format!(
                    "portcullis; fwd=stale; fwd-status={}; ttl=-{}; detail=stale-if-error",
                    status.as_u16(),
                    over.as_secs()
                )
            }
            Self::Revalidated => "portcullis; fwd=stale; fwd-status=304; stored".to_owned(),
            Self::Fetched { why, kept, collapsed } => {
                let mut text = format!("portcullis; fwd={}", why.name());
                if collapsed {
                    text.push_str("; collapsed");
                }
                match kept {
                    None => text.push_str("; stored"),
                    Some(_) if matches!(why, Why::Bypass | Why::Method) => {}
                    Some(unstorable) => {
                        text.push_str("; detail=");
                        text.push_str(unstorable.detail());
                    }
                }
                text
            }
        };
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("portcullis"))
    }
}

impl Why {
    const fn name(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::Miss => "uri-miss",
            Self::Stale => "stale",
            Self::Request => "request",
        }
    }
}
