//! The SQL of the audit log.

use kernel::{AuditId, Random, Timestamp};
use storage::{StoreError, TenantTx, params};

use super::{Actor, Entry, Outcome};

/// Writes an entry in the transaction of its cause.
///
/// Who acted as the actor is a detail, `impersonator`: the actor is whose rights were used.
pub async fn record(
    tx: &mut TenantTx,
    mut entry: Entry,
    now: Timestamp,
    random: &dyn Random,
) -> Result<(), StoreError> {
    if let (Some(by), Some(details)) = (entry.impersonator, entry.details.as_object_mut()) {
        details.insert("impersonator".into(), by.to_string().into());
    }
    let (actor_kind, actor_id) = match entry.actor {
        Actor::User(id) => ("user", Some(id.uuid())),
        Actor::ApiKey(id) => ("api_key", Some(id.uuid())),
        Actor::Anonymous => ("anonymous", None),
        Actor::System => ("system", None),
    };
    let outcome = match entry.outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
    };
    let sql = "INSERT INTO audit_log
            (tenant_id, id, at, actor_kind, actor_id, action, target_kind, target_id, outcome, ip, request_id, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let id = AuditId::new(now, random);
    tx.execute(
        sql,
        params![
            id,
            now,
            actor_kind,
            actor_id,
            entry.action.as_str(),
            entry.target.kind,
            entry.target.id,
            outcome,
            entry.ip,
            entry.request_id,
            entry.details
        ],
    )
    .await
    .map(drop)
}
