//! Finding, creating and changing users.

use futures_util::future::BoxFuture;
use kernel::{Problem, UserId, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{
    CreateUsers, EXISTS, OUTRANKS, ReadUsers, UpdateUsers,
    filter::Filter,
    invitations,
    model::{Draft, Managed, Patch, not_deleted},
    store,
    verification::Verification,
};
use crate::{
    Core, attributes,
    audit::{Action, Target},
    auth::{MOVED, Renewal, lockout},
    http::{Caller, Cause, Fields, Permit, Right as _, Window},
    new_password::{self, Candidate},
    passwords::About,
    proofs::{self, Ask, Purpose},
    roles::{self, authority},
    users::{self, User},
};

const CREATED: Action = Action("user.created");
const UPDATED: Action = Action("user.updated");

pub(super) fn target(id: UserId) -> Target {
    Target::new("user", id)
}

/// A page of users.
pub(super) async fn list(
    core: &Core,
    permit: &Permit<ReadUsers>,
    filter: Filter,
    window: Window,
) -> Result<Vec<Managed>, Problem> {
    core.store
        .tenant(permit.principal.tenant)
        .read(move |tx| Box::pin(async move { Ok(store::page(tx, &filter, window).await?) }))
        .await
}

/// One user, deleted or not, with what is counted against them.
pub(super) async fn get(
    core: &Core,
    permit: &Permit<ReadUsers>,
    id: UserId,
) -> Result<(Managed, lockout::Counted), Problem> {
    let (now, vault, settings) = (core.now(), core.vault.clone(), core.settings.lockout);
    let read = core.store.tenant(permit.principal.tenant).read(move |tx| {
        Box::pin(async move {
            let managed = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
            let counted = lockout::counted(tx, &vault, &managed.user, &settings, now).await?;
            Ok::<_, Problem>((managed, counted))
        })
    });
    read.await
}

/// Reads what a user has who exists.
pub(super) async fn look<T, R>(core: &Core, caller: &Caller, id: UserId, read: R) -> Result<T, Problem>
where
    T: Send + 'static,
    R: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
{
    let work = core.store.tenant(caller.principal.tenant).read(move |tx| {
        Box::pin(async move {
            users::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
            Ok::<_, Problem>(read(tx).await?)
        })
    });
    work.await
}

/// Changes a user whom the caller may manage, and who is neither the person that an administrator acts as nor that
/// administrator: whoever acts as somebody changes neither account. Under the tenant's lock, asks whether the user exists and
/// whether the caller holds all that the user holds, then does the work, then waits for the edge if the
/// work says so.
pub(super) async fn manage<T, W>(core: &Core, caller: &Caller, id: UserId, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: for<'t> FnOnce(&'t mut TenantTx, Cause, User) -> BoxFuture<'t, Result<(T, Option<i64>), Problem>>
        + Send
        + 'static,
{
    let principal = &caller.principal;
    if [principal.subject.user(), principal.impersonator].contains(&Some(id)) {
        caller.in_person()?;
    }
    let cause = Cause::new(core, caller);
    let (value, seq) = core
        .store
        .tenant(cause.caller.tenant)
        .write(move |tx| {
            Box::pin(async move {
                roles::lock(tx).await?;
                let user = users::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
                let holds = roles::granted_to(tx, id).await?;
                if !authority(tx, &cause.caller).await?.covers(&holds) {
                    return Err(OUTRANKS.into());
                }
                work(tx, cause, user).await
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(value)
}

/// Names every field in which another user has the same.
fn taken(fields: &[&'static str]) -> Problem {
    let name = |p: Problem, field: &&'static str| p.field(format!("/{field}"), "taken", "another user has this");
    fields.iter().fold(Problem::new(EXISTS), name)
}

/// Creates a user. Roles other than those of everybody need the right to assign them, and everything
/// they grant.
pub(super) async fn create(core: &Core, permit: &Permit<CreateUsers>, draft: Draft) -> Result<Managed, Problem> {
    let Draft { mut account, password, roles: wanted, verified, ask, invite } = draft;
    attributes::check(core, permit.principal.tenant, account.attributes.as_map(), "/attributes").await?;
    if let Some(password) = password {
        let names: Vec<&str> =
            [&account.display_name, &account.company_name].into_iter().flatten().map(String::as_str).collect();
        let about = About {
            email: account.email.as_ref().map(users::Email::as_str),
            username: account.username.as_ref().map(users::Username::as_str),
            names: &names,
            second_factor: false,
        };
        let candidate = Candidate { password, about, field: "/password" };
        let judged = new_password::judge(core, Some(permit.principal.tenant), Some(&permit.ctx), candidate).await?;
        account.password_hash = Some(judged.hash(core).await?.hash);
    }
    let cause = Cause::new(core, permit);
    let id = UserId::new(cause.now, &*cause.random);
    let invite = invite.map(|language| (Ask::new(core, &cause.ctx.tenant, Purpose::Invitation), language));
    let verification = match (ask, &account.email) {
        (Some(language), Some(email)) => Some(Verification::new(core, permit, email.as_str(), language).await),
        _ => None,
    };
    let created = core
        .store
        .tenant(cause.caller.tenant)
        .write(move |tx| {
            Box::pin(async move {
                roles::lock(tx).await?;
                let authority = authority(tx, &cause.caller).await?;
                let roles = match wanted {
                    None => vec![roles::builtin::role(roles::builtin::USER)?],
                    Some(_) if !authority.allows(super::AssignRoles::permission()) => {
                        let detail = format!("Giving roles needs the permission {}.", super::AssignRoles::NAME);
                        return Err(Problem::new(common::FORBIDDEN).detail(detail));
                    }
                    Some(roles) => {
                        let hierarchy = roles::hierarchy(tx).await?;
                        known(&hierarchy, &roles)?;
                        authority.may_give(&hierarchy.grants(&roles))?;
                        roles
                    }
                };
                if !users::create(tx, id, &account, cause.now).await? {
                    let email = account.email.as_ref().map(users::Email::as_str);
                    let username = account.username.as_ref().map(users::Username::as_str);
                    let external_id = account.external_id.as_ref().map(users::ExternalId::as_str);
                    return Err(taken(&store::taken(tx, id, email, username, external_id).await?));
                }
                if let Some(email) = account.email.as_ref().filter(|_| verified) {
                    users::verify_email(tx, id, email.as_str(), cause.now).await?;
                }
                roles::assign(tx, id, &roles).await?;
                let details = json!({ "roles": roles, "email_verified": verified });
                cause.record(tx, CREATED, target(id), details).await?;
                let created = store::by_id(tx, id).await?;
                let created = created.ok_or(StoreError::Misuse("a user was not inserted"))?;
                if let Some((ask, language)) = invite {
                    invitations::send(tx, &cause, &ask, &created.user, language).await?;
                }
                if let Some(verification) = verification {
                    verification.send(tx, &cause, &created.user).await?;
                }
                Ok::<_, Problem>(created)
            })
        })
        .await?;
    core.outbox.wake();
    Ok(created)
}

/// Reports every role that does not exist.
pub(super) fn known(hierarchy: &roles::Hierarchy, roles: &[kernel::RoleName]) -> Result<(), Problem> {
    let mut fields = Fields::new();
    for (i, name) in roles.iter().enumerate().filter(|(_, name)| !hierarchy.contains(name)) {
        fields.wrong(format!("/roles/{i}"), "unknown_role", format!("there is no role {name}"));
    }
    fields.check()
}

/// Changes who a user is. A new e-mail address is not verified unless it is said to be, and ends what stood on the old one.
pub(super) async fn update(
    core: &Core,
    permit: &Permit<UpdateUsers>,
    id: UserId,
    patch: Patch,
) -> Result<Managed, Problem> {
    if let Some(wanted) = &patch.attributes {
        attributes::check(core, permit.principal.tenant, wanted.as_map(), "/attributes").await?;
    }
    let renewal = Renewal::new(core, Some(&permit.ctx));
    let managed = manage(core, permit, id, move |tx, cause, old| {
        Box::pin(async move {
            not_deleted(&old)?;
            let user = patch.apply(&old, cause.now)?;
            let (email, username) = (user.email.as_deref(), user.username.as_deref());
            let fields = store::taken(tx, id, email, username, user.external_id.as_deref()).await?;
            if !fields.is_empty() {
                return Err(taken(&fields));
            }
            store::update(tx, &user, cause.now).await.map_err(|e| match e {
                // Somebody registered with it since we looked.
                StoreError::Constraint(reason) => Problem::new(EXISTS).cause(reason),
                other => other.into(),
            })?;
            let mut details = json!({ "fields": patch.touched() });
            if let Some(verified) = patch.email_verified {
                details["email_verified"] = verified.into();
                // A link that is under way has nothing to verify any more.
                proofs::void(tx, id, &[Purpose::VerifyEmail], cause.now).await?;
            }
            cause.record(tx, UPDATED, target(id), details).await?;
            let managed = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
            if old.email == user.email {
                return Ok((managed, None));
            }
            let entry = cause.entry(MOVED, target(id), json!({}));
            let ended = renewal.address(tx, &old, user.email.as_deref(), entry).await?;
            Ok((managed, ended.tell(tx, cause.now).await?))
        })
    })
    .await?;
    core.outbox.wake();
    Ok(managed)
}
