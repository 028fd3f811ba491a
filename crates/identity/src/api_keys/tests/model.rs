//! What a key looks like, and the decisions about it.

use std::time::Duration;

use kernel::{ApiKeyId, OsRandom, Secret, TenantId, Timestamp};

use crate::api_keys::{
    ApiKey,
    model::{MAX_LIFE, MAX_OVERLAP, Patch, Rotation, Status, expiry},
    secret,
};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn key() -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(NOW, &OsRandom::new()),
        owner: None,
        name: "k".into(),
        hint: String::new(),
        permissions: None,
        networks: Vec::new(),
        limits: Vec::new(),
        created_by: None,
        created_at: NOW,
        expires_at: None,
        last_used_at: None,
        rotated_to: None,
        revoked_at: None,
    }
}

#[test]
fn a_key_finds_its_tenant_and_a_typo_is_no_key() {
    let (random, tenant) = (OsRandom::new(), TenantId::new(NOW, &OsRandom::new()));
    let key = secret::generate(tenant, &random);
    let text = key.expose().clone();
    assert!(text.starts_with("pk_live_") && text.len() == 78);
    assert_eq!(secret::tenant_of(&key), Some(tenant));
    assert_ne!(text, *secret::generate(tenant, &random).expose());
    assert_eq!(secret::hint(&key), format!("pk_live_…{}", &text[72..]));
    for (i, c) in text.char_indices() {
        let other = if c == 'x' { "y" } else { "x" };
        let typo = format!("{}{other}{}", &text[..i], &text[i + 1..]);
        assert_eq!(secret::tenant_of(&Secret::new(typo)), None, "character {i}");
    }
    for no_key in ["", "pk_live_", &text[..77], &format!("{text}x"), &"é".repeat(39), &"pk_live_".repeat(10)] {
        assert_eq!(secret::tenant_of(&Secret::new(no_key.to_owned())), None, "{no_key}");
    }
}

#[test]
fn a_key_ends_at_its_expiry_and_at_its_revocation() {
    let expiring = ApiKey { expires_at: Some(NOW + DAY), ..key() };
    assert_eq!(expiring.status(NOW + DAY - Duration::from_micros(1)), Status::Active);
    assert_eq!(expiring.status(NOW + DAY), Status::Expired);
    assert_eq!(ApiKey { revoked_at: Some(NOW), ..expiring }.status(NOW), Status::Revoked);
    assert!(expiry(NOW, NOW).is_err() && expiry(NOW + MAX_LIFE + DAY, NOW).is_err() && expiry(NOW + DAY, NOW).is_ok());
}

#[test]
fn a_rotated_key_keeps_the_lifetime_it_was_made_for() {
    let now = NOW + 10 * DAY;
    let key = ApiKey { expires_at: Some(NOW + 30 * DAY), ..key() };
    let rotation = key.rotate(DAY, None, now).expect("a rotation");
    assert_eq!(rotation, Rotation { old_ends: now + DAY, new_expires: Some(now + 30 * DAY) });
    // The overlap gives the old key no more time than it had, and a week at most.
    let short = ApiKey { expires_at: Some(now + DAY), ..key.clone() };
    assert_eq!(short.rotate(2 * DAY, Some(None), now).expect("one").old_ends, now + DAY);
    assert_eq!(key.rotate(100 * DAY, None, now).expect("one").old_ends, now + MAX_OVERLAP);
    let again = ApiKey { rotated_to: Some(key.id), ..key.clone() };
    assert_eq!(again.rotate(DAY, None, now).expect_err("once only").kind.code, "api_key.rotated");
    assert_eq!(key.rotate(DAY, None, NOW + 30 * DAY).expect_err("expired").kind.code, "api_key.ended");
}

#[test]
fn a_rotated_key_cannot_be_prolonged() {
    let old = ApiKey { rotated_to: Some(key().id), expires_at: Some(NOW + DAY), ..key() };
    for at in [None, Some(NOW + 9 * DAY)] {
        let patch = Patch { expires_at: Some(at), ..Patch::default() };
        assert_eq!(patch.apply(&old).expires_at, Some(NOW + DAY));
    }
    let sooner = Patch { expires_at: Some(Some(NOW)), ..Patch::default() };
    assert_eq!(sooner.apply(&old).expires_at, Some(NOW));
}
