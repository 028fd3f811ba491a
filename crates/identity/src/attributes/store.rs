//! The SQL of the schema of attributes.

use kernel::Timestamp;
use serde_json::Value;
use storage::{StoreError, TenantTx, params};

/// The tenant's schema, if it has one.
pub(super) async fn load(tx: &mut TenantTx) -> Result<Option<Value>, StoreError> {
    let row = tx.query_opt("SELECT schema FROM attribute_schemas WHERE tenant_id = $1", params![]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Makes this the tenant's schema.
pub(super) async fn save(tx: &mut TenantTx, schema: &Value, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO attribute_schemas (tenant_id, schema, updated_at) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id) DO UPDATE SET schema = $2, updated_at = $3";
    tx.execute(sql, params![schema.clone(), now]).await.map(drop)
}

/// Takes the schema away. `false`: there was none.
pub(super) async fn delete(tx: &mut TenantTx) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM attribute_schemas WHERE tenant_id = $1", params![]).await? > 0)
}
