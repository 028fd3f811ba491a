//! Answering questions.

use std::collections::{BTreeSet, HashMap};

use kernel::{Problem, RoleName, Subject, UserId, problem::common};
use storage::StoreError;

use super::{
    CheckOthers,
    model::{Question, Reason},
};
use crate::{
    Core,
    http::{Caller, Right as _},
    roles,
    tenants::{ReadTenants, WriteTenants},
    users::{self, UserStatus},
};

/// A user as others ask about them: `None` when not active.
type Known = HashMap<UserId, Option<Vec<RoleName>>>;

/// Answers all of them, in order.
pub(super) async fn check(core: &Core, caller: &Caller, questions: Vec<Question>) -> Result<Vec<Reason>, Problem> {
    let own = caller.principal.subject.user();
    let others: BTreeSet<UserId> = questions.iter().filter_map(|q| q.subject).filter(|id| Some(*id) != own).collect();
    if !others.is_empty() && !core.edge.access.load().permits(&caller.principal, CheckOthers::permission()) {
        let detail = format!("Asking about others needs the permission {}.", CheckOthers::NAME);
        return Err(Problem::new(common::FORBIDDEN).detail(detail));
    }
    let known = if others.is_empty() { Known::new() } else { look_up(core, caller, others).await? };
    Ok(questions.iter().map(|question| answer(core, caller, question, &known)).collect())
}

async fn look_up(core: &Core, caller: &Caller, ids: BTreeSet<UserId>) -> Result<Known, Problem> {
    core.read(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            let mut known = Known::new();
            for id in ids {
                let Some(user) = users::by_id(tx, id).await? else { continue };
                let active = user.status == UserStatus::Active;
                known.insert(id, if active { Some(roles::of_user(tx, id).await?) } else { None });
            }
            Ok::<_, StoreError>(known)
        })
    })
    .await
}

fn answer(core: &Core, caller: &Caller, question: &Question, known: &Known) -> Reason {
    let principal = &*caller.principal;
    let tenant = principal.tenant;
    let system = [ReadTenants::permission(), WriteTenants::permission()];
    let at_home = core.edge.tenants.load().default_tenant().is_some_and(|default| default.id == tenant);
    if system.contains(&&question.permission) && !at_home {
        return Reason::DefaultTenantOnly;
    }
    let access = core.edge.access.load();
    match question.subject {
        Some(id) if principal.subject.user() != Some(id) => match known.get(&id) {
            None => Reason::SubjectUnknown,
            Some(None) => Reason::SubjectInactive,
            Some(Some(roles)) => question.decide(Some(id), |p| access.allows(tenant, roles, p), |_| true),
        },
        _ => {
            let within = |p: &kernel::Permission| principal.narrowed_to.as_ref().is_none_or(|own| own.allows(p));
            match principal.subject {
                Subject::User(id) => question.decide(Some(id), |p| access.allows(tenant, &principal.roles, p), within),
                // A tenant's own key has no roles: what it was given is all it has.
                Subject::ApiKey(_) => question.decide(None, |p| access.permits(principal, p), |_| true),
            }
        }
    }
}
