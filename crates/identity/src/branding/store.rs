//! The SQL of brandings.

use std::collections::HashMap;

use kernel::{TenantId, Timestamp};
use serde_json::Value as Json;
use storage::{StoreError, SystemTx, TenantTx, params};

use super::{Brand, Branding, Image, Kind, Place};

/// The document and its revision; 0 where there never was one.
pub(super) async fn load(tx: &mut TenantTx) -> Result<(Branding, i64), StoreError> {
    let sql = "SELECT document, revision FROM brandings WHERE tenant_id = $1";
    match tx.query_opt(sql, params![]).await? {
        None => Ok((Branding::default(), 0)),
        Some(row) => {
            let wrong = |_| StoreError::Decode { column: 0, expected: "a branding" };
            Ok((serde_json::from_value(row.get::<Json>(0)?).map_err(wrong)?, row.get(1)?))
        }
    }
}

/// Stores the document as the next revision, which it returns.
pub(super) async fn save(tx: &mut TenantTx, branding: &Branding, now: Timestamp) -> Result<i64, StoreError> {
    let json = serde_json::to_value(branding).map_err(|_| StoreError::Misuse("a branding is not JSON"))?;
    let sql = "INSERT INTO brandings (tenant_id, revision, document, updated_at) VALUES ($1, 1, $2, $3)
        ON CONFLICT (tenant_id) DO UPDATE SET revision = brandings.revision + 1, document = $2, updated_at = $3
        RETURNING revision";
    let row = tx.query_opt(sql, params![json, now]).await?;
    row.ok_or(StoreError::Misuse("a branding was not stored"))?.get(0)
}

/// An image that is stored.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) hash: String,
    pub(super) bytes: i64,
    pub(super) updated_at: Timestamp,
}

fn unknown(column: usize) -> StoreError {
    StoreError::Decode { column, expected: "a place or kind of an image" }
}

/// The tenant's images, without their bytes.
pub(super) async fn images(tx: &mut TenantTx) -> Result<Vec<Stored>, StoreError> {
    let sql = "SELECT place, kind, hash, length(content), updated_at FROM branding_images WHERE tenant_id = $1
        ORDER BY place";
    let rows = tx.query(sql, params![]).await?;
    rows.iter()
        .map(|row| {
            Ok(Stored {
                place: Place::from_stored(&row.get::<String>(0)?).ok_or_else(|| unknown(0))?,
                kind: Kind::from_stored(&row.get::<String>(1)?).ok_or_else(|| unknown(1))?,
                hash: row.get(2)?,
                bytes: row.get(3)?,
                updated_at: row.get(4)?,
            })
        })
        .collect()
}

pub(super) async fn put_image(
    tx: &mut TenantTx,
    place: Place,
    kind: Kind,
    hash: &str,
    content: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO branding_images (tenant_id, place, kind, hash, content, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, place) DO UPDATE SET kind = $3, hash = $4, content = $5, updated_at = $6";
    tx.execute(sql, params![place.as_str(), kind.extension(), hash, content, now]).await.map(drop)
}

/// Removes an image. `false`: there was none.
pub(super) async fn delete_image(tx: &mut TenantTx, place: Place) -> Result<bool, StoreError> {
    let sql = "DELETE FROM branding_images WHERE tenant_id = $1 AND place = $2";
    Ok(tx.execute(sql, params![place.as_str()]).await? == 1)
}

/// Removes all images.
pub(super) async fn delete_images(tx: &mut TenantTx) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM branding_images WHERE tenant_id = $1", params![]).await
}

/// An image's bytes, if it is still the one of this hash.
pub(super) async fn content(
    tx: &mut TenantTx,
    place: Place,
    kind: Kind,
    hash: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT content FROM branding_images WHERE tenant_id = $1 AND place = $2 AND kind = $3 AND hash = $4";
    let row = tx.query_opt(sql, params![place.as_str(), kind.extension(), hash]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// How pages of tenants look: of one, or of all that have a brand. What cannot be read is told, and shown in the
/// default: a page without its colours is better than none.
pub(crate) async fn shown(tx: &mut SystemTx, only: Option<TenantId>) -> Result<HashMap<TenantId, Brand>, StoreError> {
    let documents = "SELECT tenant_id, document FROM brandings";
    let images = "SELECT tenant_id, place, kind, hash FROM branding_images";
    let (documents, images) = match only {
        None => (tx.query(documents, params![]).await?, tx.query(images, params![]).await?),
        Some(id) => (
            tx.query(&format!("{documents} WHERE tenant_id = $1"), params![id]).await?,
            tx.query(&format!("{images} WHERE tenant_id = $1"), params![id]).await?,
        ),
    };
    let mut all: HashMap<TenantId, Brand> = HashMap::new();
    for row in documents {
        let tenant: TenantId = row.get(0)?;
        match serde_json::from_value::<Branding>(row.get(1)?) {
            Ok(branding) => all.entry(tenant).or_default().branding = branding,
            Err(error) => tracing::error!(%tenant, %error, "a branding cannot be read: the default is shown"),
        }
    }
    for row in images {
        let (place, kind): (String, String) = (row.get(1)?, row.get(2)?);
        if let Some((place, kind)) = Place::from_stored(&place).zip(Kind::from_stored(&kind)) {
            let image = Image { kind, hash: row.get::<String>(3)?.into() };
            all.entry(row.get(0)?).or_default().images.insert(place, image);
        }
    }
    Ok(all)
}
