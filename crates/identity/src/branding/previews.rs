//! Looks that are tried out: whoever has the link sees the pages in it, and nobody else does.
//!
//! Invariants:
//! - A look that is tried out is judged by what judges one that is saved, and nothing of it is in force.
//! - Its link says nothing that could be guessed, and opens for [`LIFE`].
//! - A tenant has [`KEPT`] at most: another one takes the place of the oldest.
//!
//! Deliberately absent: what a preview shows. That is the pages'.

mod store;

#[cfg(test)]
mod tests;

use std::time::Duration;

use kernel::{PreviewId, Problem, Secret, TenantId, Timestamp, problem::common, random};
use serde_json::{Map, Value as Json, json};
use storage::StoreError;

use super::{Brand, Kind, Place, image, service, store as live};
use crate::{
    Core,
    audit::{Action, Target},
    http::{Cause, Permit},
    roles,
    sessions::bearer,
    sweep,
    templates::WriteSettings,
};

const PREVIEWED: Action = Action::new("branding.previewed");
/// What the tokens of links begin with. Logs know it and cut it out.
const PREFIX: &str = "ppv_";
/// For how long a link opens.
const LIFE: Duration = Duration::from_secs(3_600);
/// Most previews of a tenant.
const KEPT: u32 = 10;

/// A preview that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: PreviewId,
    /// Where its sign-in page is.
    pub(super) url: String,
    pub(super) expires_at: Timestamp,
}

/// Makes a preview of the present document with changes (RFC 7396).
pub(super) async fn make(
    core: &Core,
    permit: &Permit<WriteSettings>,
    changes: Map<String, Json>,
) -> Result<Made, Problem> {
    let (cause, wording, tenant) = (Cause::new(core, permit), core.wording.clone(), permit.principal.tenant);
    let token = bearer::write(PREFIX, tenant, &random::bytes(&*core.random));
    let hash = core.vault.hash_token(token.expose().as_bytes());
    let (id, expires_at) = (PreviewId::new(cause.now, &*core.random), cause.now + LIFE);
    let work = core.write(tenant, move |tx| {
        Box::pin(async move {
            // One after the other, so that there are never more than allowed.
            roles::lock(tx).await?;
            let (saved, _) = live::load(tx).await?;
            let tried = service::merged(&saved, changes)?.judge(&*wording)?;
            store::keep_newest(tx, KEPT - 1).await?;
            store::insert(tx, id, hash, &tried, expires_at).await?;
            let details = json!({"preview": id, "fields": service::touched(&saved, &tried)});
            cause.record(tx, PREVIEWED, Target::new("tenant", tx.tenant()), details).await?;
            Ok::<_, Problem>(())
        })
    });
    work.await?;
    let tenants = core.edge.tenants.load();
    let tenant = tenants.by_id(tenant).ok_or_else(|| Problem::new(common::INTERNAL).cause("a tenant is unknown"))?;
    Ok(Made { id, url: format!("{}/ui/preview/{}/login", tenant.issuer, token.expose()), expires_at })
}

/// Shows another image in a preview.
pub(super) async fn put_image(
    core: &Core,
    permit: &Permit<WriteSettings>,
    preview: PreviewId,
    place: Place,
    content: Vec<u8>,
) -> Result<(), Problem> {
    let kind = image::judge(place, &content)?;
    let (hash, cause) = (image::hash(&content), Cause::new(core, permit));
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            if !store::put_image(tx, preview, place, kind, &hash, &content, cause.now).await? {
                return Err(common::NOT_FOUND.into());
            }
            let details = json!({"preview": preview, "place": place, "type": kind.media_type(), "hash": hash});
            cause.record(tx, PREVIEWED, Target::new("tenant", tx.tenant()), details).await?;
            Ok::<_, Problem>(())
        })
    });
    work.await
}

/// Shows a preview without an image. Doing it twice does no harm.
pub(super) async fn delete_image(
    core: &Core,
    permit: &Permit<WriteSettings>,
    preview: PreviewId,
    place: Place,
) -> Result<(), Problem> {
    let cause = Cause::new(core, permit);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            if !store::hide_image(tx, preview, place, cause.now).await? {
                return Err(common::NOT_FOUND.into());
            }
            let details = json!({"preview": preview, "place": place, "removed": true});
            cause.record(tx, PREVIEWED, Target::new("tenant", tx.tenant()), details).await?;
            Ok::<_, Problem>(())
        })
    });
    work.await
}

fn hash(core: &Core, tenant: TenantId, token: &Secret) -> Option<[u8; 32]> {
    bearer::tenant_of(PREFIX, token).filter(|named| *named == tenant)?;
    Some(core.vault.hash_token(token.expose().as_bytes()))
}

/// The look behind a link. `None`: there is none, or its time is over.
pub async fn preview(core: &Core, tenant: TenantId, token: &Secret) -> Result<Option<Brand>, Problem> {
    let (Some(hash), now) = (hash(core, tenant, token), core.now()) else { return Ok(None) };
    let found = core.read(tenant, move |tx| Box::pin(store::find(tx, hash, now))).await?;
    Ok(found.map(|(branding, own)| {
        let mut images = core.brandings.of(tenant).images.clone();
        for (place, image) in own {
            match image {
                Some(image) => drop(images.insert(place, image)),
                None => drop(images.remove(&place)),
            }
        }
        Brand { branding, images }
    }))
}

/// An image of such a look, by its place, kind and hash: its own, or the one of the live pages.
pub async fn preview_file(
    core: &Core,
    tenant: TenantId,
    token: &Secret,
    place: Place,
    kind: Kind,
    name: String,
) -> Result<Option<Vec<u8>>, Problem> {
    let (Some(hash), now) = (hash(core, tenant, token), core.now()) else { return Ok(None) };
    let work = core.read(tenant, move |tx| {
        Box::pin(async move {
            match store::content(tx, hash, place, kind, &name, now).await? {
                None => live::content(tx, place, kind, &name).await,
                own => Ok(own),
            }
        })
    });
    work.await
}

/// Drops previews whose time is over, and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let sql = "DELETE FROM branding_previews WHERE (tenant_id, id) IN
        (SELECT tenant_id, id FROM branding_previews WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    sweep::drop_all(&core.store, sql, core.now()).await
}
