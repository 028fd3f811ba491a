//! The SQL of factors and backup codes.

use kernel::{FactorId, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, params};

use super::{
    Factors, Kind, Method, Offer, masked,
    model::{Factor, FactorView},
};

/// How often the code that confirms a phone may be guessed at.
const ATTEMPTS: u32 = 5;

/// A factor to be stored, not confirmed yet.
#[derive(Clone, Debug)]
pub(super) struct NewFactor {
    pub(super) id: FactorId,
    pub(super) user: UserId,
    pub(super) kind: Kind,
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) phone: Option<String>,
    pub(super) code_hash: Option<[u8; 32]>,
    /// Confirmed later than this, it is not.
    pub(super) expires_at: Timestamp,
}

const COLUMNS: &str = "id, kind, sealed, phone, created_at, last_used_at";

fn factor(row: &Row) -> Result<Factor, StoreError> {
    let kind: String = row.get(1)?;
    Ok(Factor {
        id: row.get(0)?,
        kind: Kind::from_stored(&kind).ok_or(StoreError::Decode { column: 1, expected: "a kind of factor" })?,
        sealed: row.get(2)?,
        phone: row.get(3)?,
        created_at: row.get(4)?,
        last_used_at: row.get(5)?,
    })
}

/// The confirmed factors of one person, oldest first.
pub(super) async fn confirmed(tx: &mut TenantTx, user: UserId) -> Result<Vec<Factor>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM factors WHERE tenant_id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL ORDER BY id"
    );
    tx.query(&sql, params![user]).await?.iter().map(factor).collect()
}

/// Backup codes that have not been used.
pub(super) async fn codes_left(tx: &mut TenantTx, user: UserId) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM backup_codes WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL";
    tx.query_opt(sql, params![user]).await?.map_or(Ok(0), |row| row.get(0))
}

/// What a challenge of this person may be answered with. Nothing, if they have no factor: the same statements all
/// the same. Of several phones it is the newest, to which the code is sent.
pub async fn offers(tx: &mut TenantTx, user: UserId) -> Result<Vec<Offer>, StoreError> {
    let (factors, codes) = (confirmed(tx, user).await?, codes_left(tx, user).await?);
    let mut offers: Vec<Offer> = Vec::new();
    for factor in factors {
        let offer = Offer { method: factor.kind.into(), hint: factor.phone.as_deref().map(masked) };
        match offers.iter_mut().find(|known| known.method == offer.method) {
            Some(older) => *older = offer,
            None => offers.push(offer),
        }
    }
    if !offers.is_empty() && codes > 0 {
        offers.push(Offer { method: Method::BackupCode, hint: None });
    }
    Ok(offers)
}

/// All factors of a person, to be shown.
pub async fn overview(tx: &mut TenantTx, user: UserId) -> Result<Factors, StoreError> {
    let factors = confirmed(tx, user).await?.iter().map(FactorView::from).collect();
    Ok(Factors { factors, backup_codes_left: codes_left(tx, user).await? })
}

/// Stores a factor that is to be confirmed; one of the same kind that was not is forgotten.
pub(super) async fn insert(tx: &mut TenantTx, new: &NewFactor, now: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM factors WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 AND confirmed_at IS NULL";
    tx.execute(sql, params![new.user, new.kind.as_str()]).await?;
    let sql = "INSERT INTO factors (tenant_id, id, user_id, kind, sealed, phone, last_step, code_hash, attempts_left,
            code_expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10)";
    let values = params![
        new.id,
        new.user,
        new.kind.as_str(),
        new.sealed.clone(),
        new.phone.clone(),
        new.code_hash,
        ATTEMPTS,
        new.expires_at,
        now
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Counts a guess at the code that confirms this factor. The unit must be committed whatever follows.
pub(super) async fn guess(
    tx: &mut TenantTx,
    user: UserId,
    id: FactorId,
    now: Timestamp,
) -> Result<Option<(Factor, Option<Vec<u8>>)>, StoreError> {
    let sql = format!(
        "UPDATE factors SET attempts_left = attempts_left - 1 WHERE tenant_id = $1 AND user_id = $2 AND id = $3
            AND confirmed_at IS NULL AND code_expires_at > $4 AND attempts_left > 0 RETURNING {COLUMNS}, code_hash"
    );
    let row = tx.query_opt(&sql, params![user, id, now]).await?;
    row.map(|row| Ok((factor(&row)?, row.get(6)?))).transpose()
}

/// Confirms a factor: of any number of callers one is told `true`. `step` is that of the code that was used.
pub(super) async fn confirm(tx: &mut TenantTx, id: FactorId, step: i64, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE factors SET confirmed_at = $4, last_used_at = $4, last_step = $3, code_hash = NULL
        WHERE tenant_id = $1 AND id = $2 AND confirmed_at IS NULL";
    Ok(tx.execute(sql, params![id, step, now]).await? == 1)
}

/// Uses a time step up. `false`: it or a later one was used before.
pub(super) async fn use_step(tx: &mut TenantTx, id: FactorId, step: i64, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE factors SET last_step = $3, last_used_at = $4
        WHERE tenant_id = $1 AND id = $2 AND confirmed_at IS NOT NULL AND last_step < $3";
    Ok(tx.execute(sql, params![id, step, now]).await? == 1)
}

/// Notes that a phone was used.
pub(super) async fn note_sms(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE factors SET last_used_at = $3
        WHERE tenant_id = $1 AND user_id = $2 AND kind = 'sms' AND confirmed_at IS NOT NULL";
    tx.execute(sql, params![user, now]).await.map(drop)
}

/// Removes a confirmed factor of the user. `false`: there is none.
pub(super) async fn remove(tx: &mut TenantTx, user: UserId, id: FactorId) -> Result<bool, StoreError> {
    let sql = "DELETE FROM factors WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND confirmed_at IS NOT NULL";
    Ok(tx.execute(sql, params![user, id]).await? == 1)
}

/// Removes every factor of the user, confirmed or not, and returns how many.
pub(super) async fn remove_all(tx: &mut TenantTx, user: UserId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM factors WHERE tenant_id = $1 AND user_id = $2", params![user]).await
}

/// Makes these the backup codes of the user. None: they have none from now on.
pub(super) async fn replace_codes(
    tx: &mut TenantTx,
    user: UserId,
    hashes: &[[u8; 32]],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM backup_codes WHERE tenant_id = $1 AND user_id = $2", params![user]).await?;
    for hash in hashes {
        let sql = "INSERT INTO backup_codes (tenant_id, user_id, hash, created_at) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, params![user, *hash, now]).await?;
    }
    Ok(())
}

/// Uses a backup code up. `None`: there is no such code. `false`: it was used before.
pub(super) async fn use_code(
    tx: &mut TenantTx,
    user: UserId,
    hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let sql = "UPDATE backup_codes SET used_at = $4
        WHERE tenant_id = $1 AND user_id = $2 AND hash = $3 AND used_at IS NULL";
    if tx.execute(sql, params![user, hash, now]).await? == 1 {
        return Ok(Some(true));
    }
    let sql = "SELECT 1 FROM backup_codes WHERE tenant_id = $1 AND user_id = $2 AND hash = $3";
    Ok(tx.query_opt(sql, params![user, hash]).await?.map(|_| false))
}
