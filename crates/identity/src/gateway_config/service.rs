//! Changing routes and upstreams: load what is in force, decide, commit a revision.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{
    Principal, Problem, Subject,
    gate::{DocumentKey, Documents, Finding, Made},
    problem::common,
};
use serde_json::{Value as Json, json};
use storage::StoreError;

use super::{
    BUSY, Condition, Plan, Wanted, history,
    model::{self, Revision},
    store,
};
use crate::{
    Core,
    audit::{self, Action, Origin, Target},
    publish::{self, Change},
};

const CHANGED: Action = Action::new("gateway_config.changed");

/// How often somebody else may be faster.
const TRIES: usize = 16;

/// On whose behalf, and why.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Who.
    pub origin: Origin,
    /// Why; at most 500 characters.
    pub reason: String,
}

/// Makes the change and returns what is in force on this node with it. A change of nothing makes no
/// revision.
pub async fn change(core: &Core, intent: &Intent, plan: &Plan) -> Result<Arc<Made>, Problem> {
    for _ in 0..TRIES {
        let head = core.gate.made().revision;
        if let Some(made) = change_from(core, intent, plan, head).await? {
            return Ok(made);
        }
        // Somebody else was faster: once more, on top of theirs.
        core.feed.catch_up_now().await?;
    }
    Err(BUSY.into())
}

/// Makes everything as it was after an earlier revision.
pub(super) async fn restore(
    core: &Core,
    intent: &Intent,
    to: i64,
    condition: &Condition,
) -> Result<Arc<Made>, Problem> {
    for _ in 0..TRIES {
        let head = core.gate.made().revision;
        let differences = history::back(core, head, to).await?;
        let plan = Plan { wanted: Wanted::Restore(to, differences), condition: condition.clone() };
        if let Some(made) = change_from(core, intent, &plan, head).await? {
            return Ok(made);
        }
        core.feed.catch_up_now().await?;
    }
    Err(BUSY.into())
}

/// As [`change`], on top of this revision only: none when there is another by now.
async fn change_from(core: &Core, intent: &Intent, plan: &Plan, head: i64) -> Result<Option<Arc<Made>>, Problem> {
    let made = core.gate.made();
    if made.revision != head {
        return Ok(None);
    }
    let changes = plan.changes(&made, &core.gate.written())?;
    if changes.is_empty() {
        return Ok(Some(made));
    }
    let documents = model::changed(&made, &changes, head + 1)?;
    let findings = judge(core, documents).await?;
    if !findings.is_empty() {
        return Err(model::refusal(findings, &plan.wanted));
    }
    match commit(core, intent, plan, &made, changes).await? {
        Some(seq) => {
            core.settle(seq).await?;
            Ok(Some(core.gate.made()))
        }
        None => Ok(None),
    }
}

/// On a thread for computing: thousands of routes take milliseconds.
async fn judge(core: &Core, documents: Documents) -> Result<Vec<Finding>, Problem> {
    let gate = core.gate.clone();
    let judged = tokio::task::spawn_blocking(move || gate.judge(&documents)).await;
    judged.map_err(|error| Problem::new(common::INTERNAL).cause(error))
}

/// Writes the revision; none when its number is taken.
async fn commit(
    core: &Core,
    intent: &Intent,
    plan: &Plan,
    made: &Made,
    changes: BTreeMap<DocumentKey, Option<Arc<Json>>>,
) -> Result<Option<i64>, Problem> {
    let home = core.edge.tenants.load().default_tenant().map(|tenant| tenant.id);
    let home = home.ok_or(StoreError::Misuse("there is no default tenant"))?;
    let (now, random) = (core.now(), core.random.clone());
    let (author_kind, author_id) = author(&intent.origin);
    let number = made.revision + 1;
    let reason = intent.reason.clone();
    let revision = Revision { number, at: now, author_kind, author_id, reason, restores: plan.restores() };
    let entry = intent.origin.entry(CHANGED, Target::new("gateway_config", number)).details(json!({
        "documents": changes.keys().take(100).map(|(kind, name)| format!("{kind}:{name}")).collect::<Vec<_>>(),
        "count": changes.len(),
        "reason": revision.reason,
        "restores": revision.restores,
    }));
    let was: BTreeMap<DocumentKey, Arc<Json>> =
        changes.keys().filter_map(|key| Some((key.clone(), made.documents.get(key)?.content.clone()))).collect();
    core.store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                if !store::insert(tx, &revision).await? {
                    return Ok(None);
                }
                for (key, content) in &changes {
                    store::put(tx, number, key, was.get(key).map(|w| &**w), content.as_deref()).await?;
                }
                tx.enter(home, move |tx| {
                    Box::pin(async move {
                        audit::record(tx, entry, now, &*random).await?;
                        publish::append(tx, &Change::GatewayChanged { revision: number }, now).await
                    })
                })
                .await
                .map(Some)
                .map_err(Problem::from)
            })
        })
        .await
}

fn author(origin: &Origin) -> (String, Option<uuid::Uuid>) {
    let of = |principal: &Principal| match principal.subject {
        Subject::User(id) => ("user".to_owned(), Some(id.uuid())),
        Subject::ApiKey(id) => ("api_key".to_owned(), Some(id.uuid())),
    };
    match origin {
        Origin::Caller(principal, _) => of(principal),
        Origin::System => ("system".to_owned(), None),
    }
}
