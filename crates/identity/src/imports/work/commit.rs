//! Doing a batch in one unit, which also notes how far the job is.

use std::collections::BTreeSet;

use kernel::{Problem, TenantId, Timestamp};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{
    super::{
        apply::{Batch, Done},
        model::Wrong,
        store::{self, Claimed},
    },
    LEASE, about,
    prepare::Prepared,
};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    http::Right as _,
    new_password, preferences, roles,
    users_admin::CreateUsers,
};

/// Records that are reported; of more only the number is kept.
const MAX_REPORTED: i64 = 10_000;

const WORKED: Action = Action::new("users.import_batch");

/// How a batch ended.
pub(super) enum Step {
    Next(Box<Claimed>),
    /// Whoever started the job may no more.
    Refused(Box<Claimed>, String),
    /// Somebody else has the job.
    Lost,
}

/// Undoes a unit on purpose: a dry run, a job that is lost.
enum Undone {
    Dry(Box<Claimed>, Vec<(i64, Wrong)>),
    Refused(Box<Claimed>, String),
    Lost,
    Failed(Problem),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Does a batch in one unit. A dry run undoes it and then notes what became of it in another.
pub(super) async fn commit(
    core: &Core,
    tenant: TenantId,
    claimed: Claimed,
    prepared: Vec<Prepared>,
    bare: Option<Wrong>,
    unasked: Option<String>,
) -> Result<Step, Problem> {
    let now = core.now();
    let lease = now + LEASE;
    let random = core.random.clone();
    let work = core.store.tenant(tenant).write(move |tx| {
        Box::pin(async move {
            let mut claimed = Box::new(claimed);
            roles::lock(tx).await?;
            let authority = claimed.starter.authority(tx, now).await?;
            if authority.as_ref().is_some_and(|authority| !authority.allows(CreateUsers::permission())) {
                let reason = format!("whoever started it no longer holds {}", CreateUsers::NAME);
                return Err(Undone::Refused(claimed, reason));
            }
            let (done, wrong) = {
                let batch = Batch {
                    options: claimed.import.options,
                    starter: &claimed.starter,
                    authority,
                    hierarchy: roles::hierarchy(tx).await?,
                    language: preferences::load(tx).await?.language,
                    bare,
                    now,
                    random: &*random,
                };
                all(tx, &batch, prepared).await?
            };
            let mut seq = None;
            for one in done {
                match one {
                    Done::Created => claimed.import.counts.created += 1,
                    Done::Skipped => claimed.import.counts.skipped += 1,
                    Done::Updated(told) => {
                        claimed.import.counts.updated += 1;
                        seq = told.or(seq);
                    }
                }
            }
            let lines: BTreeSet<i64> = wrong.iter().map(|(line, _)| *line).collect();
            claimed.import.counts.failed += i64::try_from(lines.len()).unwrap_or(i64::MAX);
            if claimed.import.options.dry_run {
                return Err(Undone::Dry(claimed, wrong));
            }
            record(tx, &mut claimed, lease, &wrong).await?;
            let (counts, before) = (claimed.import.counts, claimed.from.counts);
            let entry = about(
                &claimed,
                WORKED,
                json!({
                    "created": counts.created - before.created, "updated": counts.updated - before.updated,
                    "up_to_line": claimed.line - 1,
                }),
            );
            audit::record(tx, entry, now, &*random).await?;
            if let Some(reason) = unasked {
                let entry = new_password::unasked(Target::new("user_import", claimed.import.id), &reason);
                let entry = Entry { actor: claimed.starter.actor(), ..entry };
                audit::record(tx, entry, now, &*random).await?;
            }
            Ok((claimed, seq))
        })
    });
    match work.await {
        Ok((claimed, seq)) => {
            core.outbox.wake();
            if let Some(seq) = seq {
                core.settle(seq).await?;
            }
            Ok(Step::Next(claimed))
        }
        Err(Undone::Dry(mut claimed, wrong)) => {
            let noted = core.store.tenant(tenant).write(move |tx| {
                Box::pin(async move {
                    record(tx, &mut claimed, lease, &wrong).await?;
                    Ok::<_, Undone>(claimed)
                })
            });
            match noted.await {
                Ok(claimed) => Ok(Step::Next(claimed)),
                Err(Undone::Failed(problem)) => Err(problem),
                Err(_) => Ok(Step::Lost),
            }
        }
        Err(Undone::Refused(claimed, reason)) => Ok(Step::Refused(claimed, reason)),
        Err(Undone::Lost) => Ok(Step::Lost),
        Err(Undone::Failed(problem)) => Err(problem),
    }
}

/// Every record of a batch: what was done, and what is wrong by line.
async fn all(
    tx: &mut TenantTx,
    batch: &Batch<'_>,
    prepared: Vec<Prepared>,
) -> Result<(Vec<Done>, Vec<(i64, Wrong)>), StoreError> {
    let (mut done, mut wrong) = (Vec::new(), Vec::new());
    for one in prepared {
        match one {
            Err((line, all)) => wrong.extend(all.into_iter().map(|one| (line, one))),
            Ok(ready) => match batch.apply(tx, &ready).await? {
                Ok(what) => done.push(what),
                Err(one) => wrong.push((ready.line, one)),
            },
        }
    }
    Ok((done, wrong))
}

/// Notes how far the job is.
async fn record(
    tx: &mut TenantTx,
    claimed: &mut Claimed,
    lease: Timestamp,
    wrong: &[(i64, Wrong)],
) -> Result<(), Undone> {
    if !store::advance(tx, claimed, lease).await? {
        return Err(Undone::Lost);
    }
    claimed.lease = lease;
    if claimed.from.counts.failed >= MAX_REPORTED {
        return Ok(());
    }
    for (line, one) in wrong {
        store::report(tx, claimed.import.id, *line, one).await?;
    }
    Ok(())
}
