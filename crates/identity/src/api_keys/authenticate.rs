//! Who presents this key?

use std::sync::Arc;

use kernel::{Principal, Problem, Secret};

use super::{INVALID, model::USE_RESOLUTION, secret, store};
use crate::Core;

/// Resolves an API key. Every refusal is the same to the caller, whatever its reason, and what cannot
/// be a key costs no look-up.
pub async fn authenticate(core: &Core, key: Secret) -> Result<Arc<Principal>, Problem> {
    let refused = |reason: &'static str| Problem::new(INVALID).cause(reason);
    let tenant = secret::tenant_of(&key).ok_or_else(|| refused("malformed"))?;
    let hash = core.vault.hash_token(key.expose().as_bytes());
    let found = core.read(tenant, move |tx| Box::pin(store::presented(tx, hash))).await?;
    let presented = found.ok_or_else(|| refused("unknown"))?;
    let (id, last_used) = (presented.key.id, presented.key.last_used_at);
    let now = core.now();
    let principal = presented.principal(now).map_err(refused)?;
    let stale = now - USE_RESOLUTION;
    if last_used.is_none_or(|at| at <= stale) {
        // Off the request's path, and of no consequence if it fails: the next use notes itself.
        let store = core.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store::touch(&store, tenant, id, now, stale).await {
                tracing::debug!(%error, key = %id, "could not note the use of an API key");
            }
        });
    }
    Ok(Arc::new(principal))
}
