//! A second proof that is waited for: the row behind `challenge_id`.
//!
//! Invariants:
//! - **Single use**, by one statement, whoever else answers at the same moment.
//! - **An answer is counted before it is looked at**: however many arrive at once, no more than [`ATTEMPTS`] are.
//! - It works for [`LIFE`], in its tenant, for the program that asked, and only as long as the password that was
//!   verified is still the one that holds: whoever consumes it asks.

use std::time::Duration;

use kernel::{Acr, Amr, FactorId, Random, Secret, SessionId, TenantId, Timestamp, UserId, random};
use storage::{Row, StoreError, TenantTx, params};

use crate::{
    sessions::{Scope, Wishes, bearer},
    vault::Vault,
};

/// What their ids begin with.
const PREFIX: &str = "pch_";
/// For how long one may be answered.
pub const LIFE: Duration = Duration::from_secs(5 * 60);
/// How often one may be answered.
pub const ATTEMPTS: u32 = 5;

/// What follows from a right answer. As stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A session begins.
    Login,
    /// A session takes the place of one that has proven less, or long ago.
    StepUp,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::StepUp => "step_up",
        }
    }
}

/// What was proved and asked for before, and what the answer leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Who.
    pub user: UserId,
    /// The session that asks for more, where one does.
    pub session: Option<SessionId>,
    /// What was proved so far.
    pub amr: Amr,
    /// What the answer is to add up to, where that was asked for.
    pub acr: Option<Acr>,
    /// Keyed hash of the password's hash that was verified, where a password was.
    pub password: Option<[u8; 32]>,
    /// Whose failed logins are forgotten on success, and from where.
    pub counted: Option<([u8; 32], [u8; 32])>,
    /// What the login asked for.
    pub wishes: Wishes,
    /// They must have a second factor and have none: the answer is the confirmation of their first.
    pub enrol: bool,
    /// The factor that they begin with.
    pub factor: Option<FactorId>,
}

/// A challenge on its way out.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The id: whoever has it, and a second factor, is in.
    pub id: Secret,
    presented: Presented,
    expires_at: Timestamp,
    pending: Pending,
}

/// The program that asks, as a challenge is bound to it.
fn device(vault: &Vault, user_agent: &str) -> [u8; 32] {
    vault.hash_code(b"challenge-device", user_agent.as_bytes())
}

impl Opening {
    /// A new one.
    pub fn new(
        vault: &Vault,
        random: &dyn Random,
        tenant: TenantId,
        purpose: Purpose,
        pending: Pending,
        user_agent: &str,
        now: Timestamp,
    ) -> Self {
        let id = bearer::write(PREFIX, tenant, &random::bytes(random));
        Self { presented: Presented::of(vault, purpose, &id, user_agent), expires_at: now + LIFE, pending, id }
    }

    /// Stores it.
    pub async fn write(&self, tx: &mut TenantTx, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO challenges (tenant_id, hash, purpose, user_id, session_id, amr, password, account,
                source, device, remember, scope, set_cookie, attempts_left, created_at, expires_at, enrol, acr)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
        let (pending, Presented { hash, device, purpose }) = (&self.pending, self.presented);
        let values = params![
            hash,
            purpose.as_str(),
            pending.user,
            pending.session,
            pending.amr.to_string(),
            pending.password,
            pending.counted.map(|(account, _)| account),
            pending.counted.map(|(_, source)| source),
            device,
            pending.wishes.remember,
            pending.wishes.scope.as_str(),
            pending.wishes.set_cookie,
            ATTEMPTS,
            now,
            self.expires_at,
            pending.enrol,
            pending.acr.map(Acr::as_str)
        ];
        tx.execute(sql, values).await.map(drop)
    }
}

/// A challenge by its id, the program that presents it, and what for: what every look at it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Presented {
    hash: [u8; 32],
    device: [u8; 32],
    purpose: Purpose,
}

impl Presented {
    /// `None`: not of this form, or another tenant's, and no database needs to be asked.
    pub fn new(vault: &Vault, tenant: TenantId, purpose: Purpose, id: &Secret, user_agent: &str) -> Option<Self> {
        bearer::tenant_of(PREFIX, id).filter(|named| *named == tenant)?;
        Some(Self::of(vault, purpose, id, user_agent))
    }
    fn of(vault: &Vault, purpose: Purpose, id: &Secret, user_agent: &str) -> Self {
        Self { hash: vault.hash_token(id.expose().as_bytes()), device: device(vault, user_agent), purpose }
    }
    /// What it is known by.
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }
    /// A code that is sent for it is stored as this: it opens no other challenge.
    pub(super) fn code_hash(&self, vault: &Vault, code: &str) -> [u8; 32] {
        vault.hash_code(&self.hash, code.as_bytes())
    }
}

const COLUMNS: &str = "acr, user_id, session_id, amr, password, account, source, remember, scope, set_cookie, \
     enrol, factor_id";
const OPEN: &str =
    "tenant_id = $1 AND hash = $2 AND device = $3 AND purpose = $5 AND used_at IS NULL AND expires_at > $4";

fn hash(row: &Row, column: usize) -> Result<Option<[u8; 32]>, StoreError> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    let hash = bytes.map(<[u8; 32]>::try_from).transpose();
    hash.map_err(|_| StoreError::Decode { column, expected: "a hash" })
}

fn pending(row: &Row) -> Result<Pending, StoreError> {
    let acr = row.get::<Option<String>>(0)?.map(|word| word.parse()).transpose();
    let scope: String = row.get(8)?;
    Ok(Pending {
        acr: acr.map_err(|_| StoreError::Decode { column: 0, expected: "a class" })?,
        user: row.get(1)?,
        session: row.get(2)?,
        amr: Amr::from_stored(&row.get::<String>(3)?),
        password: hash(row, 4)?,
        counted: hash(row, 5)?.zip(hash(row, 6)?),
        wishes: Wishes {
            remember: row.get(7)?,
            scope: scope.parse::<Scope>().map_err(|_| StoreError::Decode { column: 8, expected: "scopes" })?,
            set_cookie: row.get(9)?,
        },
        enrol: row.get(10)?,
        factor: row.get(11)?,
    })
}

/// Counts an answer, before it is looked at. The unit must be committed whatever follows. `None`: there is no such
/// challenge, or it has been answered too often.
pub async fn attempt(tx: &mut TenantTx, presented: Presented, now: Timestamp) -> Result<Option<Pending>, StoreError> {
    let sql = format!(
        "UPDATE challenges SET attempts_left = attempts_left - 1 WHERE {OPEN} AND attempts_left > 0 RETURNING {COLUMNS}"
    );
    tx.query_opt(&sql, params![presented.hash, presented.device, now, presented.purpose.as_str()])
        .await?
        .as_ref()
        .map(pending)
        .transpose()
}

/// What is waited for, if it may still be answered. Looks only.
pub async fn peek(tx: &mut TenantTx, presented: Presented, now: Timestamp) -> Result<Option<Pending>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM challenges WHERE {OPEN} AND attempts_left > 0");
    tx.query_opt(&sql, params![presented.hash, presented.device, now, presented.purpose.as_str()])
        .await?
        .as_ref()
        .map(pending)
        .transpose()
}

/// Notes the code that was sent: it takes the place of an older one.
pub(super) async fn note_code(
    tx: &mut TenantTx,
    presented: Presented,
    code: [u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = format!("UPDATE challenges SET code_hash = $6 WHERE {OPEN}");
    Ok(tx.execute(&sql, params![presented.hash, presented.device, now, presented.purpose.as_str(), code]).await? == 1)
}

/// The hash of the code that was sent last. For the unit that has just used the challenge up.
pub(super) async fn sent_code(tx: &mut TenantTx, presented: Presented) -> Result<Option<[u8; 32]>, StoreError> {
    let sql = "SELECT code_hash FROM challenges WHERE tenant_id = $1 AND hash = $2";
    let row = tx.query_opt(sql, params![presented.hash]).await?;
    row.map_or(Ok(None), |row| hash(&row, 0))
}

/// Notes the factor that an enrolment begins with.
pub(super) async fn note_factor(
    tx: &mut TenantTx,
    presented: Presented,
    factor: FactorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = format!("UPDATE challenges SET factor_id = $6 WHERE {OPEN} AND enrol = $7");
    Ok(tx
        .execute(&sql, params![presented.hash, presented.device, now, presented.purpose.as_str(), factor, true])
        .await?
        == 1)
}

/// Uses it up. Of any number of callers one is told `true`.
pub async fn consume(tx: &mut TenantTx, presented: Presented, now: Timestamp) -> Result<bool, StoreError> {
    let sql = format!("UPDATE challenges SET used_at = $4 WHERE {OPEN}");
    Ok(tx.execute(&sql, params![presented.hash, presented.device, now, presented.purpose.as_str()]).await? == 1)
}

/// Makes every open challenge of the user void.
pub async fn void(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE challenges SET used_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL";
    tx.execute(sql, params![user, now]).await.map(drop)
}
