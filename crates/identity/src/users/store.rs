//! The SQL of users.

use std::collections::HashMap;

use kernel::{Secret, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, Value, params};

use super::{Account, Attributes, Email, Login, NewUser, ProfileChange, User, UserKind, UserStatus};

/// The columns that [`from_row`] reads, in order.
pub const COLUMNS: &str = "id, kind, status, email, email_verified_at, username, display_name, company_name, \
     phone, external_id, attributes, last_login_at, created_at, updated_at, \
     external_id_claimed";
/// How many they are.
const WIDTH: usize = 15;

/// Reads a user from a row that begins with [`COLUMNS`].
pub fn from_row(row: &Row) -> Result<User, StoreError> {
    let word = |column| StoreError::Decode { column, expected: "a known word" };
    Ok(User {
        id: row.get(0)?,
        kind: UserKind::from_stored(&row.get::<String>(1)?).ok_or(word(1))?,
        status: UserStatus::from_stored(&row.get::<String>(2)?).ok_or(word(2))?,
        email: row.get(3)?,
        email_verified_at: row.get(4)?,
        username: row.get(5)?,
        display_name: row.get(6)?,
        company_name: row.get(7)?,
        phone: row.get(8)?,
        external_id: row.get(9)?,
        attributes: Attributes::stored(row.get(10)?),
        last_login_at: row.get(11)?,
        created_at: row.get(12)?,
        updated_at: row.get(13)?,
        external_id_claimed: row.get(14)?,
    })
}

/// Creates an active user. `false`, and nothing is done: the e-mail address, user name or external id
/// belongs to another user of the tenant.
pub async fn create(tx: &mut TenantTx, id: UserId, new: &NewUser, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO users (tenant_id, id, kind, status, email, username, display_name, company_name, phone,
            external_id, attributes, password_hash, password_changed_at, created_at, updated_at, external_id_claimed)
        VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)
        ON CONFLICT DO NOTHING";
    let changed_at = new.password_hash.as_ref().map(|_| now);
    let inserted = tx
        .execute(
            sql,
            params![
                id,
                new.kind.as_str(),
                new.email.as_ref().map(Email::as_str),
                new.username.as_ref().map(super::Username::as_str),
                new.display_name.as_deref(),
                new.company_name.as_deref(),
                new.phone.as_ref().map(super::Phone::as_str),
                new.external_id.as_ref().map(super::ExternalId::as_str),
                new.attributes.to_json(),
                new.password_hash.as_ref().map(|h| h.expose().as_str()),
                changed_at,
                now,
                new.external_id_claimed
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// By id.
pub async fn by_id(tx: &mut TenantTx, id: UserId) -> Result<Option<User>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE tenant_id = $1 AND id = $2");
    tx.query_opt(&sql, params![id]).await?.as_ref().map(from_row).transpose()
}

/// By e-mail address.
pub async fn by_email(tx: &mut TenantTx, email: &Email) -> Result<Option<User>, StoreError> {
    by_key(tx, Key::Email(email.as_str())).await
}

/// What a user of a tenant is unique by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key<'a> {
    /// The consuming application's id.
    ExternalId(&'a str),
    /// E-mail address.
    Email(&'a str),
    /// User name.
    Username(&'a str),
}

impl<'a> Key<'a> {
    /// The field, as it is called everywhere, and what it holds.
    pub const fn field(self) -> (&'static str, &'a str) {
        match self {
            Self::ExternalId(value) => ("external_id", value),
            Self::Email(value) => ("email", value),
            Self::Username(value) => ("username", value),
        }
    }
}

/// Whose this is.
pub async fn by_key(tx: &mut TenantTx, key: Key<'_>) -> Result<Option<User>, StoreError> {
    let (column, value) = key.field();
    // An external id that somebody merely says to have is nobody's.
    let held = if matches!(key, Key::ExternalId(_)) { "AND NOT external_id_claimed" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM users WHERE tenant_id = $1 AND {column} = $2 {held}");
    tx.query_opt(&sql, params![value]).await?.as_ref().map(from_row).transpose()
}

/// Makes changes of what one user has (keys, passkeys) wait for each other, so that their number stays bounded.
/// `false`: there is no such active user.
pub async fn lock(tx: &mut TenantTx, id: UserId) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2 AND status = 'active'";
    Ok(tx.execute(sql, params![id]).await? == 1)
}

fn account(row: &Row) -> Result<Account, StoreError> {
    Ok(Account { user: from_row(row)?, password_hash: row.get::<Option<String>>(WIDTH)?.map(Secret::new) })
}

/// By what somebody typed to log in.
pub async fn by_login(tx: &mut TenantTx, login: &Login) -> Result<Option<Account>, StoreError> {
    let column = match login {
        Login::Email(_) => "email",
        Login::Username(_) => "username",
    };
    let sql = format!("SELECT {COLUMNS}, password_hash FROM users WHERE tenant_id = $1 AND {column} = $2");
    tx.query_opt(&sql, params![login.as_str()]).await?.as_ref().map(account).transpose()
}

/// By id, with the password's hash.
pub async fn account_by_id(tx: &mut TenantTx, id: UserId) -> Result<Option<Account>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM users WHERE tenant_id = $1 AND id = $2");
    tx.query_opt(&sql, params![id]).await?.as_ref().map(account).transpose()
}

/// The hashes of these users' passwords, of those that have one.
pub async fn password_hashes(tx: &mut TenantTx, ids: &[UserId]) -> Result<HashMap<UserId, Secret>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(*id)).collect();
    let places: Vec<String> = (0..values.len()).map(|i| format!("${}", i + 2)).collect();
    let sql = format!(
        "SELECT id, password_hash FROM users WHERE tenant_id = $1 AND password_hash IS NOT NULL AND id IN ({})",
        places.join(", ")
    );
    let rows = tx.query(&sql, &values).await?;
    rows.iter().map(|row| Ok((row.get(0)?, Secret::new(row.get(1)?)))).collect()
}

/// Notes a successful login, if the user is still active and the password, where one was verified, is still that
/// one. `false`: it is not, and the login must fail.
pub async fn note_login(
    tx: &mut TenantTx,
    id: UserId,
    verified: Option<&Secret>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET last_login_at = $4
        WHERE tenant_id = $1 AND id = $2 AND status = 'active' AND (CAST($3 AS TEXT) IS NULL OR password_hash = $3)";
    let verified = verified.map(|hash| hash.expose().as_str());
    Ok(tx.execute(sql, params![id, verified, now]).await? == 1)
}

/// Stores the same password under new parameters. Nothing happens if it was changed meanwhile.
pub async fn rehash(tx: &mut TenantTx, id: UserId, old: &Secret, new: &Secret) -> Result<(), StoreError> {
    let sql = "UPDATE users SET password_hash = $4 WHERE tenant_id = $1 AND id = $2 AND password_hash = $3";
    tx.execute(sql, params![id, old.expose(), new.expose()]).await.map(drop)
}

/// Whether they have a password.
pub async fn has_password(tx: &mut TenantTx, id: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 AND password_hash IS NOT NULL";
    Ok(tx.query_opt(sql, params![id]).await?.is_some())
}

/// Gives a first password to somebody who has none; a password that exists stays.
pub async fn give_password(tx: &mut TenantTx, id: UserId, hash: &Secret, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE users SET password_hash = $3, password_changed_at = $4
        WHERE tenant_id = $1 AND id = $2 AND password_hash IS NULL";
    tx.execute(sql, params![id, hash.expose(), now]).await.map(drop)
}

/// Sets a password: in place of the one that was verified, or whatever it was. `false`: somebody else changed it
/// meanwhile, or there is no such user.
pub async fn set_password_hash(
    tx: &mut TenantTx,
    id: UserId,
    old: Option<&Secret>,
    new: &Secret,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET password_hash = $4, password_changed_at = $5, updated_at = $5
        WHERE tenant_id = $1 AND id = $2 AND (CAST($3 AS TEXT) IS NULL OR password_hash = $3)";
    let old = old.map(|hash| hash.expose().as_str());
    Ok(tx.execute(sql, params![id, old, new.expose(), now]).await? == 1)
}

/// Notes that the user has shown the address to be theirs. `false`: it is not theirs (any more), or they
/// are not active. Doing it twice keeps the first time.
pub async fn verify_email(tx: &mut TenantTx, id: UserId, email: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET email_verified_at = COALESCE(email_verified_at, $4), updated_at = $4
        WHERE tenant_id = $1 AND id = $2 AND email = $3 AND status = 'active'";
    Ok(tx.execute(sql, params![id, email, now]).await? == 1)
}

/// Gives the user an address that they have shown to be theirs. `false`: somebody else has it, or they are
/// not active. Should somebody get it at this very moment, the unit fails with a
/// [constraint](StoreError::Constraint).
pub async fn change_email(tx: &mut TenantTx, id: UserId, email: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET email = $3, email_verified_at = $4, updated_at = $4
        WHERE tenant_id = $1 AND id = $2 AND status = 'active'
            AND NOT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1 AND email = $3 AND id <> $2)";
    Ok(tx.execute(sql, params![id, email, now]).await? == 1)
}

/// Sets the status. `false`: no such user, or it is that already. Whoever calls this ends sessions and
/// tells the edge, in the same unit.
pub async fn set_status(tx: &mut TenantTx, id: UserId, status: UserStatus, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET status = $3, standing_changed_at = $4, updated_at = $4
        WHERE tenant_id = $1 AND id = $2 AND status <> $3";
    Ok(tx.execute(sql, params![id, status.as_str(), now]).await? == 1)
}

/// Changes a profile. `None`: no such active user.
pub async fn update_profile(
    tx: &mut TenantTx,
    id: UserId,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    let sql = format!(
        "UPDATE users SET
            display_name = CASE WHEN $3 THEN $4 ELSE display_name END,
            company_name = CASE WHEN $5 THEN $6 ELSE company_name END,
            phone = CASE WHEN $7 THEN $8 ELSE phone END,
            attributes = CASE WHEN $9 THEN $10 ELSE attributes END,
            updated_at = $11
        WHERE tenant_id = $1 AND id = $2 AND status = 'active' RETURNING {COLUMNS}"
    );
    let row = tx
        .query_opt(
            &sql,
            params![
                id,
                change.display_name.is_some(),
                change.display_name.as_ref().and_then(Option::as_deref),
                change.company_name.is_some(),
                change.company_name.as_ref().and_then(Option::as_deref),
                change.phone.is_some(),
                change.phone.as_ref().and_then(Option::as_ref).map(super::Phone::as_str),
                change.attributes.is_some(),
                change.attributes.as_ref().map(Attributes::to_json),
                now
            ],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}
