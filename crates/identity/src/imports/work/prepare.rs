//! What must not happen in the unit of a batch: judging and hashing passwords takes long.

use std::{sync::Arc, time::Duration};

use kernel::{Problem, Secret, TenantId, UserId, edge::Tenant};

use super::{
    super::{
        apply::Ready,
        model::Wrong,
        row::Row,
        store::{self, Claimed},
    },
    LEASE,
    take::Record,
};
use crate::{
    Core,
    attributes::Shape,
    new_password::{self, Candidate, Demands},
    passwords::{About, BUSY},
    proofs::{Ask, Purpose},
    users::{Attributes, Email, UserStatus, Username},
};

/// After a full hashing pool: logins come first.
const PAUSE: Duration = Duration::from_millis(50);

/// A record that is ready to be done, or is wrong.
pub(super) type Prepared = Result<Ready, (i64, Vec<Wrong>)>;

/// Judges and hashes passwords: what must not happen in the unit. Along comes why passwords were not looked up in
/// breaches, if that is so. `None`: somebody else has the job.
pub(super) async fn prepare(
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

/// What the tenant's schema says against these attributes: every broken rule with its place, never the values.
pub(super) fn misshapen(shape: &Shape, attributes: &Attributes) -> Option<Wrong> {
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
