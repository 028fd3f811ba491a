//! The SQL of templates that a tenant has worded itself.

use kernel::Timestamp;
use storage::{Row, StoreError, TenantTx, params};

use super::model::{Name, Source};
use crate::language::Language;

/// The tenant's own wording, where there is one.
pub(super) async fn get(tx: &mut TenantTx, name: Name, language: Language) -> Result<Option<Source>, StoreError> {
    let sql = "SELECT subject, body, html FROM message_templates WHERE tenant_id = $1 AND name = $2 AND language = $3";
    let read = |row: Row| Ok(Source { subject: row.get(0)?, text: row.get(1)?, html: row.get(2)? });
    tx.query_opt(sql, params![name.as_str(), language.as_str()]).await?.map(read).transpose()
}

/// Which messages the tenant has worded itself. Bounded by the names and languages there are.
pub(super) async fn own(tx: &mut TenantTx) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT name, language FROM message_templates WHERE tenant_id = $1";
    tx.query(sql, params![]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(super) async fn put(
    tx: &mut TenantTx,
    name: Name,
    language: Language,
    source: &Source,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO message_templates (tenant_id, name, language, subject, body, html, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, name, language) DO UPDATE SET subject = $4, body = $5, html = $6, updated_at = $7";
    let Source { subject, text, html } = source;
    tx.execute(sql, params![name.as_str(), language.as_str(), subject, text, html, now]).await.map(drop)
}

/// Goes back to the default. `false`: it was the default already.
pub(super) async fn delete(tx: &mut TenantTx, name: Name, language: Language) -> Result<bool, StoreError> {
    let sql = "DELETE FROM message_templates WHERE tenant_id = $1 AND name = $2 AND language = $3";
    Ok(tx.execute(sql, params![name.as_str(), language.as_str()]).await? == 1)
}
