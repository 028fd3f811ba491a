//! Signing in with a key: what is asked of the authenticator, and whether it answered.

use kernel::{Amr, PasskeyId, Problem, RequestContext, Secret, Timestamp, UserId, problem::common};
use serde_json::{Value as Json, json};
use storage::{StoreError, TenantTx};
use url::Url;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, PublicKeyCredential, RequestChallengeResponse,
    WebauthnError,
};

use super::{
    INVALID, Party, Passkey,
    ceremonies::{self, Begun, Handle, Purpose},
    model::amr,
    store,
};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
};

const CLONED: Action = Action::new("passkey.cloned");

/// Somebody who has signed with their key.
#[derive(Clone, Debug)]
pub struct Proven {
    /// Who.
    pub user: UserId,
    /// What that is worth.
    pub amr: Amr,
    passkey: PasskeyId,
    /// As it is after the signature.
    credential: Credential,
}

impl Proven {
    /// Notes the use of the key, in the unit of whatever follows from it. `false`: the key is gone, or somebody else
    /// used it at the same moment, and nothing must follow.
    pub async fn note(&self, tx: &mut TenantTx, now: Timestamp) -> Result<bool, StoreError> {
        store::used(tx, self.passkey, &self.credential, now).await
    }

    /// Notes that nothing follows from it: why, for the audit log; and says what everybody is told.
    pub async fn refuse(&self, core: &Core, ctx: &RequestContext, why: &'static str) -> Result<Problem, Problem> {
        refuse(core, ctx, Some((self.user, self.passkey)), why).await
    }
}

pub(super) fn options(response: &RequestChallengeResponse) -> Result<Json, Problem> {
    serde_json::to_value(&response.public_key)
        .map(|options| json!({ "publicKey": options }))
        .map_err(|e| Problem::new(common::INTERNAL).cause(e))
}

pub(super) fn defect(error: WebauthnError) -> Problem {
    Problem::new(common::INTERNAL).cause(error)
}

/// Begins a login by somebody who need not say who they are. The same for everybody.
pub async fn begin_login(core: &Core, ctx: &RequestContext, page: Option<&Url>) -> Result<Begun, Problem> {
    let party = Party::of(&core.settings, &ctx.tenant, page)?;
    let (response, state) = party.webauthn()?.start_discoverable_authentication().map_err(defect)?;
    let ceremony = ceremonies::open(core, ctx.tenant.id, Purpose::Login, party.rp_id, &state, None).await?;
    Ok(Begun::new(ceremony, options(&response)?))
}

/// Whoever has answered a login's ceremony, which is used up.
pub async fn prove_login(
    core: &Core,
    ctx: &RequestContext,
    ceremony: &Secret,
    answer: PublicKeyCredential,
) -> Result<Proven, Problem> {
    let handle = Handle::presented(&core.vault, ctx.tenant.id, Purpose::Login, ceremony).ok_or(INVALID)?;
    let Some(taken) = ceremonies::take_now(core, ctx.tenant.id, handle).await? else {
        return Err(refuse(core, ctx, None, "ceremony").await?);
    };
    let webauthn = Party::named(&core.settings, &ctx.tenant, taken.rp_id.clone()).webauthn()?;
    let state: DiscoverableAuthentication = taken.state(&core.vault)?;
    let found = match webauthn.identify_discoverable_authentication(&answer) {
        Ok((handle, credential)) => {
            let credential = credential.to_vec();
            core.read(ctx.tenant.id, move |tx| Box::pin(async move { store::found(tx, handle, &credential).await }))
                .await?
                .filter(|passkey| passkey.rp_id == taken.rp_id)
        }
        Err(_) => None,
    };
    let Some(passkey) = found else { return Err(refuse(core, ctx, None, "unknown").await?) };
    let whose = (passkey.user, passkey.id);
    match webauthn.finish_discoverable_authentication_v2(&answer, state, &passkey.credential) {
        Ok(result) => Ok(proven(passkey, &result)),
        Err(error) => Err(refuse(core, ctx, Some(whose), word(&error)).await?),
    }
}

pub(super) fn proven(passkey: Passkey, result: &AuthenticationResult) -> Proven {
    let mut credential = webauthn_rs::prelude::Passkey::from(passkey.credential);
    credential.update_credential(result);
    let credential = Credential::from(credential);
    Proven { user: passkey.user, amr: amr(credential.backup_eligible), passkey: passkey.id, credential }
}

/// Why an answer of a copied key is refused.
const COPIED: &str = "counter";

/// Why an answer is refused, for the audit log.
pub(super) const fn word(error: &WebauthnError) -> &'static str {
    match error {
        WebauthnError::CredentialPossibleCompromise => COPIED,
        WebauthnError::InvalidRPOrigin => "origin",
        WebauthnError::InvalidRPIDHash => "host",
        WebauthnError::MismatchedChallenge => "challenge",
        WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => "not_verified",
        WebauthnError::AuthenticationFailure => "signature",
        WebauthnError::CredentialBackupEligibilityInconsistent => "backup",
        _ => "malformed",
    }
}

/// Notes the failure and says what everybody is told. A key that has been copied is its own entry.
pub(super) async fn refuse(
    core: &Core,
    ctx: &RequestContext,
    whose: Option<(UserId, PasskeyId)>,
    why: &'static str,
) -> Result<Problem, Problem> {
    let action = if why == COPIED { CLONED } else { audit::LOGIN_FAILED };
    let target = whose.map_or(Target::unknown("user"), |(user, _)| Target::new("user", user));
    let details = json!({"method": "passkey", "reason": why, "passkey": whose.map(|(_, id)| id.to_string())});
    let entry = Entry::new(Actor::Anonymous, action, target, ctx).failed().details(details);
    audit::note(core, ctx.tenant.id, entry).await?;
    Ok(INVALID.into())
}
