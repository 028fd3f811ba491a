//! The SQL of routes, upstreams and their revisions.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{
    Timestamp,
    gate::{Document, DocumentKey, DocumentKind, Documents, Made},
};
use serde_json::Value as Json;
use storage::{Row, StoreError, SystemTx, params};
use uuid::Uuid;

use super::model::{Difference, Revision};

/// Rows that are read at once.
const ROWS: i64 = 1_000;

fn key(row: &Row, at: usize) -> Result<DocumentKey, StoreError> {
    let decode = |_| StoreError::Decode { column: at, expected: "a kind of document" };
    let kind: DocumentKind = row.get::<String>(at)?.parse().map_err(decode)?;
    Ok((kind, row.get::<String>(at + 1)?.into()))
}

/// The number of the last revision; 0 before the first.
pub(super) async fn head(tx: &mut SystemTx) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT COALESCE(max(number), 0) FROM gateway_revisions", params![]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Everything that is in force.
pub(crate) async fn load(tx: &mut SystemTx) -> Result<Made, StoreError> {
    let revision = head(tx).await?;
    let mut documents = Documents::new();
    let rows = tx.query("SELECT kind, name, document, revision FROM gateway_documents", params![]).await?;
    for row in &rows {
        let content = Arc::new(row.get::<Json>(2)?);
        documents.insert(key(row, 0)?, Document { content, revision: row.get(3)? });
    }
    Ok(Made { revision, documents })
}

/// What is in force now, from what was in force before.
pub(crate) async fn since(tx: &mut SystemTx, known: &Made) -> Result<Made, StoreError> {
    let revision = head(tx).await?;
    if revision < known.revision {
        // An older backup was restored: what is known means nothing.
        return load(tx).await;
    }
    let mut documents = known.documents.clone();
    let mut after = known.revision;
    while after < revision {
        let upto = revision.min(after + ROWS);
        let sql = "SELECT kind, name, becomes, number FROM gateway_changes WHERE number > $1 AND number <= $2
            ORDER BY number";
        for row in &tx.query(sql, params![after, upto]).await? {
            match row.get::<Option<Json>>(2)? {
                Some(content) => {
                    let document = Document { content: Arc::new(content), revision: row.get(3)? };
                    documents.insert(key(row, 0)?, document);
                }
                None => drop(documents.remove(&key(row, 0)?)),
            }
        }
        after = upto;
    }
    Ok(Made { revision, documents })
}

/// Notes a revision, unless its number is taken: then somebody else was faster.
pub(super) async fn insert(tx: &mut SystemTx, revision: &Revision) -> Result<bool, StoreError> {
    let sql = "INSERT INTO gateway_revisions (number, at, author_kind, author_id, reason, restores)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO NOTHING";
    let Revision { number, at, author_kind, author_id, reason, restores } = revision;
    let values = params![*number, *at, author_kind, *author_id, reason, *restores];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Makes one change of a revision.
pub(super) async fn put(
    tx: &mut SystemTx,
    number: i64,
    key: &DocumentKey,
    was: Option<&Json>,
    becomes: Option<&Json>,
) -> Result<(), StoreError> {
    let (kind, name) = (key.0.as_str(), &*key.1);
    let sql = "INSERT INTO gateway_changes (number, kind, name, was, becomes) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![number, kind, name, was, becomes]).await?;
    match becomes {
        Some(content) => {
            let sql = "INSERT INTO gateway_documents (kind, name, document, revision) VALUES ($1, $2, $3, $4)
                ON CONFLICT (kind, name) DO UPDATE SET document = excluded.document, revision = excluded.revision";
            tx.execute(sql, params![kind, name, content, number]).await.map(drop)
        }
        None => {
            let sql = "DELETE FROM gateway_documents WHERE kind = $1 AND name = $2";
            tx.execute(sql, params![kind, name]).await.map(drop)
        }
    }
}

/// What differs between two revisions, the earlier one first.
pub(super) async fn between(tx: &mut SystemTx, from: i64, to: i64) -> Result<Vec<Difference>, StoreError> {
    let mut differences: BTreeMap<DocumentKey, Difference> = BTreeMap::new();
    let mut after = from;
    while after < to {
        let upto = to.min(after + ROWS);
        let sql = "SELECT kind, name, was, becomes FROM gateway_changes WHERE number > $1 AND number <= $2
            ORDER BY number";
        for row in &tx.query(sql, params![after, upto]).await? {
            let (key, becomes) = (key(row, 0)?, row.get::<Option<Json>>(3)?);
            match differences.get_mut(&key) {
                Some(known) => known.after = becomes,
                None => {
                    let before = row.get::<Option<Json>>(2)?;
                    differences.insert(key.clone(), Difference { key, before, after: becomes });
                }
            }
        }
        after = upto;
    }
    Ok(differences.into_values().filter(|difference| difference.before != difference.after).collect())
}

fn revision(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision {
        number: row.get(0)?,
        at: row.get::<Timestamp>(1)?,
        author_kind: row.get(2)?,
        author_id: row.get::<Option<Uuid>>(3)?,
        reason: row.get(4)?,
        restores: row.get(5)?,
    })
}

const REVISION: &str = "SELECT number, at, author_kind, author_id, reason, restores FROM gateway_revisions";

/// Revisions below a number, the newest first.
pub(super) async fn page(tx: &mut SystemTx, below: i64, count: i64) -> Result<Vec<Revision>, StoreError> {
    let sql = format!("{REVISION} WHERE number < $1 ORDER BY number DESC LIMIT $2");
    tx.query(&sql, params![below, count]).await?.iter().map(revision).collect()
}

/// One revision.
pub(super) async fn one(tx: &mut SystemTx, number: i64) -> Result<Option<Revision>, StoreError> {
    let sql = format!("{REVISION} WHERE number = $1");
    tx.query_opt(&sql, params![number]).await?.as_ref().map(revision).transpose()
}
