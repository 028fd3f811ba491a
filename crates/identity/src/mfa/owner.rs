//! Whose factors and passkeys are changed.

use kernel::{Principal, Problem, Timestamp, problem::common};
use storage::TenantTx;

use super::require_fresh;
use crate::{
    strength,
    users::{self, User, UserStatus},
};

/// The caller, once their login is recent and strong enough to change what they prove themselves with.
pub async fn owner(tx: &mut TenantTx, principal: &Principal, now: Timestamp) -> Result<User, Problem> {
    let id = users::own(principal)?;
    let user = users::by_id(tx, id).await?.filter(|user| user.status == UserStatus::Active);
    let user = user.ok_or(common::UNAUTHENTICATED)?;
    require_fresh(principal, strength::beyond_password(tx, id).await?, now)?;
    Ok(user)
}

/// The same in a unit that changes it. Changes of one person's wait for each other: what one of them has counted or
/// found to be the last still is when it is committed.
pub async fn locked_owner(tx: &mut TenantTx, principal: &Principal, now: Timestamp) -> Result<User, Problem> {
    if !users::lock(tx, users::own(principal)?).await? {
        return Err(common::UNAUTHENTICATED.into());
    }
    owner(tx, principal, now).await
}
