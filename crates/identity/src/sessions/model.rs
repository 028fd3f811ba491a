//! Sessions as values, and what can be decided about them. Pure.

use std::{str::FromStr, time::Duration};

use kernel::{Amr, DeviceId, Problem, ProblemKind, SessionId, Timestamp, UserId};

use super::{ENDED, EXPIRED, REUSED};
use crate::{settings::SessionSettings, users::UserStatus};

/// Use is noted this often at most, so that a busy session does not write for every request.
pub(super) const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// Why a session was revoked, as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Its user logged out of it.
    Logout,
    /// Its user logged out everywhere.
    LogoutAll,
    /// Its user ended it from another session.
    Revoked,
    /// The password changed.
    Password,
    /// The e-mail address changed.
    Email,
    /// Second factors changed.
    Factors,
    /// An administrator ended it.
    Admin,
    /// The user was disabled or deleted.
    Disabled,
    /// A refresh token of it was used twice.
    Reuse,
    /// Another one took its place: a login in the same browser, or the same login that has proven more.
    Replaced,
    /// The person has as many as they may, and has begun another.
    Displaced,
}

impl Reason {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::LogoutAll => "logout_all",
            Self::Revoked => "revoked",
            Self::Password => "password",
            Self::Email => "email",
            Self::Factors => "factors",
            Self::Admin => "admin",
            Self::Disabled => "disabled",
            Self::Reuse => "reuse",
            Self::Replaced => "replaced",
            Self::Displaced => "displaced",
        }
    }
}

/// Why a session is not good any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Idle for too long, or at its absolute limit.
    Expired,
    /// Revoked, or its user is not active.
    Revoked,
    /// Revoked because a refresh token was used twice.
    Reused,
}

impl Ended {
    /// What the caller is told.
    pub const fn kind(self) -> &'static ProblemKind {
        match self {
            Self::Expired => EXPIRED,
            Self::Revoked => ENDED,
            Self::Reused => REUSED,
        }
    }
}

impl From<Ended> for Problem {
    fn from(ended: Ended) -> Self {
        Self::new(ended.kind())
    }
}

/// How long a session lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Ends then, unless it is used before.
    pub idle: Timestamp,
    /// Ends then, whatever happens.
    pub absolute: Timestamp,
}

impl Span {
    /// Of a session that begins at `now`.
    pub fn begin(settings: &SessionSettings, remember: bool, now: Timestamp) -> Self {
        let absolute = now + if remember { settings.remember } else { settings.absolute };
        Self { idle: Self::idle(settings, remember, absolute, now), absolute }
    }
    /// The same, but not after `until`.
    pub fn ending_by(self, until: Timestamp) -> Self {
        Self { idle: self.idle.min(until), absolute: self.absolute.min(until) }
    }
    /// The idle limit of a session that is used at `now`.
    pub fn idle(settings: &SessionSettings, remember: bool, absolute: Timestamp, now: Timestamp) -> Timestamp {
        (now + if remember { settings.remember } else { settings.idle }).min(absolute)
    }
}

/// Whether use at `now` is worth noting.
pub fn needs_touch(last_seen: Timestamp, now: Timestamp) -> bool {
    now.since(last_seen) >= TOUCH_EVERY
}

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Fresh.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Keyed hash of the cookie, where there is one.
    pub cookie_hash: Option<[u8; 32]>,
    /// The person asked to be remembered.
    pub remember: bool,
    /// Scopes of its tokens.
    pub scope: Scope,
    /// From where, canonical.
    pub ip: String,
    /// With what, bounded.
    pub user_agent: String,
    /// With what they proved who they are.
    pub amr: Amr,
    /// When it ends.
    pub span: Span,
}

/// What a login asks for beside getting in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wishes {
    /// They asked to be remembered.
    pub remember: bool,
    /// Scopes of the tokens.
    pub scope: Scope,
    /// Whether to hand out a session cookie too.
    pub set_cookie: bool,
}

/// A session as its user sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// The person asked to be remembered.
    pub remember: bool,
    /// From where it was begun.
    pub ip: String,
    /// With what it was begun.
    pub user_agent: String,
    /// With which device, unless that is forgotten.
    pub device: Option<DeviceId>,
    /// What that is called.
    pub device_name: Option<String>,
    /// Login.
    pub created_at: Timestamp,
    /// Last use that was noted.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends anyway.
    pub expires_at: Timestamp,
    /// The administrator whose it is, who acts as the user.
    pub impersonator: Option<UserId>,
}

/// Whose session it is, as far as tokens need to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// Who.
    pub id: UserId,
    /// Whether they may do anything.
    pub status: UserStatus,
    /// E-mail address.
    pub email: Option<String>,
    /// Login name.
    pub username: Option<String>,
    /// How to call them.
    pub display_name: Option<String>,
}

/// A session with its owner, as it stands in the database: perhaps ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Live {
    /// Id.
    pub id: SessionId,
    /// Whose.
    pub owner: Owner,
    /// Scopes of its tokens.
    pub scope: String,
    /// The person asked to be remembered.
    pub remember: bool,
    /// When the person proved who they are.
    pub authenticated_at: Timestamp,
    /// With what they proved it.
    pub amr: Amr,
    /// Whether it has a cookie.
    pub cookie: bool,
    /// Since when its browser is trusted, if it is.
    pub trusted_at: Option<Timestamp>,
    /// Last use that was noted.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub span: Span,
    /// Why it was revoked, if it was.
    pub revoked: Option<String>,
}

impl Live {
    /// Whether it is good at `now`.
    pub fn check(&self, now: Timestamp) -> Result<(), Ended> {
        match &self.revoked {
            Some(reason) if reason == Reason::Reuse.as_str() => Err(Ended::Reused),
            Some(_) => Err(Ended::Revoked),
            None if self.owner.status != UserStatus::Active => Err(Ended::Revoked),
            None if self.span.idle <= now || self.span.absolute <= now => Err(Ended::Expired),
            None => Ok(()),
        }
    }
}

/// Scopes of a login (RFC 6749 §3.3): only those of OpenID Connect, which say what of the person may be
/// told. A login cannot give itself scopes that an upstream would read as rights.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope(String);

/// Why a text is no scope of a login.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a space-separated list of openid, profile, email, offline_access")]
pub struct InvalidScope;

impl Scope {
    const KNOWN: [&'static str; 4] = ["openid", "profile", "email", "offline_access"];

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let mut scopes: Vec<&str> = Vec::new();
        for scope in text.split(' ').filter(|s| !s.is_empty()) {
            let known = Self::KNOWN.iter().find(|k| **k == scope).ok_or(InvalidScope)?;
            if !scopes.contains(known) {
                scopes.push(known);
            }
        }
        Ok(Self(scopes.join(" ")))
    }
}
