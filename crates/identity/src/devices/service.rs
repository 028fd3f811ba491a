//! Sending devices away.

use kernel::{DeviceId, Problem, UserId, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::store;
use crate::{
    audit::{Action, Target},
    http::Cause,
    sessions::{self, Reason},
};

const REMOVED: Action = Action::new("device.removed");
const RENAMED: Action = Action::new("device.renamed");

/// Names a device of a user, who must have it.
pub(super) async fn rename(
    tx: &mut TenantTx,
    cause: &Cause,
    user: UserId,
    id: DeviceId,
    name: &str,
) -> Result<(), Problem> {
    if !store::rename(tx, user, id, name).await? {
        return Err(common::NOT_FOUND.into());
    }
    Ok(cause.record(tx, RENAMED, Target::new("device", id), json!({})).await?)
}

/// Forgets a device of a user, who must have it, and ends its sessions. Returns the entry of the feed to
/// [settle](crate::Core::settle).
pub(crate) async fn remove(
    tx: &mut TenantTx,
    cause: &Cause,
    user: UserId,
    id: DeviceId,
    reason: Reason,
) -> Result<Option<i64>, Problem> {
    if !store::delete(tx, user, id).await? {
        return Err(common::NOT_FOUND.into());
    }
    let ended = sessions::revoke_of_device(tx, user, id, reason, cause.now).await?;
    let details = json!({"reason": reason.as_str(), "sessions_ended": ended.count()});
    cause.record(tx, REMOVED, Target::new("device", id), details).await?;
    Ok(ended.tell(tx, cause.now).await?)
}

/// Forgets all devices of a user, and ends all of their sessions.
pub(crate) async fn remove_all(
    tx: &mut TenantTx,
    cause: &Cause,
    user: UserId,
    reason: Reason,
) -> Result<Option<i64>, StoreError> {
    let devices = store::delete_all(tx, user).await?;
    let ended = sessions::revoke_all(tx, user, None, reason, cause.now).await?;
    if devices > 0 || ended.count() > 0 {
        let details = json!({"reason": reason.as_str(), "devices": devices, "sessions_ended": ended.count()});
        cause.record(tx, REMOVED, Target::new("user", user), details).await?;
    }
    ended.tell(tx, cause.now).await
}
