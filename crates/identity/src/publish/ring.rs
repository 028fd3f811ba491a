//! From stored keys to keys that sign and verify.

use std::{collections::HashMap, sync::Arc};

use kernel::{
    TenantId,
    edge::Tenant,
    jose::{Jwk, JwkSet, RingKey, SigningKey, VerifyingKey},
};

use crate::{
    keys::{self, JwksDocument, Published, Signers, StoredKey},
    vault::Vault,
};

/// Parses the keys of these tenants. A key that cannot be used is left out and told: one damaged row
/// must not stop the others.
pub(super) fn parse(
    tenants: &[Tenant],
    stored: Vec<StoredKey>,
    vault: &Vault,
    signers: &Signers,
) -> HashMap<TenantId, Arc<Published>> {
    let mut by_tenant: HashMap<TenantId, Vec<StoredKey>> = HashMap::new();
    for key in stored {
        by_tenant.entry(key.tenant).or_default().push(key);
    }
    let of = |tenant: &Tenant| {
        let (mut active, mut ring, mut set) = (None, Vec::new(), JwkSet::default());
        for key in by_tenant.remove(&tenant.id).unwrap_or_default() {
            match parse_one(&key, vault, signers) {
                Ok((jwk, verifying, signing)) => {
                    let ring_key = RingKey { tenant: tenant.id, issuer: tenant.issuer.clone(), key: verifying };
                    ring.push((Arc::from(jwk.kid.as_str()), ring_key));
                    set.keys.push(jwk);
                    active = active.or(signing);
                }
                Err(reason) => {
                    tracing::error!(tenant = %tenant.slug, kid = key.kid, reason, "a signing key cannot be used");
                }
            }
        }
        (tenant.id, Arc::new(Published { active, ring, jwks: Arc::new(JwksDocument::new(&set)) }))
    };
    tenants.iter().map(of).collect()
}

fn parse_one(
    key: &StoredKey,
    vault: &Vault,
    signers: &Signers,
) -> Result<(Jwk, VerifyingKey, Option<Arc<SigningKey>>), String> {
    let jwk: Jwk = serde_json::from_value(key.public_jwk.clone()).map_err(|e| e.to_string())?;
    let verifying = VerifyingKey::from_jwk(&jwk).map_err(|e| e.to_string())?;
    let signing = if key.active {
        // Opening a key costs something: the one in memory stays.
        let held = signers.current(key.tenant, &key.kid);
        Some(held.map_or_else(|| keys::open(vault, key, jwk.alg).map(Arc::new), Ok)?)
    } else {
        None
    };
    Ok((jwk, verifying, signing))
}
