//! Whom a mailed link is for, before anything is done with it. Looking changes nothing, because mail scanners look too.

use kernel::{Problem, Secret};
use storage::StoreError;

use super::INVALID;
use crate::{
    Core,
    proofs::{self, Held, Purpose},
    users::{self, User, UserStatus},
};

/// The address that the link was mailed to, while it works.
pub async fn addressee(core: &Core, purpose: Purpose, token: &Secret) -> Result<String, Problem> {
    let tenant = super::tenant(core, token)?;
    let (hash, now) = (core.vault.hash_token(token.expose().as_bytes()), core.now());
    let found = core.read(tenant, move |tx| {
        Box::pin(async move {
            let Some(held) = proofs::peek(tx, hash, purpose, now).await? else { return Ok(None) };
            let user = users::by_id(tx, held.user).await?.filter(|user| stands(user, &held, purpose));
            Ok::<_, StoreError>(user.map(|_| held.email))
        })
    });
    found.await?.ok_or_else(|| INVALID.into())
}

/// Whether the proof still speaks of this account.
pub(super) fn stands(user: &User, held: &Held, purpose: Purpose) -> bool {
    let active = user.status == UserStatus::Active;
    let same = user.email.as_deref() == Some(held.email.as_str());
    match purpose {
        Purpose::VerifyEmail => same,
        Purpose::ChangeEmail => active,
        Purpose::ResetPassword | Purpose::Invitation => active && same,
    }
}
