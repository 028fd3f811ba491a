//! Changing how pages look.

use kernel::{Problem, TenantId, problem::common};
use serde_json::{Map, Value as Json, json};
use storage::TenantTx;

use super::{
    Branding, CHANGED, Kind, Place, image,
    store::{self, Stored},
};
use crate::{
    Core,
    audit::{Action, Target},
    http::{Cause, Condition, Permit},
    publish::{self, Change},
    templates::{ReadSettings, WriteSettings},
};

const WRITTEN: Action = Action::new("branding.changed");
const RESET: Action = Action::new("branding.reset");
const IMAGE: Action = Action::new("branding.image_changed");
const NO_IMAGE_MORE: Action = Action::new("branding.image_removed");

/// What is to become of the document.
#[derive(Debug)]
pub(super) enum Wanted {
    /// This one.
    Whole(Box<Branding>),
    /// The present one with these changes (RFC 7396).
    Merged(Map<String, Json>),
}

/// The document and its revision.
pub(super) async fn get(core: &Core, permit: &Permit<ReadSettings>) -> Result<(Branding, i64), Problem> {
    core.read(permit.principal.tenant, |tx| Box::pin(store::load(tx))).await
}

/// Puts a document in force, on every node.
pub(super) async fn put(
    core: &Core,
    permit: &Permit<WriteSettings>,
    condition: Condition,
    wanted: Wanted,
) -> Result<(Branding, i64), Problem> {
    let (cause, wording) = (Cause::new(core, permit), core.wording.clone());
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            let (old, revision) = locked(tx, &condition).await?;
            let new = match wanted {
                Wanted::Whole(new) => *new,
                Wanted::Merged(changes) => merged(&old, changes)?,
            };
            let new = new.judge(&*wording)?;
            if new == old {
                return Ok((new, revision, None));
            }
            let revision = store::save(tx, &new, cause.now).await?;
            let details = json!({"revision": revision, "fields": touched(&old, &new)});
            cause.record(tx, WRITTEN, Target::new("tenant", tx.tenant()), details).await?;
            let seq = publish::append(tx, &Change::BrandingChanged, cause.now).await?;
            Ok::<_, Problem>((new, revision, Some(seq)))
        })
    });
    let (new, revision, seq) = work.await?;
    core.settle(seq).await?;
    Ok((new, revision))
}

/// Goes back to the default: images, too.
pub(super) async fn reset(core: &Core, permit: &Permit<WriteSettings>, condition: Condition) -> Result<(), Problem> {
    let cause = Cause::new(core, permit);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            let (old, _) = locked(tx, &condition).await?;
            let images = store::delete_images(tx).await?;
            if old == Branding::default() && images == 0 {
                return Ok(None);
            }
            store::save(tx, &Branding::default(), cause.now).await?;
            cause.record(tx, RESET, Target::new("tenant", tx.tenant()), json!({"images": images})).await?;
            Ok::<_, Problem>(Some(publish::append(tx, &Change::BrandingChanged, cause.now).await?))
        })
    });
    Ok(core.settle(work.await?).await?)
}

/// The document, which nobody else changes until the commit, if the condition holds for it.
async fn locked(tx: &mut TenantTx, condition: &Condition) -> Result<(Branding, i64), Problem> {
    crate::roles::lock(tx).await?;
    let (document, revision) = store::load(tx).await?;
    if condition.holds((revision > 0).then_some(revision)) { Ok((document, revision)) } else { Err(CHANGED.into()) }
}

/// A document with changes (RFC 7396): `null` is the default again.
pub(super) fn merged(old: &Branding, changes: Map<String, Json>) -> Result<Branding, Problem> {
    let mut document = serde_json::to_value(old).map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    merge(&mut document, Json::Object(changes));
    serde_json::from_value(document).map_err(|e| {
        let detail = format!("With the change, this would not be a branding: {e}.");
        Problem::new(common::MALFORMED).detail(detail)
    })
}

/// RFC 7396 §2. Depth is bounded by serde_json.
fn merge(into: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *into = patch;
        return;
    };
    if !into.is_object() {
        *into = Json::Object(Map::new());
    }
    let Some(target) = into.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Json::Null), value);
        }
    }
}

/// Names of the fields that differ, for the audit log.
pub(super) fn touched(old: &Branding, new: &Branding) -> Vec<&'static str> {
    let fields = [
        ("product_name", old.product_name != new.product_name),
        ("scheme", old.scheme != new.scheme),
        ("colors", old.colors != new.colors),
        ("css", old.css != new.css),
        ("texts", old.texts != new.texts),
        ("links", old.links != new.links),
        ("frame_ancestors", old.frame_ancestors != new.frame_ancestors),
    ];
    fields.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

/// The images.
pub(super) async fn images(core: &Core, permit: &Permit<ReadSettings>) -> Result<Vec<Stored>, Problem> {
    core.read(permit.principal.tenant, |tx| Box::pin(store::images(tx))).await
}

/// Puts an image at its place.
pub(super) async fn put_image(
    core: &Core,
    permit: &Permit<WriteSettings>,
    place: Place,
    content: Vec<u8>,
) -> Result<Stored, Problem> {
    let kind = image::judge(place, &content)?;
    let hash = image::hash(&content);
    let cause = Cause::new(core, permit);
    let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let stored = Stored { place, kind, hash: hash.clone(), bytes, updated_at: cause.now };
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            store::put_image(tx, place, kind, &hash, &content, cause.now).await?;
            let details = json!({"place": place, "type": kind.media_type(), "bytes": bytes, "hash": hash});
            cause.record(tx, IMAGE, Target::new("tenant", tx.tenant()), details).await?;
            publish::append(tx, &Change::BrandingChanged, cause.now).await
        })
    });
    let seq = work.await?;
    core.settle(seq).await?;
    Ok(stored)
}

/// Takes an image away. Doing it twice does no harm.
pub(super) async fn delete_image(core: &Core, permit: &Permit<WriteSettings>, place: Place) -> Result<(), Problem> {
    let cause = Cause::new(core, permit);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            if !store::delete_image(tx, place).await? {
                return Ok(None);
            }
            let target = Target::new("tenant", tx.tenant());
            cause.record(tx, NO_IMAGE_MORE, target, json!({"place": place})).await?;
            publish::append(tx, &Change::BrandingChanged, cause.now).await.map(Some)
        })
    });
    let seq = work.await?;
    Ok(core.settle(seq).await?)
}

/// The bytes of an image by its place, kind and hash, for whoever asks.
pub async fn file(
    core: &Core,
    tenant: TenantId,
    place: Place,
    kind: Kind,
    hash: String,
) -> Result<Option<Vec<u8>>, Problem> {
    core.read(tenant, move |tx| Box::pin(async move { store::content(tx, place, kind, &hash).await })).await
}
