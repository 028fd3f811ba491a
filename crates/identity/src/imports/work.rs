//! Working on imports, batch by batch.

use std::{sync::Arc, time::Duration};

use kernel::{Problem, Secret, TenantId, Timestamp, UserId, edge::Tenant, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};
use uuid::Uuid;

use super::{
    Format, Import,
    apply::{Batch, Done, Ready},
    model::{Counts, Wrong},
    records::{self, Next},
    row::{self, Row},
    spool::Window,
    store::{self, Claimed},
};
use crate::{
    Core,
    attributes::Shape,
    audit::{self, Action, Entry, Target},
    http::Right as _,
    new_password::{self, Candidate, Demands},
    passwords::{About, BUSY},
    preferences,
    proofs::{Ask, Purpose},
    roles,
    users::{Attributes, Email, UserStatus, Username},
    users_admin::CreateUsers,
};

/// Records of a batch: one unit of work, which others wait for.
const BATCH: usize = 100;
/// How long nothing may be heard of a worker until somebody else takes its job.
const LEASE: Duration = Duration::from_secs(120);
/// After a full hashing pool: logins come first.
const PAUSE: Duration = Duration::from_millis(50);
/// Reports stay so long.
const KEEP: Duration = Duration::from_secs(30 * 86_400);
/// A file that stopped arriving is forgotten.
const ABANDONED: Duration = Duration::from_secs(3_600);

/// Records that are reported; of more only the number is kept.
const MAX_REPORTED: i64 = 10_000;

const WORKED: Action = Action::new("users.import_batch");
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
    let mut window = Window::at(tenant, id, claimed.import.position);
    let mut told_unasked = false;
    loop {
        let records = match take(core, &mut window, &mut claimed).await? {
            Ok(records) => records,
            Err(reason) => return end(core, tenant, &claimed, Some(reason)).await,
        };
        if records.is_empty() {
            return end(core, tenant, &claimed, None).await;
        }
        let prepared = prepare(core, &edge, &demands, &shape, &mut claimed, records).await?;
        let Some((prepared, unasked)) = prepared else { return Ok(()) };
        // Said once.
        let unasked = unasked.filter(|_| !std::mem::replace(&mut told_unasked, true));
        match commit(core, tenant, claimed, prepared, misshapen(&shape, &Attributes::default()), unasked).await? {
            Step::Next(next) => claimed = *next,
            Step::Refused(was, reason) => return end(core, tenant, &was, Some(reason)).await,
            Step::Lost => return Ok(()),
        }
        told(&claimed.import);
    }
}

/// A record that was read, or is wrong.
type Record = (i64, Result<Row, Vec<Wrong>>);

/// Reads the next batch, and moves on in the file. The inner error ends the job.
async fn take(core: &Core, window: &mut Window, claimed: &mut Claimed) -> Result<Result<Vec<Record>, String>, Problem> {
    let format = claimed.import.options.format;
    claimed.from = claimed.import.position;
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH {
        let position = claimed.import.position;
        let seen = window.rest(position);
        let last = position + i64::try_from(seen.len()).unwrap_or(i64::MAX) >= claimed.import.bytes;
        let (bytes, lines) = match records::next(seen, format, last) {
            Next::Record { bytes, lines } => (bytes, lines),
            Next::TooLong => return Ok(Err(format!("line {}: a record is longer than 64 KiB", claimed.line))),
            Next::More if last => break,
            Next::More => {
                if !window.grow(core, position).await? {
                    return Err(Problem::new(common::INTERNAL).cause("a piece of an import is missing"));
                }
                continue;
            }
        };
        let mut text = &seen[..bytes];
        if position == 0 {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        }
        let line = claimed.line;
        if !text.trim_ascii().is_empty() {
            match (format, &claimed.header) {
                (Format::Jsonl, _) => {
                    batch.push((line, row::from_json(text).map_err(|w| vec![w]).and_then(|w| w.parse())))
                }
                (Format::Csv, Some(header)) => batch.push((line, row::from_csv(text, header).and_then(|w| w.parse()))),
                (Format::Csv, None) => match row::header(text) {
                    Ok(header) => claimed.header = Some(header),
                    Err(reason) => return Ok(Err(reason)),
                },
            }
        }
        claimed.import.position += i64::try_from(bytes).unwrap_or(i64::MAX);
        claimed.line += lines;
    }
    Ok(Ok(batch))
}

/// A record that is ready to be done, or is wrong.
type Prepared = Result<Ready, (i64, Vec<Wrong>)>;

/// Judges and hashes passwords: what must not happen in the unit. Along comes why passwords were not looked up in
/// breaches, if that is so. `None`: somebody else has the job.
async fn prepare(
    core: &Core,
    tenant: &Arc<Tenant>,
    demands: &Demands,
    shape: &Shape,
    claimed: &mut Claimed,
    records: Vec<Record>,
) -> Result<Option<(Vec<Prepared>, Option<String>)>, Problem> {
    let options = claimed.import.options;
    let mut prepared = Vec::with_capacity(records.len());
    let mut reason = None;
    for (line, record) in records {
        let row = match record {
            Ok(row) => row,
            Err(wrong) => {
                prepared.push(Err((line, wrong)));
                continue;
            }
        };
        if let Some(wrong) = row.attributes.as_ref().and_then(|attributes| misshapen(shape, attributes)) {
            prepared.push(Err((line, vec![wrong])));
            continue;
        }
        let hash = match &row.password {
            None => row.password_hash.clone(),
            Some(password) => match hash(core, tenant.id, demands, claimed, &row, password.clone()).await? {
                Hashed::Done { hash, unasked } => {
                    reason = reason.or(unasked);
                    Some(hash)
                }
                Hashed::Wrong(wrong) => {
                    prepared.push(Err((line, wrong)));
                    continue;
                }
                Hashed::Lost => return Ok(None),
            },
        };
        let disabled = row.status == Some(UserStatus::Disabled);
        let invited = options.invite && row.email.is_some() && hash.is_none() && !disabled;
        let id = UserId::new(core.now(), &*core.random);
        let ask = invited.then(|| Ask::new(core, tenant, Purpose::Invitation));
        prepared.push(Ok(Ready { line, row, id, hash, ask }));
    }
    Ok(Some((prepared, reason)))
}

/// Goes on holding the job, however long its passwords take. `false`: somebody else has it.
async fn hold(core: &Core, tenant: TenantId, claimed: &mut Claimed) -> Result<bool, Problem> {
    let (id, lease, now) = (claimed.import.id, claimed.lease, core.now());
    if lease > now + LEASE / 2 {
        return Ok(true);
    }
    let ours = core.write(tenant, move |tx| Box::pin(store::renew(tx, id, lease, now + LEASE))).await?;
    if ours {
        claimed.lease = now + LEASE;
    }
    Ok(ours)
}

/// What the tenant's schema says against these attributes: every broken rule with its place, never the values.
fn misshapen(shape: &Shape, attributes: &Attributes) -> Option<Wrong> {
    let broken = shape.wrong(attributes.as_map(), "");
    let told: Vec<String> = broken.iter().map(|one| format!("{} {}", one.field, one.message)).collect();
    (!told.is_empty()).then(|| Wrong::new("attributes", "schema", told.join("; ")))
}

/// What became of a password.
enum Hashed {
    /// With why it was not looked up in breaches, if that is so.
    Done {
        hash: Secret,
        unasked: Option<String>,
    },
    Wrong(Vec<Wrong>),
    /// Somebody else has the job.
    Lost,
}

/// The hash of a password that meets the policy. Waits for a place in the pool as long as it takes.
async fn hash(
    core: &Core,
    tenant: TenantId,
    demands: &Demands,
    claimed: &mut Claimed,
    row: &Row,
    password: Secret,
) -> Result<Hashed, Problem> {
    let names: Vec<&str> = [&row.display_name, &row.company_name].into_iter().flatten().map(String::as_str).collect();
    let about = About {
        email: row.email.as_ref().map(Email::as_str),
        username: row.username.as_ref().map(Username::as_str),
        names: &names,
        second_factor: false,
    };
    let candidate = Candidate { password, about, field: "password" };
    let (judged, unasked) = match new_password::judge_offline(core, demands, candidate).await {
        Ok(judged) => judged,
        Err(problem) => {
            let wrong = problem.errors.iter().map(|e| Wrong::new("password", e.code, &e.message));
            return Ok(Hashed::Wrong(wrong.collect()));
        }
    };
    if claimed.import.options.dry_run {
        // It would cost what the import costs. Nothing is kept, so any text does.
        return Ok(Hashed::Done { hash: Secret::new(String::new()), unasked });
    }
    let hasher = judged.hasher(core);
    loop {
        if !hold(core, tenant, claimed).await? {
            return Ok(Hashed::Lost);
        }
        match hasher.hash(judged.password().clone()).await {
            Ok(hash) => return Ok(Hashed::Done { hash: Secret::new(hash), unasked }),
            Err(problem) if problem.kind == BUSY => tokio::time::sleep(PAUSE).await,
            Err(problem) => return Err(problem),
        }
    }
}

/// How a batch ended.
enum Step {
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
async fn commit(
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
    let from = (claimed.from, claimed.import.counts);
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
            let lines: std::collections::BTreeSet<i64> = wrong.iter().map(|(line, _)| *line).collect();
            claimed.import.counts.failed += i64::try_from(lines.len()).unwrap_or(i64::MAX);
            if claimed.import.options.dry_run {
                return Err(Undone::Dry(claimed, wrong));
            }
            record(tx, &mut claimed, from, lease, &wrong).await?;
            let counts = claimed.import.counts;
            let entry = about(
                &claimed,
                WORKED,
                json!({
                    "created": counts.created - from.1.created, "updated": counts.updated - from.1.updated,
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
                    record(tx, &mut claimed, from, lease, &wrong).await?;
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
    from: (i64, Counts),
    lease: Timestamp,
    wrong: &[(i64, Wrong)],
) -> Result<(), Undone> {
    if !store::advance(tx, claimed, from, lease).await? {
        return Err(Undone::Lost);
    }
    claimed.lease = lease;
    if from.1.failed >= MAX_REPORTED {
        return Ok(());
    }
    for (line, one) in wrong {
        store::report(tx, claimed.import.id, *line, one).await?;
    }
    Ok(())
}

/// An entry of the audit log about a job. Where it came from is in the entry of the request that began it.
fn about(claimed: &Claimed, action: Action, details: serde_json::Value) -> Entry {
    let entry = Entry::by_system(action, Target::new("user_import", claimed.import.id)).details(details);
    Entry { actor: claimed.starter.actor(), ..entry }
}

/// Ends a job, unless somebody else has it by now.
async fn end(core: &Core, tenant: TenantId, claimed: &Claimed, error: Option<String>) -> Result<(), Problem> {
    let (held, now, random) = ((claimed.import.id, claimed.lease), core.now(), core.random.clone());
    let details = json!({ "counts": claimed.import.counts, "options": claimed.import.options, "error": error });
    let entry = about(claimed, FINISHED, details);
    let entry = if error.is_some() { entry.failed() } else { entry };
    core.write(tenant, move |tx| {
        Box::pin(async move {
            match store::finish(tx, held, error.as_deref(), now).await? {
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
    core.store.system().write(move |tx| Box::pin(store::sweep(tx, now - KEEP, now - ABANDONED))).await
}
