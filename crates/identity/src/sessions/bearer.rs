//! Secrets that say where they belong: `prefix + base64url(tenant id ‖ 32 random bytes)`.
//!
//! The tenant must be known before anything of it can be looked up; so the secret itself carries it.
//! That is a hint and no proof: what counts is that the tenant's table holds the secret's keyed hash.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use kernel::{Secret, TenantId};
use uuid::Uuid;

/// Characters after the prefix: 48 bytes in base64 without padding.
const BODY_LEN: usize = 64;

/// Writes a secret from its random half.
pub fn write(prefix: &str, tenant: TenantId, random: &[u8; 32]) -> Secret {
    let mut text = String::with_capacity(prefix.len() + BODY_LEN);
    text.push_str(prefix);
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(tenant.uuid().as_bytes());
    bytes[16..].copy_from_slice(random);
    B64.encode_string(bytes, &mut text);
    Secret::new(text)
}

/// Which tenant the secret says it belongs to. `None`: it is not of this form, and no database needs to
/// be asked.
pub fn tenant_of(prefix: &str, secret: &Secret) -> Option<TenantId> {
    let body = secret.expose().strip_prefix(prefix).filter(|body| body.len() == BODY_LEN)?;
    let bytes = B64.decode(body).ok()?;
    Uuid::from_slice(bytes.get(..16)?).ok().map(TenantId::from_uuid)
}
