//! The SQL of roles.

use std::collections::HashMap;

use kernel::{GrantSet, Random, RoleId, RoleName, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, params};

use super::{
    Hierarchy, Role,
    builtin::{self, LADDER},
};

/// Makes changes of this tenant's authority (roles, who has them, who is disabled) wait for each other
/// until the commit. Every such unit begins with it; so "the last one" stays the last one.
pub async fn lock(tx: &mut TenantTx) -> Result<(), StoreError> {
    // A row lock on both engines; SQLite has one writer anyway.
    tx.execute("UPDATE tenants SET updated_at = updated_at WHERE id = $1", params![]).await.map(drop)
}

/// Gives a new tenant the built-in roles.
pub async fn seed(tx: &mut TenantTx, now: Timestamp, random: &dyn Random) -> Result<(), StoreError> {
    let misuse = |_| StoreError::Misuse("a built-in role is not well-formed");
    for rung in LADDER {
        let role = Role {
            id: RoleId::new(now, random),
            name: builtin::role(rung.name)?,
            description: rung.description.into(),
            builtin: true,
            grants: rung.grants.iter().map(|g| g.parse()).collect::<Result<_, _>>().map_err(misuse)?,
            inherits: rung.inherits.into_iter().map(builtin::role).collect::<Result<_, _>>()?,
            created_at: now,
            updated_at: now,
        };
        insert(tx, &role).await?;
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|_| StoreError::Misuse("a role is not JSON"))
}

const COLUMNS: &str = "id, name, description, builtin, grants, inherits, created_at, updated_at";

fn read(row: &Row) -> Result<Role, StoreError> {
    let list =
        |column, expected| row.get::<serde_json::Value>(column).map(|v| (v, StoreError::Decode { column, expected }));
    let (grants, no_grants) = list(4, "grants")?;
    let (inherits, no_inherits) = list(5, "role names")?;
    Ok(Role {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        builtin: row.get(3)?,
        grants: serde_json::from_value(grants).map_err(|_| no_grants)?,
        inherits: serde_json::from_value(inherits).map_err(|_| no_inherits)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Every role of the tenant, by name. Bounded by [`MAX_ROLES`](super::model::MAX_ROLES).
pub(super) async fn all(tx: &mut TenantTx) -> Result<Vec<Role>, StoreError> {
    let rows = tx.query(&format!("SELECT {COLUMNS} FROM roles WHERE tenant_id = $1 ORDER BY name"), params![]).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn insert(tx: &mut TenantTx, role: &Role) -> Result<(), StoreError> {
    let sql = "INSERT INTO roles (tenant_id, id, name, description, builtin, grants, inherits, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    let (grants, inherits) = (json(&role.grants)?, json(&role.inherits)?);
    let values = params![role.id, &role.name, &role.description, role.builtin, grants, inherits, role.created_at];
    tx.execute(sql, values).await.map(drop)
}

pub(super) async fn update(tx: &mut TenantTx, role: &Role) -> Result<(), StoreError> {
    let sql = "UPDATE roles SET description = $3, grants = $4, inherits = $5, updated_at = $6
        WHERE tenant_id = $1 AND id = $2";
    let (grants, inherits) = (json(&role.grants)?, json(&role.inherits)?);
    tx.execute(sql, params![role.id, &role.description, grants, inherits, role.updated_at]).await.map(drop)
}

pub(super) async fn delete(tx: &mut TenantTx, id: RoleId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM roles WHERE tenant_id = $1 AND id = $2", params![id]).await.map(drop)
}

/// How many users have the role.
pub(super) async fn holders(tx: &mut TenantTx, id: RoleId) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM user_roles WHERE tenant_id = $1 AND role_id = $2";
    tx.query_opt(sql, params![id]).await?.map_or(Ok(0), |row| row.get(0))
}

/// Every role of the tenant, ready to be asked.
pub async fn hierarchy(tx: &mut TenantTx) -> Result<Hierarchy, StoreError> {
    Ok(all(tx).await?.iter().collect())
}

/// What every role of the tenant grants, inheritance applied.
pub async fn effective(tx: &mut TenantTx) -> Result<HashMap<RoleName, GrantSet>, StoreError> {
    Ok(hierarchy(tx).await?.effective())
}

/// The roles of a user, by name.
pub async fn of_user(tx: &mut TenantTx, user: UserId) -> Result<Vec<RoleName>, StoreError> {
    let sql = "SELECT r.name FROM user_roles m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
        WHERE m.tenant_id = $1 AND m.user_id = $2 ORDER BY r.name";
    tx.query(sql, params![user]).await?.iter().map(|row| row.get(0)).collect()
}

/// What a user's roles grant together, whatever the user's status.
pub async fn granted_to(tx: &mut TenantTx, user: UserId) -> Result<GrantSet, StoreError> {
    let roles = of_user(tx, user).await?;
    Ok(hierarchy(tx).await?.grants(&roles))
}

/// Whether the user may do anything at all.
pub(super) async fn is_active(tx: &mut TenantTx, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM users WHERE tenant_id = $1 AND id = $2 AND status = 'active'";
    Ok(tx.query_opt(sql, params![user]).await?.is_some())
}

/// Makes these the roles of the user, all of which must exist. Asks nobody: who may give what is the
/// caller's to decide, and so is telling the edge about a user it may know already.
pub async fn assign(tx: &mut TenantTx, user: UserId, roles: &[RoleName]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM user_roles WHERE tenant_id = $1 AND user_id = $2", params![user]).await?;
    for role in roles {
        let sql = "SELECT id FROM roles WHERE tenant_id = $1 AND name = $2";
        let row = tx.query_opt(sql, params![role]).await?;
        let id: RoleId = row.ok_or(StoreError::Misuse("a role that is assigned must exist"))?.get(0)?;
        let sql = "INSERT INTO user_roles (tenant_id, user_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        tx.execute(sql, params![user, id]).await?;
    }
    Ok(())
}
