//! Whether an account is held by more than a password.
//!
//! Second factors and passkeys are both that, and whoever changes either must have shown what there is. The question
//! stands here, below [`mfa`](crate::mfa) and [`passkeys`](crate::passkeys): passkeys know factors, factors do not
//! know passkeys, and each of them asks about both.
//!
//! Deliberately absent: whether a login was strong enough (see [`mfa::require_fresh`](crate::mfa::require_fresh)).

use kernel::UserId;
use storage::{StoreError, TenantTx, params};

/// Whether the user has a confirmed factor or a passkey.
pub async fn beyond_password(tx: &mut TenantTx, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM factors WHERE tenant_id = $1 AND user_id = $2
            AND confirmed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM passkeys WHERE tenant_id = $1 AND user_id = $2)";
    Ok(tx.query_opt(sql, params![user]).await?.is_some())
}
