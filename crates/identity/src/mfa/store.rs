//! The SQL of factors.

use kernel::UserId;
use storage::{StoreError, TenantTx, params};

use super::{Kind, Offer};

/// Factors that are asked for, of one person. More than [`MAX_FACTORS`](super::MAX_FACTORS) are never made.
pub async fn offers(tx: &mut TenantTx, user: UserId) -> Result<Vec<Offer>, StoreError> {
    let sql = "SELECT kind, phone FROM factors WHERE tenant_id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL
        ORDER BY id";
    let mut offers = Vec::new();
    for row in tx.query(sql, params![user]).await? {
        let kind: String = row.get(0)?;
        let phone: Option<String> = row.get(1)?;
        let kind = Kind::from_stored(&kind).ok_or(StoreError::Decode { column: 0, expected: "a kind of factor" })?;
        let offer = Offer { method: kind.into(), hint: phone.as_deref().map(super::masked) };
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    Ok(offers)
}
