//! Making puzzles and judging solutions. Pure.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use kernel::{Random, TenantId, Timestamp, random};
use subtle::ConstantTimeEq as _;

use super::Work;
use crate::vault::Vault;

/// For how long a puzzle can be used.
pub(super) const TTL: Duration = Duration::from_secs(600);

/// Length of a nonce, in bytes.
const NONCE: std::ops::RangeInclusive<usize> = 1..=32;

/// Expiry in microseconds, bits, random: what is signed.
const BODY: usize = 8 + 1 + 16;
/// Bytes of the signature.
const TAG: usize = 16;

fn sign(vault: &Vault, tenant: TenantId, body: &[u8]) -> [u8; 32] {
    vault.tag_puzzle(tenant.uuid().as_bytes(), body)
}

/// A new puzzle.
pub(super) fn puzzle(vault: &Vault, tenant: TenantId, bits: u8, now: Timestamp, random: &dyn Random) -> String {
    let mut bytes = Vec::with_capacity(BODY + TAG);
    bytes.extend_from_slice(&(now + TTL).as_micros().to_be_bytes());
    bytes.push(bits);
    bytes.extend_from_slice(&random::bytes::<16>(random));
    let tag = sign(vault, tenant, &bytes);
    bytes.extend_from_slice(&tag[..TAG]);
    B64.encode(bytes)
}

/// A puzzle that was solved, and not known to be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Solved {
    pub(super) hash: [u8; 32],
    pub(super) expires_at: Timestamp,
}

/// Judges a solution. `None`: not ours, not this tenant's, too old, for less work than is asked for by now,
/// or not solved.
pub(super) fn solved(vault: &Vault, tenant: TenantId, work: &Work, bits: u8, now: Timestamp) -> Option<Solved> {
    let nonce =
        Some(work.nonce.as_bytes()).filter(|n| NONCE.contains(&n.len()) && n.iter().all(u8::is_ascii_graphic))?;
    let bytes = Some(&work.puzzle).filter(|p| p.len() <= 2 * (BODY + TAG)).and_then(|p| B64.decode(p).ok())?;
    let (body, tag) = bytes.split_at_checked(BODY).filter(|(_, tag)| tag.len() == TAG)?;
    let ours: bool = sign(vault, tenant, body)[..TAG].ct_eq(tag).into();
    let (expires, rest) = body.split_first_chunk::<8>()?;
    let expires_at = Timestamp::from_micros(i64::from_be_bytes(*expires));
    if !ours || expires_at <= now || *rest.first()? < bits {
        return None;
    }
    let mut text = work.puzzle.clone().into_bytes();
    text.push(b'.');
    text.extend_from_slice(nonce);
    let hash = digest::digest(&digest::SHA256, &text);
    let needed = u32::from(*rest.first()?);
    let mut id = [0; 32];
    id.copy_from_slice(digest::digest(&digest::SHA256, body).as_ref());
    (zero_bits(hash.as_ref()) >= needed).then_some(Solved { hash: id, expires_at })
}

/// How many bits are zero before the first that is not.
pub(super) fn zero_bits(hash: &[u8]) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(zeros).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(zeros).unwrap_or(u32::MAX).saturating_mul(8).saturating_add(rest)
}
