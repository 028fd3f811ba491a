//! Judging a password by the rules of a tenant.

use kernel::{Problem, RequestContext, Secret, TenantId};
use serde_json::json;

use super::{Candidate, Demands, Judged, NewPassword};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    passwords::{
        BREACHED, Broken, Policy,
        breach::{BreachCheck, Known},
        broken_rules, weak,
    },
    preferences::{self, Preferences},
};

/// Nobody could be asked whether a password is known from a breach.
const UNASKED: Action = Action::new("password.breach_unchecked");

/// What the tenant demands of new passwords, or the operator where it says nothing. A tenant that is still to be
/// made has said nothing.
pub async fn demands(core: &Core, tenant: Option<TenantId>) -> Result<Demands, Problem> {
    let own = match tenant {
        None => Preferences::default(),
        Some(tenant) => core.read(tenant, |tx| Box::pin(preferences::load(tx))).await?,
    };
    let policy = own.password_policy.unwrap_or_else(|| core.settings.passwords.policy.clone());
    Ok(Demands { policy, cost: own.password_hashing })
}

/// Where to look for breached passwords by this policy.
pub(super) fn breach_check(core: &Core, policy: &Policy) -> BreachCheck {
    let operator = &core.settings.passwords.breaches;
    policy.rules().breach_check.or(operator.check).unwrap_or(match operator.filter {
        Some(_) => BreachCheck::Offline,
        None if policy.wants_breach_check() => BreachCheck::Online,
        None => BreachCheck::Off,
    })
}

/// Refuses a password that breaks the policy of the tenant, naming every broken rule. `ctx` is the request
/// that it came with, if one did.
pub async fn judge(
    core: &Core,
    tenant: Option<TenantId>,
    ctx: Option<&RequestContext>,
    candidate: Candidate<'_>,
) -> Result<Judged, Problem> {
    let Candidate { password, about, field } = candidate;
    let Demands { policy, cost } = demands(core, tenant).await?;
    let rules = policy.rules();
    let mut broken = broken_rules(&rules, password.expose(), about);
    let breached = match core.breaches.look_up(breach_check(core, &policy), &password, core.now()).await {
        Known::No => false,
        Known::Yes => true,
        Known::Unasked(reason) => {
            note_unasked(core, tenant, ctx, &reason).await?;
            false
        }
    };
    let found = Broken::new("breached", "It is known from a breach. Choose another one, everywhere you use it.");
    if !broken.is_empty() {
        broken.extend(breached.then_some(found));
        return Err(weak(broken, field));
    }
    if breached {
        return Err(Problem::new(BREACHED).field(field, found.code, found.message));
    }
    let known = ctx.is_some_and(|ctx| ctx.principal.is_some());
    Ok(Judged { password, field, history: rules.history, cost, known })
}

/// The same of one of very many passwords: nobody is asked over the network. Along comes why it was not looked up
/// in breaches, where the policy asks for that.
pub async fn judge_offline(
    core: &Core,
    Demands { policy, cost }: &Demands,
    candidate: Candidate<'_>,
) -> Result<(Judged, Option<String>), Problem> {
    let Candidate { password, about, field } = candidate;
    let rules = policy.rules();
    let mut broken = broken_rules(&rules, password.expose(), about);
    let known = match breach_check(core, policy) {
        BreachCheck::Online => Known::Unasked("nobody is asked over the network for an import".to_owned()),
        check => core.breaches.look_up(check, &password, core.now()).await,
    };
    if known == Known::Yes {
        broken.push(Broken::new("breached", "It is known from a breach."));
    }
    if !broken.is_empty() {
        return Err(weak(broken, field));
    }
    let unasked = if let Known::Unasked(reason) = known { Some(reason) } else { None };
    Ok((Judged { password, field, history: rules.history, cost: *cost, known: false }, unasked))
}

/// The entry about passwords that were let through without having been looked up.
pub fn unasked(target: Target, reason: &str) -> Entry {
    because(Entry::by_system(UNASKED, target), reason)
}

fn because(entry: Entry, reason: &str) -> Entry {
    entry.failed().details(json!({ "reason": reason }))
}

/// A password was let through without having been looked up: the operator must be able to find out.
async fn note_unasked(
    core: &Core,
    tenant: Option<TenantId>,
    ctx: Option<&RequestContext>,
    reason: &str,
) -> Result<(), Problem> {
    tracing::warn!(reason, "a password could not be looked up in breaches");
    let Some(tenant) = tenant else { return Ok(()) };
    let entry = Entry::by_caller(ctx, UNASKED, Target::new("tenant", tenant));
    audit::note(core, tenant, because(entry, reason)).await
}

/// A password that was made up for somebody: long and random, so no rule is asked.
pub async fn made_up(core: &Core, tenant: TenantId, password: Secret) -> Result<NewPassword, Problem> {
    let Demands { policy, cost } = demands(core, Some(tenant)).await?;
    Judged { password, field: "", history: policy.rules().history, cost, known: true }.hash(core).await
}
