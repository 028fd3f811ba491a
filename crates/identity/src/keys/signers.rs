//! The keys of every tenant, in memory: ready to sign, and as the document that others verify with.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use kernel::{
    Problem, TenantId,
    jose::{JwkSet, RingKey, SigningKey},
    problem::common,
};

/// Keys by tenant. Written by [`publish`](crate::publish), read by whoever signs.
#[derive(Debug, Default)]
pub struct Signers {
    tenants: ArcSwap<HashMap<TenantId, Arc<Published>>>,
}

/// One tenant's keys.
#[derive(Debug)]
pub(crate) struct Published {
    /// The one that signs.
    pub(crate) active: Option<Arc<SigningKey>>,
    /// Those that verify, by key id.
    pub(crate) ring: Vec<(Arc<str>, RingKey)>,
    /// The public halves of those.
    pub(crate) jwks: Arc<JwksDocument>,
}

/// The answer at `jwks.json`, rendered once.
#[derive(Debug, PartialEq, Eq)]
pub struct JwksDocument {
    /// JSON.
    pub body: bytes::Bytes,
    /// Strong entity tag (RFC 9110 §8.8.3), with its quotes.
    pub etag: String,
}

impl JwksDocument {
    /// Renders the set.
    pub(crate) fn new(keys: &JwkSet) -> Self {
        let body = serde_json::to_vec(keys).unwrap_or_default();
        let hash = digest::digest(&digest::SHA256, &body);
        let etag = format!("\"{}\"", B64.encode(&hash.as_ref()[..16]));
        Self { body: body.into(), etag }
    }
}

impl Signers {
    /// The key that signs the tenant's tokens.
    pub fn active(&self, tenant: TenantId) -> Result<Arc<SigningKey>, Problem> {
        let key = self.tenants.load().get(&tenant).and_then(|keys| keys.active.clone());
        key.ok_or_else(|| Problem::new(common::UNAVAILABLE).cause(format!("tenant {tenant} has no signing key")))
    }

    /// The tenant's public keys.
    pub fn jwks(&self, tenant: TenantId) -> Option<Arc<JwksDocument>> {
        self.tenants.load().get(&tenant).map(|keys| keys.jwks.clone())
    }

    /// The active key as it is in memory, to be used again when a reload finds the same one.
    pub(crate) fn current(&self, tenant: TenantId, kid: &str) -> Option<Arc<SigningKey>> {
        self.tenants.load().get(&tenant)?.active.clone().filter(|key| key.kid() == kid)
    }

    /// Replaces the keys of these tenants, or of all, and returns every key that verifies.
    pub(crate) fn publish(&self, changed: HashMap<TenantId, Arc<Published>>, all: bool) -> Vec<(Arc<str>, RingKey)> {
        let mut next = if all { HashMap::new() } else { HashMap::clone(&self.tenants.load()) };
        next.extend(changed);
        let ring = next.values().flat_map(|keys| keys.ring.iter().cloned()).collect();
        self.tenants.store(Arc::new(next));
        ring
    }
}
