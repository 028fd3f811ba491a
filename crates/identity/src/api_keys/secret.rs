//! What an API key looks like: `pk_live_` + base64url(tenant id ‖ 32 random bytes) + 6 characters of
//! checksum.
//!
//! The tenant id makes a key find its own tenant; the checksum lets scanners, and us, tell a key from
//! something that only looks like one without asking the database. It protects nothing.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use kernel::{Random, Secret, TenantId, random};
use uuid::Uuid;
use zeroize::Zeroizing;

const PREFIX: &str = "pk_live_";
/// 16 + 32 bytes in base64url.
const BODY: usize = 64;
const CHECKSUM: usize = 6;

/// A new key of the tenant.
pub(super) fn generate(tenant: TenantId, random: &dyn Random) -> Secret {
    let mut bytes = Zeroizing::new([0_u8; 48]);
    bytes[..16].copy_from_slice(tenant.uuid().as_bytes());
    bytes[16..].copy_from_slice(&*Zeroizing::new(random::bytes::<32>(random)));
    let mut text = String::with_capacity(PREFIX.len() + BODY + CHECKSUM);
    text.push_str(PREFIX);
    B64.encode_string(*bytes, &mut text);
    let checksum = checksum(&text);
    text.push_str(&checksum);
    Secret::new(text)
}

/// Whose key this is, if it can be one at all. Says nothing about whether it is valid.
pub(super) fn tenant_of(key: &Secret) -> Option<TenantId> {
    let text = key.expose();
    if text.len() != PREFIX.len() + BODY + CHECKSUM || !text.is_ascii() {
        return None;
    }
    let (head, check) = text.split_at(PREFIX.len() + BODY);
    let body = head.strip_prefix(PREFIX)?;
    if checksum(head) != check {
        return None;
    }
    let bytes = Zeroizing::new(B64.decode(body).ok()?);
    Uuid::from_slice(bytes.get(..16)?).ok().map(TenantId::from_uuid)
}

/// What is kept of a key for people to tell theirs apart: its end. The checksum is a hash of 256
/// random bits, so it gives nothing away.
pub(super) fn hint(key: &Secret) -> String {
    let text = key.expose();
    format!("{PREFIX}…{}", &text[text.len() - CHECKSUM..])
}

fn checksum(head: &str) -> String {
    let mut check = B64.encode(&digest(&SHA256, head.as_bytes()).as_ref()[..5]);
    check.truncate(CHECKSUM);
    check
}
