//! Making a key.

use std::sync::Arc;

use kernel::{
    Problem, Random, TenantId, Timestamp,
    jose::{Alg, Jwk, SigningKey},
    problem::common,
    random,
};

use super::{KeyInfo, KeyStatus};
use crate::vault::{Purpose, Vault};

/// A new key, sealed and not stored yet. Made before the unit that stores it, since a unit awaits
/// nothing but the database and an RSA key takes a tenth of a second.
#[derive(Debug)]
pub struct FreshKey {
    pub(super) tenant: TenantId,
    pub(super) jwk: Jwk,
    pub(super) sealed: Vec<u8>,
}

impl FreshKey {
    /// Makes a key for the tenant, on a thread where blocking is allowed.
    pub async fn generate(
        vault: &Arc<Vault>,
        random: &Arc<dyn Random>,
        tenant: TenantId,
        alg: Alg,
    ) -> Result<Self, Problem> {
        let (vault, random) = (vault.clone(), random.clone());
        tokio::task::spawn_blocking(move || make(&vault, &*random, tenant, alg))
            .await
            .unwrap_or_else(|e| Err(Problem::new(common::INTERNAL).cause(e)))
    }

    /// The key id.
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// What it is once it is stored.
    pub(super) fn info(&self, now: Timestamp) -> KeyInfo {
        let (kid, alg) = (self.jwk.kid.clone(), self.jwk.alg);
        KeyInfo { kid, alg, status: KeyStatus::Active, created_at: now, retire_at: None }
    }
}

fn make(vault: &Vault, random: &dyn Random, tenant: TenantId, alg: Alg) -> Result<FreshKey, Problem> {
    let failed = |e: kernel::jose::KeyError| Problem::new(common::INTERNAL).cause(e);
    // 96 random bits: ids of all tenants' keys share one ring at the edge and must never collide. In hex,
    // because people give them to commands, where a leading hyphen would mean an option.
    let kid = random::bytes::<12>(random).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let pkcs8 = SigningKey::generate(alg).map_err(failed)?;
    let jwk = SigningKey::from_pkcs8(kid, alg, pkcs8.expose()).and_then(|key| key.jwk()).map_err(failed)?;
    let sealed = vault.seal(Purpose::SigningKeys, &context(tenant, &jwk.kid), pkcs8.expose(), random)?;
    Ok(FreshKey { tenant, jwk, sealed })
}

/// What binds a sealed key to its row.
pub(super) fn context(tenant: TenantId, kid: &str) -> Vec<u8> {
    [tenant.uuid().as_bytes(), kid.as_bytes()].concat()
}
