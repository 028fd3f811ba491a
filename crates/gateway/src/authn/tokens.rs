//! Access tokens: verified once, then remembered by their hash.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use kernel::{
    ApiKeyId, AuthMethod, GrantSet, Principal, Problem, Subject, Timestamp, UserId,
    jose::{Claims, KeyRing, MAX_TOKEN_LEN, TokenError, Unverified},
};
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::{REFUSED, proven::Proven};

/// How long a refused token is remembered, so that repeating it costs no signature check; short, for a
/// new key may just be on its way to this node.
const REMEMBER_REFUSAL: Duration = Duration::from_secs(1);
/// Most refused tokens remembered.
const REFUSALS: usize = 8 * 1024;
/// Allowed difference between clocks, in seconds; that of [`KeyRing::verify`].
const LEEWAY_SECS: i64 = 5;

/// Tokens are remembered by hash: small, and no token lies in memory.
type Digest = [u8; 32];

/// A token whose signature and claims are in order.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) proven: Proven,
    /// The key that signed it.
    kid: Box<str>,
}

/// All tokens seen lately.
pub(super) struct Tokens {
    verified: Cache<Digest, Arc<Verified>>,
    /// Until when a token is refused without a look.
    refused: Cache<Digest, Timestamp>,
}

/// Numbers for gauges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenStats {
    /// Tokens remembered now.
    pub remembered: usize,
    /// Look-ups that found one.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
}

impl Tokens {
    pub(super) fn new(capacity: usize) -> Self {
        Self { verified: Cache::new(capacity), refused: Cache::new(REFUSALS) }
    }

    /// Signature, issuer, audience and times of the token. On a token that is remembered only what can
    /// change: its expiry, and whether its key is still accepted.
    pub(super) fn verify(&self, keys: &KeyRing, token: &str, now: Timestamp) -> Result<Arc<Verified>, Problem> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(refused(TokenError::Malformed));
        }
        let digest = sha256(token);
        if let Some(known) = self.verified.get(&digest) {
            return match known.refusal(keys, now) {
                None => Ok(known),
                Some(error) => {
                    self.verified.remove_if(&digest, |entry| Arc::ptr_eq(entry, &known));
                    Err(refused(error))
                }
            };
        }
        if self.refused.get(&digest).is_some_and(|until| now < until) {
            return Err(Problem::new(REFUSED).cause("the same token was refused a moment ago"));
        }
        match Verified::new(keys, token, now) {
            Ok(verified) => {
                let verified = Arc::new(verified);
                self.verified.insert(digest, verified.clone());
                Ok(verified)
            }
            Err(error) => {
                self.refused.insert(digest, now + REMEMBER_REFUSAL);
                Err(refused(error))
            }
        }
    }

    pub(super) fn stats(&self) -> TokenStats {
        TokenStats { remembered: self.verified.len(), hits: self.verified.hits(), misses: self.verified.misses() }
    }
}

fn refused(error: TokenError) -> Problem {
    Problem::new(REFUSED).cause(error)
}

fn sha256(token: &str) -> Digest {
    let mut digest = Digest::default();
    digest.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    digest
}

impl Verified {
    fn new(keys: &KeyRing, token: &str, now: Timestamp) -> Result<Self, TokenError> {
        let kid = Unverified::parse(token)?.header.kid.into();
        let (claims, _) = keys.verify(token, now)?;
        Ok(Self { proven: Proven::new(Arc::new(principal(claims)?)), kid })
    }

    fn refusal(&self, keys: &KeyRing, now: Timestamp) -> Option<TokenError> {
        if !keys.accepts(&self.kid) {
            return Some(TokenError::UnknownKey);
        }
        let expires = self.proven.principal().expires_at.as_secs();
        (expires + LEEWAY_SECS <= now.as_secs()).then_some(TokenError::Expired)
    }
}

/// The caller that verified claims speak of.
fn principal(claims: Claims) -> Result<Principal, TokenError> {
    let subject = claims.sub.parse::<Uuid>().map_err(|_| TokenError::Malformed)?;
    let subject = match claims.akid {
        // A tenant's own key has no user behind it: the token's subject is the key.
        Some(key) if key.uuid() == subject => Subject::ApiKey(ApiKeyId::from_uuid(subject)),
        _ => Subject::User(UserId::from_uuid(subject)),
    };
    Ok(Principal {
        tenant: claims.tid,
        subject,
        method: AuthMethod::Jwt,
        session: claims.sid,
        token: Some(claims.jti),
        api_key: claims.akid,
        roles: claims.roles.into(),
        narrowed_to: claims.permissions.map(|grants| Arc::new(GrantSet::new(grants))),
        scope: claims.scope.into(),
        networks: Arc::default(),
        limits: Arc::default(),
        authenticated_at: Timestamp::from_secs(claims.auth_time.unwrap_or(claims.iat)),
        amr: claims.amr,
        impersonator: claims.act.map(|act| act.sub),
        expires_at: Timestamp::from_secs(claims.exp),
    })
}
