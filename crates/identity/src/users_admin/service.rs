//! Finding, creating and changing users.

use kernel::{Problem, UserId, problem::common};
use serde_json::json;
use storage::StoreError;

use super::{
    CreateUsers, EXISTS, ReadUsers, UpdateUsers,
    filter::Filter,
    invitations,
    model::{Draft, Managed, Patch, not_deleted},
    store,
    target::{manage, target},
    verification::Verification,
};
use crate::{
    Core, attributes,
    audit::Action,
    auth::{MOVED, Renewal, lockout},
    http::{Cause, Fields, Permit, Right as _, Window},
    new_password::{self, Candidate},
    passwords::About,
    proofs::{self, Ask, Purpose},
    roles::{self, authority},
    users,
};

/// A user was made.
pub const CREATED: Action = Action::new("user.created");
const UPDATED: Action = Action::new("user.updated");

/// A page of users.
pub(super) async fn list(
    core: &Core,
    permit: &Permit<ReadUsers>,
    filter: Filter,
    window: Window,
) -> Result<Vec<Managed>, Problem> {
    core.read(permit.principal.tenant, move |tx| Box::pin(async move { store::page(tx, &filter, window).await })).await
}

/// One user, deleted or not, with what is counted against them.
pub(super) async fn get(
    core: &Core,
    permit: &Permit<ReadUsers>,
    id: UserId,
) -> Result<(Managed, lockout::Counted), Problem> {
    let (now, vault, settings) = (core.now(), core.vault.clone(), core.settings.lockout);
    let read = core.read(permit.principal.tenant, move |tx| {
        Box::pin(async move {
            let managed = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
            let counted = lockout::counted(tx, &vault, &managed.user, &settings, now).await?;
            Ok::<_, Problem>((managed, counted))
        })
    });
    read.await
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
        .write(cause.caller.tenant, move |tx| {
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
