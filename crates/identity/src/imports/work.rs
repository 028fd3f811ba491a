//! Working on imports, batch by batch: records are [taken](take) from the file, [prepared](prepare) outside of any
//! unit, and [done](commit) in one.

mod commit;
mod prepare;
mod take;

use std::time::Duration;

use kernel::{Problem, TenantId, problem::common};
use serde_json::json;
use storage::StoreError;
use uuid::Uuid;

use self::commit::Step;
use super::{
    Import,
    spool::Window,
    store::{self, Claimed},
};
use crate::{
    Core,
    attributes::Shape,
    audit::{self, Action, Entry, Target},
    new_password,
    users::Attributes,
};

/// How long nothing may be heard of a worker until somebody else takes its job.
const LEASE: Duration = Duration::from_secs(120);
/// Reports stay so long.
const KEEP: Duration = Duration::from_secs(30 * 86_400);
/// A file that stopped arriving is forgotten.
const ABANDONED: Duration = Duration::from_secs(3_600);

const FINISHED: Action = Action::new("users.import_finished");

/// Works on every job that nobody works on, until there is none.
pub async fn run_due(core: &Core) -> Result<(), Problem> {
    loop {
        let now = core.now();
        let due = core.store.system().read(move |tx| Box::pin(store::due(tx, now))).await;
        let Some((tenant, id)) = due? else { return Ok(()) };
        run_one(core, tenant, id, |_| {}).await?;
    }
}

/// Works on one job to its end, unless somebody else does. `told` hears how far it is.
pub async fn run_one(
    core: &Core,
    tenant: TenantId,
    id: Uuid,
    mut told: impl FnMut(&Import) + Send,
) -> Result<(), Problem> {
    let now = core.now();
    let Some(mut claimed) = core.write(tenant, move |tx| Box::pin(store::claim(tx, id, now, LEASE))).await? else {
        return Ok(());
    };
    let edge = core.edge.tenants.load().by_id(tenant).cloned();
    let edge = edge.ok_or_else(|| Problem::new(common::UNAVAILABLE).cause("the tenant is suspended"))?;
    let demands = new_password::demands(core, Some(tenant)).await?;
    let shape = Shape::of(core, tenant).await?;
    let bare = prepare::misshapen(&shape, &Attributes::default());
    let mut window = Window::at(tenant, id, claimed.import.position);
    let mut told_unasked = false;
    loop {
        let records = match take::take(core, &mut window, &mut claimed).await? {
            Ok(records) => records,
            Err(reason) => return end(core, tenant, &claimed, Some(reason)).await,
        };
        if records.is_empty() {
            return end(core, tenant, &claimed, None).await;
        }
        let prepared = prepare::prepare(core, &edge, &demands, &shape, &mut claimed, records).await?;
        let Some((prepared, unasked)) = prepared else { return Ok(()) };
        // Said once.
        let unasked = unasked.filter(|_| !std::mem::replace(&mut told_unasked, true));
        match commit::commit(core, tenant, claimed, prepared, bare.clone(), unasked).await? {
            Step::Next(next) => claimed = *next,
            Step::Refused(was, reason) => return end(core, tenant, &was, Some(reason)).await,
            Step::Lost => return Ok(()),
        }
        told(&claimed.import);
    }
}

/// An entry of the audit log about a job. Where it came from is in the entry of the request that began it.
fn about(claimed: &Claimed, action: Action, details: serde_json::Value) -> Entry {
    let entry = Entry::by_system(action, Target::new("user_import", claimed.import.id)).details(details);
    Entry { actor: claimed.starter.actor(), ..entry }
}

/// Ends a job, unless somebody else has it by now.
async fn end(core: &Core, tenant: TenantId, claimed: &Claimed, error: Option<String>) -> Result<(), Problem> {
    let (id, lease, now, random) = (claimed.import.id, claimed.lease, core.now(), core.random.clone());
    let details = json!({ "counts": claimed.import.counts, "options": claimed.import.options, "error": error });
    let entry = about(claimed, FINISHED, details);
    let entry = if error.is_some() { entry.failed() } else { entry };
    core.write(tenant, move |tx| {
        Box::pin(async move {
            match store::finish(tx, id, lease, error.as_deref(), now).await? {
                true => audit::record(tx, entry, now, &*random).await,
                false => Ok(()),
            }
        })
    })
    .await
}

/// Forgets reports that are old, and files that stopped arriving.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let now = core.now();
    store::sweep(&core.store, now - KEEP, now - ABANDONED).await
}
