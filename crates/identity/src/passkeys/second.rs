//! A key as second factor: of somebody whose password was right, for the challenge that waits for it and no other.

use kernel::{Problem, RequestContext, Secret, UserId};
use serde::{Deserialize, Serialize};
use storage::{StoreError, TenantTx};
use url::Url;
use webauthn_rs::prelude::{self, PasskeyAuthentication, PublicKeyCredential};

use super::{
    INVALID, NONE, Party, Passkey, Proven,
    ceremonies::{self, Begun, Handle, Purpose},
    prove::{defect, options, proven, refuse, word},
    store,
};
use crate::Core;

/// What was asked of the authenticator, and for which challenge.
#[derive(Serialize, Deserialize)]
struct Asked {
    challenge: [u8; 32],
    state: PasskeyAuthentication,
}

/// The person's keys that this host may use.
async fn keys_of(tx: &mut TenantTx, user: UserId, rp_id: &str) -> Result<Vec<Passkey>, StoreError> {
    Ok(store::list(tx, user).await?.into_iter().filter(|passkey| passkey.rp_id == rp_id).collect())
}

/// Asks for one of the person's keys. `challenge` is the hash of what the answer counts for.
pub async fn begin_second(
    core: &Core,
    ctx: &RequestContext,
    page: Option<&Url>,
    user: UserId,
    challenge: [u8; 32],
) -> Result<Begun, Problem> {
    let party = Party::of(&core.settings, &ctx.tenant, page)?;
    let rp_id = party.rp_id.clone();
    let keys = core.read(ctx.tenant.id, move |tx| Box::pin(async move { keys_of(tx, user, &rp_id).await })).await?;
    if keys.is_empty() {
        return Err(NONE.into());
    }
    let keys: Vec<prelude::Passkey> = keys.into_iter().map(|passkey| passkey.credential.into()).collect();
    let (response, state) = party.webauthn()?.start_passkey_authentication(&keys).map_err(defect)?;
    let (asked, whose) = (Asked { challenge, state }, Some((user, None)));
    let ceremony = ceremonies::open(core, ctx.tenant.id, Purpose::Second, party.rp_id, &asked, whose).await?;
    Ok(Begun::new(ceremony, options(&response)?))
}

/// The key that has answered, for this person and this challenge. The ceremony is used up, right or wrong.
pub async fn prove_second(
    core: &Core,
    ctx: &RequestContext,
    user: UserId,
    challenge: [u8; 32],
    ceremony: &Secret,
    answer: &PublicKeyCredential,
) -> Result<Proven, Problem> {
    let handle = Handle::presented(&core.vault, ctx.tenant.id, Purpose::Second, ceremony).ok_or(INVALID)?;
    let taken = ceremonies::take_now(core, ctx.tenant.id, handle).await?;
    let taken = taken.filter(|taken| taken.user == Some(user)).ok_or(INVALID)?;
    let asked: Asked = taken.state(&core.vault)?;
    if asked.challenge != challenge {
        return Err(INVALID.into());
    }
    let (webauthn, rp_id) = (Party::named(&core.settings, &ctx.tenant, taken.rp_id.clone()).webauthn()?, taken.rp_id);
    let keys = core.read(ctx.tenant.id, move |tx| Box::pin(async move { keys_of(tx, user, &rp_id).await })).await?;
    let named = keys.into_iter().find(|key| key.credential.cred_id.as_slice() == answer.raw_id.as_slice());
    let Some(passkey) = named else { return Err(refuse(core, ctx, None, "unknown").await?) };
    let whose = (passkey.user, passkey.id);
    match webauthn.finish_passkey_authentication(answer, &asked.state) {
        Ok(result) => Ok(proven(passkey, &result)),
        Err(error) => Err(refuse(core, ctx, Some(whose), word(&error)).await?),
    }
}
