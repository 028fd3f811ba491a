//! The keys that tokens may be signed with, by `kid`.

use std::{collections::HashMap, sync::Arc};

use super::{Claims, TokenError, Unverified, VerifyingKey};
use crate::{TenantId, Timestamp};

/// A published key and whose it is.
#[derive(Debug, Clone)]
pub struct RingKey {
    /// The tenant whose issuer signs with it. A token of another tenant's issuer is refused.
    pub tenant: TenantId,
    /// The tenant's issuer.
    pub issuer: Arc<str>,
    /// The key.
    pub key: VerifyingKey,
}

/// Every key that is accepted now: active ones and those kept for overlap.
#[derive(Debug, Default, Clone)]
pub struct KeyRing {
    keys: HashMap<Arc<str>, RingKey>,
}

/// Allowed difference between clocks.
pub(super) const LEEWAY_SECS: i64 = 5;

impl KeyRing {
    /// A ring of these keys, by `kid`.
    pub fn new(keys: impl IntoIterator<Item = (Arc<str>, RingKey)>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    /// Whether the key is still accepted. Asked for cached tokens too, so that retiring a key takes
    /// effect on them.
    pub fn accepts(&self, kid: &str) -> bool {
        self.keys.contains_key(kid)
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Verifies signature, issuer, audience and times (RFC 7519 §4.1, RFC 8725). Revocation is the
    /// caller's next question.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<(Claims, &RingKey), TokenError> {
        let unverified = Unverified::parse(token)?;
        let found = self.keys.get(unverified.header.kid.as_str()).ok_or(TokenError::UnknownKey)?;
        if found.key.alg() != unverified.header.alg {
            return Err(TokenError::Algorithm);
        }
        let claims = unverified.verify(&found.key)?;
        let now = now.as_secs();
        if claims.iss != *found.issuer || claims.tid != found.tenant {
            return Err(TokenError::Issuer);
        }
        if !claims.aud.contains(&claims.iss) {
            return Err(TokenError::Audience);
        }
        if claims.exp + LEEWAY_SECS <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf - LEEWAY_SECS > now || claims.iat - LEEWAY_SECS > now {
            return Err(TokenError::NotYetValid);
        }
        Ok((claims, found))
    }
}
