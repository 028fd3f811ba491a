//! The SQL of imports.

use std::time::Duration;

use kernel::{TenantId, Timestamp};
use storage::{Row, Store, StoreError, SystemTx, TenantTx, params};
use uuid::Uuid;

use super::{
    Import, Options, RowProblem, Starter, Status,
    model::{Counts, Progress, Wrong},
};
use crate::sweep;

const COLUMNS: &str = "id, status, options, created, updated, skipped, failed, bytes, position, error, created_at,
    finished_at";

fn read(row: &Row) -> Result<Import, StoreError> {
    let word = |column| StoreError::Decode { column, expected: "an import" };
    Ok(Import {
        id: row.get(0)?,
        status: Status::from_stored(&row.get::<String>(1)?).ok_or(word(1))?,
        options: serde_json::from_value(row.get(2)?).map_err(|_| word(2))?,
        counts: Counts { created: row.get(3)?, updated: row.get(4)?, skipped: row.get(5)?, failed: row.get(6)? },
        bytes: row.get(7)?,
        position: row.get(8)?,
        error: row.get(9)?,
        created_at: row.get(10)?,
        finished_at: row.get(11)?,
    })
}

/// One import.
pub async fn load(tx: &mut TenantTx, id: Uuid) -> Result<Option<Import>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM user_imports WHERE tenant_id = $1 AND id = $2");
    tx.query_opt(&sql, params![id]).await?.as_ref().map(read).transpose()
}

/// The latest imports, newest first.
pub(super) async fn latest(tx: &mut TenantTx, before: Uuid, most: i64) -> Result<Vec<Import>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM user_imports WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    tx.query(&sql, params![before, most]).await?.iter().map(read).collect()
}

/// How many imports are not finished.
pub(super) async fn unfinished(tx: &mut TenantTx) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM user_imports WHERE tenant_id = $1 AND finished_at IS NULL";
    tx.query_opt(sql, params![]).await?.map_or(Ok(0), |row| row.get(0))
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    id: Uuid,
    options: Options,
    starter: &Starter,
    now: Timestamp,
) -> Result<(), StoreError> {
    let json = |value: Result<serde_json::Value, _>| value.map_err(|_| StoreError::Misuse("an import is not JSON"));
    let (options, starter) = (json(serde_json::to_value(options))?, json(serde_json::to_value(starter))?);
    let sql = "INSERT INTO user_imports (tenant_id, id, status, options, starter, bytes, position, line, created,
            updated, skipped, failed, lease_until, created_at)
        VALUES ($1, $2, 'receiving', $3, $4, 0, 0, 1, 0, 0, 0, 0, $5, $5)";
    tx.execute(sql, params![id, options, starter, now]).await.map(drop)
}

/// Takes a piece of the file, which shows that it still arrives. `false`: the import was forgotten meanwhile.
pub(super) async fn put_chunk(
    tx: &mut TenantTx,
    id: Uuid,
    number: i64,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE user_imports SET lease_until = $3 WHERE tenant_id = $1 AND id = $2 AND status = 'receiving'";
    if tx.execute(sql, params![id, now]).await? != 1 {
        return Ok(false);
    }
    let sql = "INSERT INTO user_import_chunks (tenant_id, import_id, number, sealed) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, params![id, number, sealed]).await?;
    Ok(true)
}

pub(super) async fn chunk(tx: &mut TenantTx, id: Uuid, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT sealed FROM user_import_chunks WHERE tenant_id = $1 AND import_id = $2 AND number = $3";
    tx.query_opt(sql, params![id, number]).await?.map(|row| row.get(0)).transpose()
}

/// The whole file is there: the work may begin. `false`: the import was forgotten meanwhile.
pub(super) async fn received(tx: &mut TenantTx, id: Uuid, bytes: i64, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE user_imports SET status = 'running', bytes = $3, lease_until = $4
        WHERE tenant_id = $1 AND id = $2 AND status = 'receiving'";
    Ok(tx.execute(sql, params![id, bytes, now]).await? == 1)
}

/// Forgets an import that was never received whole.
pub(super) async fn forget(tx: &mut TenantTx, id: Uuid) -> Result<(), StoreError> {
    drop_chunks(tx, id).await?;
    tx.execute("DELETE FROM user_imports WHERE tenant_id = $1 AND id = $2", params![id]).await.map(drop)
}

async fn drop_chunks(tx: &mut TenantTx, id: Uuid) -> Result<(), StoreError> {
    let sql = "DELETE FROM user_import_chunks WHERE tenant_id = $1 AND import_id = $2";
    tx.execute(sql, params![id]).await.map(drop)
}

/// A job that nobody works on, if there is one.
pub(super) async fn due(tx: &mut SystemTx, now: Timestamp) -> Result<Option<(TenantId, Uuid)>, StoreError> {
    let sql = "SELECT tenant_id, id FROM user_imports WHERE status = 'running' AND lease_until <= $1
        ORDER BY created_at LIMIT 1";
    tx.query_opt(sql, params![now]).await?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// What a worker needs to go on.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) import: Import,
    pub(super) starter: Starter,
    /// How far it was before the batch that is worked on.
    pub(super) from: Progress,
    /// The line that the next record begins at.
    pub(super) line: i64,
    /// The names of the columns, once they are known.
    pub(super) header: Option<Vec<String>>,
    /// Until when nobody else takes it, which is also the proof that it is ours.
    pub(super) lease: Timestamp,
}

/// Takes the job for as long as `lease`. `None`: somebody else has it, or it is finished.
pub(super) async fn claim(
    tx: &mut TenantTx,
    id: Uuid,
    now: Timestamp,
    lease: Duration,
) -> Result<Option<Claimed>, StoreError> {
    let sql = "UPDATE user_imports SET lease_until = $4
        WHERE tenant_id = $1 AND id = $2 AND status = 'running' AND lease_until <= $3
        RETURNING starter, line, header";
    let Some(row) = tx.query_opt(sql, params![id, now, now + lease]).await? else { return Ok(None) };
    let wrong = |column| StoreError::Decode { column, expected: "an import" };
    let header: Option<serde_json::Value> = row.get(2)?;
    let import = load(tx, id).await?.ok_or(StoreError::Misuse("an import without a row"))?;
    Ok(Some(Claimed {
        from: Progress::of(&import),
        import,
        starter: serde_json::from_value(row.get(0)?).map_err(|_| wrong(0))?,
        line: row.get(1)?,
        header: header.map(serde_json::from_value).transpose().map_err(|_| wrong(2))?,
        lease: now + lease,
    }))
}

/// Goes on holding the job. `false`: somebody else has it by now.
pub(super) async fn renew(tx: &mut TenantTx, id: Uuid, lease: Timestamp, next: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE user_imports SET lease_until = $3
        WHERE tenant_id = $1 AND id = $2 AND status = 'running' AND lease_until = $4";
    Ok(tx.execute(sql, params![id, next, lease]).await? == 1)
}

/// Notes how far a job has come and what became of its records. `false`: it is somebody else's by now, and
/// nothing of the batch may be kept.
pub(super) async fn advance(tx: &mut TenantTx, claimed: &Claimed, lease: Timestamp) -> Result<bool, StoreError> {
    let Progress { position, counts: before } = claimed.from;
    let Import { id, counts, .. } = claimed.import;
    let header = claimed.header.as_ref().map(|names| serde_json::json!(names));
    let sql = "UPDATE user_imports SET position = $4, line = $5, header = $6, created = created + $7,
            updated = updated + $8, skipped = skipped + $9, failed = failed + $10, lease_until = $11
        WHERE tenant_id = $1 AND id = $2 AND status = 'running' AND position = $3 AND lease_until = $12";
    let values = params![
        id,
        position,
        claimed.import.position,
        claimed.line,
        header,
        counts.created - before.created,
        counts.updated - before.updated,
        counts.skipped - before.skipped,
        counts.failed - before.failed,
        lease,
        claimed.lease
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Ends a job, and forgets the file. `false`: somebody else has it by now.
pub(super) async fn finish(
    tx: &mut TenantTx,
    id: Uuid,
    lease: Timestamp,
    error: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let status = if error.is_some() { Status::Failed } else { Status::Done };
    let sql = "UPDATE user_imports SET status = $3, error = $4, finished_at = $5
        WHERE tenant_id = $1 AND id = $2 AND status = 'running' AND lease_until = $6";
    if tx.execute(sql, params![id, status.as_str(), error, now, lease]).await? != 1 {
        return Ok(false);
    }
    drop_chunks(tx, id).await?;
    Ok(true)
}

/// Adds to the report.
pub(super) async fn report(tx: &mut TenantTx, id: Uuid, line: i64, wrong: &Wrong) -> Result<(), StoreError> {
    let sql = "INSERT INTO user_import_errors (tenant_id, import_id, line, field, code, message)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![id, line, wrong.field, wrong.code, &wrong.message]).await.map(drop)
}

/// A part of the report, by line.
pub async fn errors(tx: &mut TenantTx, id: Uuid, after: i64, most: i64) -> Result<Vec<RowProblem>, StoreError> {
    let sql = "SELECT line, field, code, message FROM user_import_errors
        WHERE tenant_id = $1 AND import_id = $2 AND line > $3 ORDER BY line, field, code LIMIT $4";
    let rows = tx.query(sql, params![id, after, most]).await?;
    rows.iter()
        .map(|row| Ok(RowProblem { line: row.get(0)?, field: row.get(1)?, code: row.get(2)?, message: row.get(3)? }))
        .collect()
}

/// Forgets imports that ended, or stopped being sent, before these times; some rows at a time.
pub(super) async fn sweep(store: &Store, ended: Timestamp, abandoned: Timestamp) -> Result<u64, StoreError> {
    let mut dropped = 0;
    for (old, before) in [("finished_at < $1", ended), ("status = 'receiving' AND lease_until < $1", abandoned)] {
        for (table, key) in [("user_import_chunks", "number"), ("user_import_errors", "line, field, code")] {
            let sql = format!(
                "DELETE FROM {table} WHERE (tenant_id, import_id, {key}) IN (
                    SELECT tenant_id, import_id, {key} FROM {table} WHERE (tenant_id, import_id) IN (
                        SELECT tenant_id, id FROM user_imports WHERE {old}) LIMIT $2)"
            );
            sweep::drop_all(store, &sql, before).await?;
        }
        let sql = format!(
            "DELETE FROM user_imports WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM user_imports WHERE {old} LIMIT $2)"
        );
        dropped += sweep::drop_all(store, &sql, before).await?;
    }
    Ok(dropped)
}
