//! Inviting somebody for whom an administrator has made an account.

use storage::{StoreError, TenantTx};

use crate::{
    language::Language,
    outbox::Fate,
    preferences,
    proofs::{self, Ask, Purpose},
    users::User,
};

/// Sends an invitation in the unit of its cause; an earlier one is void from then on. `false`: the user has
/// no address.
pub async fn invite(
    tx: &mut TenantTx,
    ask: &Ask,
    user: &User,
    language: Option<Language>,
    now: kernel::Timestamp,
) -> Result<bool, StoreError> {
    let Some(email) = &user.email else { return Ok(false) };
    let language = language.unwrap_or(preferences::load(tx).await?.language);
    proofs::void(tx, user.id, &[Purpose::Invitation], now).await?;
    ask.write(tx, Some(user.id), None, email, language, Fate::Send).await?;
    Ok(true)
}
