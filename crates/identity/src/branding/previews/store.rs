//! The SQL of previews. Images go with what they belong to.
//!
//! An image that is taken away is a row too, of the kind [`NONE`]: without a row, the live pages' image is shown.

use kernel::{PreviewId, Timestamp};
use serde_json::Value as Json;
use storage::{StoreError, TenantTx, params};

use crate::branding::{Branding, Image, Kind, Place};

/// The kind of an image that is not shown.
const NONE: &str = "none";

/// Drops all but the newest.
pub(super) async fn keep_newest(tx: &mut TenantTx, count: u32) -> Result<(), StoreError> {
    let sql = "DELETE FROM branding_previews WHERE tenant_id = $1 AND id NOT IN
        (SELECT id FROM branding_previews WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2)";
    tx.execute(sql, params![i64::from(count)]).await.map(drop)
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    id: PreviewId,
    hash: [u8; 32],
    tried: &Branding,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let json = serde_json::to_value(tried).map_err(|_| StoreError::Misuse("a branding is not JSON"))?;
    let sql = "INSERT INTO branding_previews (tenant_id, id, hash, document, expires_at) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![id, hash, json, expires_at]).await.map(drop)
}

/// Puts an image at its place. `false`: there is no such preview, or its time is over.
pub(super) async fn put_image(
    tx: &mut TenantTx,
    preview: PreviewId,
    place: Place,
    kind: Kind,
    hash: &str,
    content: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    decide(tx, preview, place, kind.extension(), hash, content, now).await
}

/// Takes an image away, whether or not the live pages have one. `false`: there is no such preview, or its time is over.
pub(super) async fn hide_image(
    tx: &mut TenantTx,
    preview: PreviewId,
    place: Place,
    now: Timestamp,
) -> Result<bool, StoreError> {
    decide(tx, preview, place, NONE, "", &[], now).await
}

/// Stores what is shown at a place: kind, hash and content.
async fn decide(
    tx: &mut TenantTx,
    preview: PreviewId,
    place: Place,
    kind: &str,
    hash: &str,
    content: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO branding_preview_images (tenant_id, preview_id, place, kind, hash, content)
        SELECT tenant_id, id, $3, $4, $5, $6 FROM branding_previews
        WHERE tenant_id = $1 AND id = $2 AND expires_at > $7
        ON CONFLICT (tenant_id, preview_id, place) DO UPDATE SET kind = $4, hash = $5, content = $6";
    let values = params![preview, place.as_str(), kind, hash, content, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The document of a preview, and its places that are not as on the live pages, if its time is not over.
pub(super) async fn find(
    tx: &mut TenantTx,
    hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<(Branding, Vec<(Place, Option<Image>)>)>, StoreError> {
    let sql = "SELECT id, document FROM branding_previews WHERE tenant_id = $1 AND hash = $2 AND expires_at > $3";
    let Some(row) = tx.query_opt(sql, params![hash, now]).await? else { return Ok(None) };
    let wrong = |_| StoreError::Decode { column: 1, expected: "a branding" };
    let (id, document): (PreviewId, Branding) =
        (row.get(0)?, serde_json::from_value(row.get::<Json>(1)?).map_err(wrong)?);
    let sql = "SELECT place, kind, hash FROM branding_preview_images WHERE tenant_id = $1 AND preview_id = $2";
    let mut images = Vec::new();
    for row in tx.query(sql, params![id]).await? {
        let (place, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let Some(place) = Place::from_stored(&place) else { continue };
        if kind == NONE {
            images.push((place, None));
        } else if let Some(kind) = Kind::from_stored(&kind) {
            images.push((place, Some(Image { kind, hash: row.get::<String>(2)?.into() })));
        }
    }
    Ok(Some((document, images)))
}

/// The bytes of a preview's own image.
pub(super) async fn content(
    tx: &mut TenantTx,
    preview: [u8; 32],
    place: Place,
    kind: Kind,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT i.content FROM branding_previews p
        JOIN branding_preview_images i ON i.tenant_id = p.tenant_id AND i.preview_id = p.id
        WHERE p.tenant_id = $1 AND p.hash = $2 AND p.expires_at > $3 AND i.place = $4 AND i.kind = $5 AND i.hash = $6";
    let row = tx.query_opt(sql, params![preview, now, place.as_str(), kind.extension(), hash]).await?;
    row.map(|row| row.get(0)).transpose()
}
