//! Rotating and retiring keys, by hand and by the clock.

use std::time::Duration;

use kernel::{Problem, TenantId, Timestamp, problem::common};
use serde_json::json;

use super::{FreshKey, KeyInfo, KeyStatus, MEANWHILE, TOO_MANY, create_for, store};
use crate::{
    Core,
    audit::{self, Action, Entry, Origin, Target},
    publish::{self, Change},
};

const ROTATED: Action = Action::new("signing_key.rotated");
const RETIRED: Action = Action::new("signing_key.retired");

/// Most keys of a tenant that verify at the same time: everybody who verifies downloads them all.
const MAX_USABLE: i64 = 16;
/// How long retired keys stay in the list.
const KEEP_RETIRED: Duration = Duration::from_secs(90 * 86_400);

/// The tenant's keys, newest first.
pub async fn list(core: &Core, tenant: TenantId) -> Result<Vec<KeyInfo>, Problem> {
    core.read(tenant, |tx| Box::pin(store::all(tx))).await
}

async fn fresh(core: &Core, tenant: TenantId) -> Result<FreshKey, Problem> {
    FreshKey::generate(&core.vault, &core.random, tenant, core.settings.tokens.algorithm).await
}

/// Makes a new active key; the former one verifies until its last token has expired. Of several
/// rotations at once one is done, the others are refused: one new key is what all of them wanted.
pub async fn rotate(core: &Core, tenant: TenantId, origin: &Origin) -> Result<KeyInfo, Problem> {
    let old = core.read(tenant, |tx| Box::pin(store::active_kid(tx))).await?;
    let key = fresh(core, tenant).await?;
    let (now, random) = (core.now(), core.random.clone());
    let retire_at = now + core.settings.tokens.outlives();
    let entry = origin
        .entry(ROTATED, Target::new("signing_key", key.kid()))
        .details(json!({ "alg": key.jwk.alg, "previous": old }));
    let info = key.info(now);
    let seq = core
        .write(tenant, move |tx| {
            Box::pin(async move {
                if store::usable_count(tx).await? >= MAX_USABLE {
                    return Err(TOO_MANY.into());
                }
                if let Some(old) = old
                    && !store::leave(tx, &old, KeyStatus::Active, KeyStatus::Retiring, retire_at).await?
                {
                    return Err(MEANWHILE.into());
                }
                create_for(tx, &key, now).await?;
                audit::record(tx, entry, now, &*random).await?;
                Ok::<_, Problem>(publish::append(tx, &Change::KeysChanged, now).await?)
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(info)
}

/// Takes a key out of use at once: every token it signed is refused from now on. The active key is
/// replaced by a new one in the same step. Retiring a retired key changes nothing.
pub async fn retire(core: &Core, tenant: TenantId, kid: String, origin: &Origin) -> Result<KeyInfo, Problem> {
    let keys = list(core, tenant).await?;
    let found = keys.into_iter().find(|key| key.kid == kid).ok_or(common::NOT_FOUND)?;
    let from = found.status;
    let successor = match from {
        KeyStatus::Retired => return Ok(found),
        KeyStatus::Retiring => None,
        KeyStatus::Active => Some(fresh(core, tenant).await?),
    };
    let now = core.now();
    let entry = origin
        .entry(RETIRED, Target::new("signing_key", &kid))
        .details(json!({ "was": from, "successor": successor.as_ref().map(FreshKey::kid) }));
    let done = leave(core, tenant, kid, from, successor, entry, now).await?;
    let seq = done.ok_or(MEANWHILE)?;
    core.settle(seq).await?;
    Ok(KeyInfo { status: KeyStatus::Retired, retire_at: Some(now), ..found })
}

/// Retires the key if it still is what it was, and returns the change's number.
async fn leave(
    core: &Core,
    tenant: TenantId,
    kid: String,
    from: KeyStatus,
    successor: Option<FreshKey>,
    entry: Entry,
    now: Timestamp,
) -> Result<Option<i64>, Problem> {
    let random = core.random.clone();
    core.write(tenant, move |tx| {
        Box::pin(async move {
            if !store::leave(tx, &kid, from, KeyStatus::Retired, now).await? {
                return Ok(None);
            }
            if let Some(key) = successor {
                create_for(tx, &key, now).await?;
            }
            audit::record(tx, entry, now, &*random).await?;
            Ok::<_, Problem>(Some(publish::append(tx, &Change::KeysChanged, now).await?))
        })
    })
    .await
}

/// What the clock asks for: retires keys whose time is over, rotates those that are old enough, drops
/// what was retired long ago. Any node may do it at any time, several at once.
pub async fn tick(core: &Core) -> Result<(), Problem> {
    let now = core.now();
    for (tenant, kid) in core.store.system().read(move |tx| Box::pin(store::overdue(tx, now))).await? {
        let entry =
            Entry::by_system(RETIRED, Target::new("signing_key", &kid)).details(json!({ "was": KeyStatus::Retiring }));
        if let Some(seq) = leave(core, tenant, kid, KeyStatus::Retiring, None, entry, now).await? {
            core.settle(seq).await?;
        }
    }
    if let Some(age) = core.settings.tokens.key_rotation {
        let made_before = now - age;
        for tenant in core.store.system().read(move |tx| Box::pin(store::aged(tx, made_before))).await? {
            match rotate(core, tenant, &Origin::System).await {
                // Another node was faster, or somebody rotates by hand all the time.
                Err(problem) if problem.kind == MEANWHILE || problem.kind == TOO_MANY => {}
                done => drop(done?),
            }
        }
    }
    core.store.system().write(move |tx| Box::pin(store::forget(tx, now - KEEP_RETIRED))).await?;
    Ok(())
}
