//! The SQL of messages.

use std::{sync::Arc, time::Duration};

use kernel::{MessageId, Random, Secret, TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use storage::{Row, StoreError, SystemTx, TenantTx, params};

use super::model::{Channel, Fate, Letter, Status};
use crate::{
    Core,
    http::Window,
    language::Language,
    templates::{Name, Values},
    vault::{Purpose, Vault, VaultError},
};

/// What is sealed of a letter.
#[derive(Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) name: Name,
    pub(super) language: Language,
    pub(super) values: Values,
}

/// Writes letters in a unit of work.
#[derive(Clone)]
pub struct Post {
    vault: Arc<Vault>,
    random: Arc<dyn Random>,
    now: Timestamp,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What a sealed letter is bound to: it does not open in another row.
fn context(tenant: TenantId, id: MessageId) -> [u8; 32] {
    let mut context = [0; 32];
    context[..16].copy_from_slice(tenant.uuid().as_bytes());
    context[16..].copy_from_slice(id.uuid().as_bytes());
    context
}

impl Post {
    /// For letters that are written now.
    pub fn new(core: &Core) -> Self {
        Self { vault: core.vault.clone(), random: core.random.clone(), now: core.now() }
    }

    /// Writes a letter. [Wake](super::Outbox::wake) the worker after the commit.
    pub async fn write(&self, tx: &mut TenantTx, letter: Letter, fate: Fate) -> Result<MessageId, StoreError> {
        let Letter { name, language, channel, to, user, values, useful } = letter;
        let (now, id) = (self.now, MessageId::new(self.now, &*self.random));
        let contents = serde_json::to_vec(&Contents { name, language, values }).map(Secret::new);
        let contents = contents.map_err(|_| StoreError::Misuse("a letter is not JSON"))?;
        let sealed = self.vault.seal(Purpose::Messages, &context(tx.tenant(), id), contents.expose(), &*self.random);
        let sealed = sealed.map_err(|_| StoreError::Misuse("a letter cannot be sealed"))?;
        let (status, finished) = match fate {
            Fate::Send => (Status::Waiting.as_str(), None),
            Fate::Void => ("void", Some(now)),
        };
        let sql = "INSERT INTO outbox (tenant_id, id, channel, template, recipient, user_id, sealed, status, attempts,
                next_at, expires_at, created_at, finished_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $9, $11)";
        let values =
            params![id, channel.as_str(), name.as_str(), to, user, sealed, status, now, now + useful, finished];
        tx.execute(sql, values).await.map(|_| id)
    }
}

/// A letter that this node may send until its lease is over.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) tenant: TenantId,
    pub(super) id: MessageId,
    pub(super) channel: Channel,
    pub(super) to: String,
    pub(super) sealed: Vec<u8>,
    /// Which attempt this is, from 1. Whoever was slower than their lease sees another number.
    pub(super) attempt: u32,
    pub(super) expires_at: Timestamp,
}

impl Claimed {
    pub(super) fn open(&self, vault: &Vault) -> Result<Contents, VaultError> {
        let opened = vault.open(Purpose::Messages, &context(self.tenant, self.id), &self.sealed)?;
        serde_json::from_slice(opened.expose()).map_err(|_| VaultError::Open)
    }
}

/// Takes letters whose time has come, for as long as `lease`. Two nodes never get the same one: whoever
/// comes second finds its time moved.
pub(super) async fn claim(
    tx: &mut SystemTx,
    most: i64,
    lease: Duration,
    now: Timestamp,
) -> Result<Vec<Claimed>, StoreError> {
    let sql = "UPDATE outbox SET next_at = $3, attempts = attempts + 1
        WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM outbox WHERE status = 'waiting' AND next_at <= $1
                ORDER BY next_at LIMIT $2)
            AND status = 'waiting' AND next_at <= $1
        RETURNING tenant_id, id, channel, recipient, sealed, attempts, expires_at";
    let read = |row: &Row| {
        let channel = Channel::from_stored(&row.get::<String>(2)?);
        Ok(Claimed {
            tenant: row.get(0)?,
            id: row.get(1)?,
            channel: channel.ok_or(StoreError::Decode { column: 2, expected: "a channel" })?,
            to: row.get(3)?,
            sealed: row.get::<Option<Vec<u8>>>(4)?.unwrap_or_default(),
            attempt: row.get(5)?,
            expires_at: row.get(6)?,
        })
    };
    tx.query(sql, params![now, most, now + lease]).await?.iter().map(read).collect()
}

/// What came of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Sent,
    /// Tried again then.
    Later(Timestamp, String),
    Dead(String),
}

/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 500;

/// Writes down what came of an attempt, unless another node has taken the letter meanwhile.
pub(super) async fn finish(
    tx: &mut TenantTx,
    id: MessageId,
    attempt: u32,
    outcome: Outcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let rest = "WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND status = 'waiting'";
    // Senders quote servers, which may say anything.
    let plain = |reason: String| reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect::<String>();
    let done = match outcome {
        Outcome::Sent => {
            let sql =
                format!("UPDATE outbox SET status = 'sent', sealed = NULL, error = NULL, finished_at = $4 {rest}");
            tx.execute(&sql, params![id, attempt, now]).await?
        }
        Outcome::Later(at, reason) => {
            let sql = format!("UPDATE outbox SET next_at = $4, error = $5 {rest}");
            tx.execute(&sql, params![id, attempt, at, plain(reason)]).await?
        }
        Outcome::Dead(reason) => {
            let sql = format!("UPDATE outbox SET status = 'dead', error = $5, finished_at = $4 {rest}");
            tx.execute(&sql, params![id, attempt, now, plain(reason)]).await?
        }
    };
    Ok(done == 1)
}

/// A message as administrators see it: what became of it, never what it says.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: MessageId,
    pub(super) channel: Channel,
    pub(super) template: String,
    pub(super) recipient: String,
    pub(super) user: Option<UserId>,
    pub(super) status: Status,
    pub(super) attempts: u32,
    pub(super) next_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) error: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, channel, template, recipient, user_id, status, attempts, next_at, expires_at, error, \
     created_at, finished_at";

fn stored(row: &Row) -> Result<Stored, StoreError> {
    let word = |column| StoreError::Decode { column, expected: "a known word" };
    Ok(Stored {
        id: row.get(0)?,
        channel: Channel::from_stored(&row.get::<String>(1)?).ok_or(word(1))?,
        template: row.get(2)?,
        recipient: row.get(3)?,
        user: row.get(4)?,
        status: Status::from_stored(&row.get::<String>(5)?).ok_or(word(5))?,
        attempts: row.get(6)?,
        next_at: row.get(7)?,
        expires_at: row.get(8)?,
        error: row.get(9)?,
        created_at: row.get(10)?,
        finished_at: row.get(11)?,
    })
}

/// Which messages to list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) status: Option<Status>,
    pub(super) channel: Option<Channel>,
}

/// A page of messages, newest first. Void ones were never meant to be seen.
pub(super) async fn page(tx: &mut TenantTx, wanted: Wanted, window: Window) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE tenant_id = $1 AND id < $2 AND status <> 'void'
            AND (CAST($3 AS TEXT) IS NULL OR status = $3) AND (CAST($4 AS TEXT) IS NULL OR channel = $4)
            ORDER BY id DESC LIMIT $5"
    );
    let (status, channel) = (wanted.status.map(Status::as_str), wanted.channel.map(Channel::as_str));
    tx.query(&sql, params![window.before, status, channel, window.fetch()]).await?.iter().map(stored).collect()
}

/// One message.
pub(super) async fn by_id(tx: &mut TenantTx, id: MessageId) -> Result<Option<Stored>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE tenant_id = $1 AND id = $2 AND status <> 'void'");
    tx.query_opt(&sql, params![id]).await?.as_ref().map(stored).transpose()
}

/// Has a dead message tried again, from now on and as often as a new one.
pub(super) async fn revive(tx: &mut TenantTx, id: MessageId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE outbox SET status = 'waiting', attempts = 0, next_at = $3, finished_at = NULL
        WHERE tenant_id = $1 AND id = $2 AND status = 'dead' AND sealed IS NOT NULL AND expires_at > $3";
    Ok(tx.execute(sql, params![id, now]).await? == 1)
}
