//! May a response be kept, and for how long is it fresh? (RFC 9111 §3, §4.2)
//!
//! Stricter than the RFC in three places, each because a wrong guess would show one visitor's answer to
//! another: an answer that sets a cookie is never kept; an answer to a known caller is kept for others only
//! where it says `public` or `s-maxage`, not for `must-revalidate` alone; and no lifetime is guessed.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use kernel::Timestamp;

use super::{
    Rules,
    directives::{ResponseControl, seconds},
};

/// When a response was asked for, came, and what its head says.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) requested: Timestamp,
    pub(super) received: Timestamp,
}

/// To whom it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Audience {
    /// Somebody who told nothing about themselves.
    Stranger,
    /// Somebody who is known to the service, while the answer would be shared with others.
    Known,
    /// All callers of a tenant.
    Tenant,
    /// This caller alone.
    Own,
}

/// Why a response is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unstorable {
    Status,
    NoStore,
    Private,
    Cookie,
    Credentials,
    Vary,
    NoLifetime,
    TooLarge,
    /// Too much is on its way in just now.
    NoRoom,
    /// It is one to `HEAD`, which has no body.
    Head,
    /// It is of the upstream that is asked instead.
    Fallback,
    /// It was purged, or changed by another request, while it was fetched.
    Purged,
}

impl Unstorable {
    /// For `Cache-Status`.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::Cookie => "set-cookie",
            Self::Credentials => "credentials",
            Self::Vary => "vary",
            Self::NoLifetime => "no-lifetime",
            Self::TooLarge => "too-large",
            Self::NoRoom => "no-room",
            Self::Head => "head",
            Self::Fallback => "fallback",
            Self::Purged => "purged",
        }
    }
}

/// How long a kept response may be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Freshness {
    received: Timestamp,
    age: Duration,
    lifetime: Duration,
    while_revalidate: Duration,
    if_error: Duration,
    /// Whether the service is to be asked each time.
    always_ask: bool,
    /// Whether it said that everybody may have it.
    pub(super) public: bool,
}

impl Freshness {
    /// Judges a response.
    pub(super) fn judge(rules: &Rules, audience: Audience, exchange: &Exchange<'_>) -> Result<Self, Unstorable> {
        let Exchange { status, headers, requested, received } = *exchange;
        if !rules.statuses.contains(&status) {
            return Err(Unstorable::Status);
        }
        let control = ResponseControl::read(headers);
        if control.no_store {
            return Err(Unstorable::NoStore);
        }
        if control.private && audience != Audience::Own {
            return Err(Unstorable::Private);
        }
        if headers.contains_key(header::SET_COOKIE) {
            return Err(Unstorable::Cookie);
        }
        let public = control.public || control.s_maxage.is_some();
        if audience == Audience::Known && !public {
            return Err(Unstorable::Credentials);
        }
        let date = date(headers, &header::DATE).unwrap_or(received);
        let expires = headers
            .contains_key(header::EXPIRES)
            // A date that is none has passed (RFC 9111 §5.3).
            .then(|| self::date(headers, &header::EXPIRES).map_or(Duration::ZERO, |expires| expires.since(date)));
        let said = control.s_maxage.or(control.max_age).or(expires);
        let lifetime = match said {
            Some(said) => said,
            None if control.no_cache => Duration::ZERO,
            None => rules.default_ttl,
        };
        // RFC 9111 §4.2.3.
        let told = seconds(headers.get(header::AGE).and_then(|age| age.to_str().ok()).map(str::trim));
        let age = received.since(date).max(told.saturating_add(received.since(requested)));
        let has_validator = headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED);
        let always_ask = control.no_cache;
        if (always_ask || age >= lifetime) && !has_validator {
            return Err(Unstorable::NoLifetime);
        }
        if said.is_none() && !always_ask && rules.default_ttl.is_zero() {
            return Err(Unstorable::NoLifetime);
        }
        // `s-maxage` alone forbids what the operator would like (RFC 9111 §5.2.2.10), but not what the response
        // itself asks for beside it.
        let strict = control.must_revalidate || always_ask;
        let stale = |own: Option<Duration>, usual: Duration| match own {
            _ if strict => Duration::ZERO,
            Some(own) => own,
            None if control.s_maxage.is_some() => Duration::ZERO,
            None => usual,
        };
        Ok(Self {
            received,
            age,
            lifetime,
            while_revalidate: stale(control.stale_while_revalidate, rules.stale_while_revalidate),
            if_error: stale(control.stale_if_error, rules.stale_if_error),
            always_ask,
            public,
        })
    }

    /// How old the response is (RFC 9111 §4.2.3).
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        self.age.saturating_add(now.since(self.received))
    }

    /// For how long it is still fresh; zero when it is not.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        if self.always_ask { Duration::ZERO } else { self.lifetime.saturating_sub(self.age(now)) }
    }

    /// For how long it has not been fresh.
    pub(super) fn over(&self, now: Timestamp) -> Duration {
        self.age(now).saturating_sub(self.lifetime)
    }

    /// When it came.
    pub(super) const fn received(&self) -> Timestamp {
        self.received
    }

    /// Whether it may be given while it is fetched anew.
    pub(super) fn may_be_refreshed_later(&self, now: Timestamp) -> bool {
        self.age(now) < self.lifetime.saturating_add(self.while_revalidate)
    }

    /// Whether it may be given because the service fails.
    pub(super) fn may_stand_in(&self, now: Timestamp) -> bool {
        self.age(now) < self.lifetime.saturating_add(self.if_error)
    }
}

/// A field that holds one date.
pub(super) fn date(headers: &HeaderMap, name: &header::HeaderName) -> Option<Timestamp> {
    let mut values = headers.get_all(name).iter();
    let text = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let since = httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_secs(i64::try_from(since.as_secs()).ok()?))
}
