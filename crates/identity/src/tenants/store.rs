//! The SQL of tenants. The one slice whose rows belong to no tenant, so it works in system transactions.

use kernel::{TenantId, Timestamp};
use storage::{Row, StoreError, SystemTx, params};

use super::model::{Host, NewTenant, Status, Tenant};
use crate::http::Window;

/// Inserts the tenant. `false`: its slug is taken.
pub(super) async fn insert(tx: &mut SystemTx, new: &NewTenant, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
        VALUES ($1, $2, $3, 'active', $4, $5, $5) ON CONFLICT (slug) DO NOTHING";
    let values = params![new.id, new.slug.as_str(), &new.name, serde_json::json!({}), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Makes these the hosts of the tenant. Answers with the places of those that others have.
pub(super) async fn set_hosts(tx: &mut SystemTx, id: TenantId, hosts: &[Host]) -> Result<Vec<usize>, StoreError> {
    tx.execute("DELETE FROM tenant_hosts WHERE tenant_id = $1", params![id]).await?;
    let sql = "INSERT INTO tenant_hosts (host, tenant_id) VALUES ($1, $2) ON CONFLICT (host) DO NOTHING";
    let mut taken = Vec::new();
    for (i, host) in hosts.iter().enumerate() {
        if tx.execute(sql, params![host.as_str(), id]).await? == 0 {
            taken.push(i);
        }
    }
    Ok(taken)
}

const COLUMNS: &str = "t.id, t.slug, t.name, t.status, t.created_at, t.updated_at, h.host";

/// Gathers the rows (one for each host) of each tenant.
fn gather(rows: &[Row]) -> Result<Vec<Tenant>, StoreError> {
    let mut all: Vec<Tenant> = Vec::new();
    for row in rows {
        let (id, host): (TenantId, Option<String>) = (row.get(0)?, row.get(6)?);
        if all.last().is_none_or(|last| last.id != id) {
            let status = match row.get::<String>(3)?.as_str() {
                "active" => Status::Active,
                "suspended" => Status::Suspended,
                _ => return Err(StoreError::Decode { column: 3, expected: "a tenant's status" }),
            };
            all.push(Tenant {
                id,
                slug: row.get(1)?,
                name: row.get(2)?,
                status,
                hosts: Vec::new(),
                created_at: row.get(4)?,
                updated_at: row.get(5)?,
            });
        }
        if let Some(tenant) = all.last_mut() {
            tenant.hosts.extend(host);
        }
    }
    Ok(all)
}

pub(super) async fn page(tx: &mut SystemTx, window: Window) -> Result<Vec<Tenant>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT * FROM tenants WHERE id < $1 ORDER BY id DESC LIMIT $2) t
            LEFT JOIN tenant_hosts h ON h.tenant_id = t.id ORDER BY t.id DESC, h.host"
    );
    gather(&tx.query(&sql, params![window.before, window.fetch()]).await?)
}

pub(super) async fn by_id(tx: &mut SystemTx, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tenants t LEFT JOIN tenant_hosts h ON h.tenant_id = t.id WHERE t.id = $1 ORDER BY h.host"
    );
    Ok(gather(&tx.query(&sql, params![id]).await?)?.pop())
}

/// Makes changes of one tenant wait for each other until the commit.
pub(super) async fn lock(tx: &mut SystemTx, id: TenantId) -> Result<(), StoreError> {
    tx.execute("UPDATE tenants SET updated_at = updated_at WHERE id = $1", params![id]).await.map(drop)
}

pub(super) async fn update(tx: &mut SystemTx, id: TenantId, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE tenants SET name = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, params![id, name, now]).await.map(drop)
}

pub(super) async fn set_status(
    tx: &mut SystemTx,
    id: TenantId,
    status: Status,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE tenants SET status = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, params![id, status.as_str(), now]).await.map(drop)
}
