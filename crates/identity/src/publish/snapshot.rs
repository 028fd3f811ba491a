//! What the edge needs, read from the database.

use std::{collections::HashMap, sync::Arc};

use kernel::{
    ApiKeyId, GrantSet, RoleName, SessionId, TenantId, Timestamp, TokenId, UserId,
    edge::{Standing, Tenant},
};
use storage::{Row, StoreError, SystemTx, params};

use crate::{Settings, roles};

/// Tenants with their hosts: one, or all.
pub(super) async fn tenants(
    tx: &mut SystemTx,
    only: Option<TenantId>,
    settings: &Settings,
) -> Result<Vec<Tenant>, StoreError> {
    let select = "SELECT id, slug, name, status FROM tenants";
    let (rows, hosts) = match only {
        None => (
            tx.query(select, params![]).await?,
            tx.query("SELECT tenant_id, host FROM tenant_hosts ORDER BY host", params![]).await?,
        ),
        Some(id) => (
            tx.query(&format!("{select} WHERE id = $1"), params![id]).await?,
            tx.query("SELECT tenant_id, host FROM tenant_hosts WHERE tenant_id = $1 ORDER BY host", params![id])
                .await?,
        ),
    };
    let mut by_tenant: HashMap<TenantId, Vec<Arc<str>>> = HashMap::new();
    for row in hosts {
        by_tenant.entry(row.get(0)?).or_default().push(row.get::<String>(1)?.into());
    }
    let mut read = |row: &Row| {
        let (id, slug, name): (TenantId, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Tenant {
            id,
            issuer: settings.issuer(&slug).into(),
            slug: slug.into(),
            name: name.into(),
            hosts: by_tenant.remove(&id).unwrap_or_default(),
            suspended: row.get::<String>(3)? != "active",
        })
    };
    rows.iter().map(&mut read).collect()
}

/// What the roles of these tenants grant.
pub(super) async fn roles(
    tx: &mut SystemTx,
    tenants: impl IntoIterator<Item = TenantId>,
) -> Result<Vec<(TenantId, HashMap<RoleName, GrantSet>)>, StoreError> {
    let mut all = Vec::new();
    for id in tenants {
        all.push((id, tx.enter(id, |tx| Box::pin(roles::effective(tx))).await?));
    }
    Ok(all)
}

/// What has been taken back so lately that a token of the time may still circulate.
#[derive(Debug, Default)]
pub(super) struct TakenBack {
    pub(super) sessions: Vec<(SessionId, Timestamp)>,
    pub(super) tokens: Vec<(TokenId, Timestamp)>,
    pub(super) api_keys: Vec<(ApiKeyId, Timestamp)>,
    pub(super) users: Vec<UserState>,
}

/// Where a user stands, and since when.
#[derive(Debug)]
pub(super) struct UserState {
    pub(super) id: UserId,
    /// `None` when the user is as their tokens say.
    pub(super) standing: Option<Standing>,
    pub(super) changed_at: Timestamp,
}

/// Reads all of it. `since`: what is older concerns no token that is still accepted.
pub(super) async fn taken_back(tx: &mut SystemTx, since: Timestamp, now: Timestamp) -> Result<TakenBack, StoreError> {
    let sessions = tx.query("SELECT id, revoked_at FROM sessions WHERE revoked_at >= $1", params![since]).await?;
    let tokens = tx.query("SELECT jti, expires_at FROM denied_tokens WHERE expires_at > $1", params![now]).await?;
    let api_keys = tx.query("SELECT id, revoked_at FROM api_keys WHERE revoked_at >= $1", params![since]).await?;
    // A disabled user stays refused for as long as they are disabled; one whose roles changed is known
    // by new tokens soon.
    let sql = format!(
        "{USERS} WHERE u.standing_changed_at IS NOT NULL AND (u.status <> 'active' OR u.standing_changed_at >= $1)
        {IN_ORDER}"
    );
    let users = tx.query(&sql, params![since]).await?;
    Ok(TakenBack {
        sessions: sessions.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<_, StoreError>>()?,
        tokens: tokens.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<_, StoreError>>()?,
        api_keys: api_keys.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<_, StoreError>>()?,
        users: states(&users)?,
    })
}

const USERS: &str = "SELECT u.tenant_id, u.id, u.status, u.standing_changed_at, r.name FROM users u
    LEFT JOIN user_roles m ON m.tenant_id = u.tenant_id AND m.user_id = u.id
    LEFT JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id";
const IN_ORDER: &str = "ORDER BY u.tenant_id, u.id, r.name";

/// Where one user stands. `None`: there is no such user.
pub(super) async fn user(tx: &mut SystemTx, tenant: TenantId, id: UserId) -> Result<Option<UserState>, StoreError> {
    let sql = format!("{USERS} WHERE u.tenant_id = $1 AND u.id = $2 {IN_ORDER}");
    let rows = tx.query(&sql, params![tenant, id]).await?;
    Ok(states(&rows)?.pop())
}

/// Gathers the rows (one for each role) of each user.
fn states(rows: &[Row]) -> Result<Vec<UserState>, StoreError> {
    let mut all: Vec<UserState> = Vec::new();
    for of_one in rows.chunk_by(|a, b| a.get::<UserId>(1).ok() == b.get::<UserId>(1).ok()) {
        let Some(first) = of_one.first() else { continue };
        let changed_at: Option<Timestamp> = first.get(3)?;
        let standing = if first.get::<String>(2)? == "active" {
            let names = of_one.iter().map(|r| r.get::<Option<RoleName>>(4)).collect::<Result<Vec<_>, _>>()?;
            changed_at.map(|_| Standing::Roles(names.into_iter().flatten().collect()))
        } else {
            Some(Standing::Disabled)
        };
        all.push(UserState { id: first.get(1)?, standing, changed_at: changed_at.unwrap_or(Timestamp::EPOCH) });
    }
    Ok(all)
}
