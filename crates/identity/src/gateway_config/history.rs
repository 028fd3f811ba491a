//! What was changed, when, by whom and why.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{Problem, gate::DocumentKey, problem::common};
use serde_json::Value as Json;

use super::{
    model::{Difference, Revision},
    store,
};
use crate::Core;

/// Revisions below a number, the newest first.
pub(super) async fn page(core: &Core, below: i64, count: i64) -> Result<Vec<Revision>, Problem> {
    core.store.system().read(move |tx| Box::pin(async move { Ok(store::page(tx, below, count).await?) })).await
}

/// One revision with what it changed.
pub(super) async fn one(core: &Core, number: i64) -> Result<(Revision, Vec<Difference>), Problem> {
    core.store
        .system()
        .read(move |tx| {
            Box::pin(async move {
                let revision = store::one(tx, number).await?.ok_or(common::NOT_FOUND)?;
                Ok((revision, store::between(tx, number - 1, number).await?))
            })
        })
        .await
}

/// What differs from one revision to another, in either order. Revision 0 is before the first.
pub(super) async fn diff(core: &Core, from: i64, to: i64) -> Result<Vec<Difference>, Problem> {
    core.store
        .system()
        .read(move |tx| {
            Box::pin(async move {
                let head = store::head(tx).await?;
                if !(0..=head).contains(&from) || !(0..=head).contains(&to) {
                    return Err(common::NOT_FOUND.into());
                }
                let mut differences = store::between(tx, from.min(to), from.max(to)).await?;
                if from > to {
                    differences.iter_mut().for_each(|d| std::mem::swap(&mut d.before, &mut d.after));
                }
                Ok::<_, Problem>(differences)
            })
        })
        .await
}

/// What leads from one revision back to an earlier one.
pub(super) async fn back(core: &Core, from: i64, to: i64) -> Result<BTreeMap<DocumentKey, Option<Arc<Json>>>, Problem> {
    let differences = diff(core, from, to).await?;
    Ok(differences.into_iter().map(|d| (d.key, d.after.map(Arc::new))).collect())
}
