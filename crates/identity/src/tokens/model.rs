//! Refresh tokens, and what to make of one that cannot be consumed. Pure.

use std::time::Duration;

use kernel::{ProblemKind, Secret, TenantId, Timestamp};

use crate::{
    sessions::{self, Ended, bearer},
    vault::Vault,
};

/// What refresh tokens begin with, so that scanners and people recognise them.
pub const PREFIX: &str = "prt_";

/// Writes a refresh token from its random half.
pub fn mint(tenant: TenantId, random: &[u8; 32]) -> Secret {
    bearer::write(PREFIX, tenant, random)
}

/// The refresh token that follows this one: the same one every time.
pub(super) fn successor(vault: &Vault, tenant: TenantId, token: &Secret) -> Secret {
    mint(tenant, &vault.succeed_token(token.expose().as_bytes()))
}

/// When a refresh token expires that is made at `now`: never after its session.
pub(super) fn expiry(ttl: Duration, session_ends: Timestamp, now: Timestamp) -> Timestamp {
    (now + ttl).min(session_ends)
}

/// A refresh token that could not be consumed, as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unconsumed {
    /// When it was used, if it was.
    pub(super) used_at: Option<Timestamp>,
    /// How its session stands.
    pub(super) session: Result<(), Ended>,
}

/// What that means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Judgement {
    /// Used a moment ago: the same successor again.
    SameAgain,
    /// Two parties hold it: end the session.
    Reuse,
    /// Refused, and nothing more.
    Refused(&'static ProblemKind),
}

/// Judges a token that the consuming statement did not take.
pub(super) fn judge(token: &Unconsumed, grace: Duration, now: Timestamp) -> Judgement {
    match (token.session, token.used_at) {
        (Err(ended), _) => Judgement::Refused(ended.kind()),
        (Ok(()), Some(used)) if now.since(used) < grace => Judgement::SameAgain,
        (Ok(()), Some(_)) => Judgement::Reuse,
        // Not used and its session is live: the token itself is too old.
        (Ok(()), None) => Judgement::Refused(sessions::EXPIRED),
    }
}
