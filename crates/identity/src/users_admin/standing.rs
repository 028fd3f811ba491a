//! What a user may do: roles, status, password, lockout.

use kernel::{Problem, RoleName, Secret, UserId, problem::common};
use serde_json::json;
use storage::TenantTx;

use super::{
    AssignRoles, DeleteUsers, DisableUsers, LAST_SUPER_ADMIN, ReadUsers, SELF, UpdateUsers,
    model::{Managed, not_deleted, temporary_password},
    service::known,
    store,
    target::{look, manage, target},
};
use crate::{
    Core,
    audit::Action,
    auth::{Renewal, lockout},
    http::{Caller, Cause, Permit},
    mfa::{self, Factors},
    new_password::{self, Candidate},
    outbox::Post,
    passwords::About,
    publish::{self, Change},
    roles::{self, authority, builtin::SUPER_ADMIN},
    sessions::{self, Reason, Revoked},
    users::{self, User, UserStatus},
};

const ROLES: Action = Action::new("user.roles_changed");
const DISABLED: Action = Action::new("user.disabled");
const ENABLED: Action = Action::new("user.enabled");
const DELETED: Action = Action::new("user.deleted");
const RESTORED: Action = Action::new("user.restored");
/// The lockout of a user was lifted.
pub const UNLOCKED: Action = Action::new("user.unlocked");
const MFA_RESET: Action = Action::new("user.mfa_reset");
/// A user was given a new password.
pub const RESET: Action = Action::new("user.password_reset");

/// Refuses to take the last active super administrator away. Asked under the tenant's lock.
async fn not_the_last(tx: &mut TenantTx, user: &User, roles: &[RoleName]) -> Result<(), Problem> {
    let is_one = user.status == UserStatus::Active && roles.iter().any(|r| r.as_str() == SUPER_ADMIN);
    if is_one && store::other_super_admins(tx, user.id).await? == 0 { Err(LAST_SUPER_ADMIN.into()) } else { Ok(()) }
}

/// Makes these the roles of the user.
pub(super) async fn set_roles(
    core: &Core,
    permit: &Permit<AssignRoles>,
    id: UserId,
    wanted: Vec<RoleName>,
) -> Result<Managed, Problem> {
    manage(core, permit, id, move |tx, cause, user| {
        Box::pin(async move {
            not_deleted(&user)?;
            let hierarchy = roles::hierarchy(tx).await?;
            known(&hierarchy, &wanted)?;
            authority(tx, &cause.caller).await?.may_give(&hierarchy.grants(&wanted))?;
            let before = roles::of_user(tx, id).await?;
            if !wanted.iter().any(|r| r.as_str() == SUPER_ADMIN) {
                not_the_last(tx, &user, &before).await?;
            }
            roles::assign(tx, id, &wanted).await?;
            store::roles_changed(tx, id, cause.now).await?;
            cause.record(tx, ROLES, target(id), json!({ "before": before, "after": wanted })).await?;
            // Whom they act as they could not have begun to act as now, perhaps.
            let ended = sessions::revoke_impersonations(tx, id, Reason::Admin, cause.now).await?;
            ended.tell(tx, cause.now).await?;
            let managed = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
            let seq = publish::append(tx, &Change::UserStanding { user: id }, cause.now).await?;
            Ok((managed, Some(seq)))
        })
    })
    .await
}

/// Puts the user into this status; whoever is not active loses all sessions. `None`: they were in it.
pub(crate) async fn put(
    tx: &mut TenantTx,
    cause: &Cause,
    user: &User,
    status: UserStatus,
    action: Action,
) -> Result<Option<i64>, Problem> {
    let (id, now) = (user.id, cause.now);
    if status != UserStatus::Active {
        let roles = roles::of_user(tx, id).await?;
        not_the_last(tx, user, &roles).await?;
    }
    if !users::set_status(tx, id, status, now).await? {
        return Ok(None);
    }
    let ended = match status {
        UserStatus::Active => None,
        UserStatus::Disabled | UserStatus::Deleted => {
            Some(sessions::revoke_all(tx, id, None, Reason::Disabled, now).await?)
        }
    };
    let count = ended.as_ref().map_or(0, Revoked::count);
    cause.record(tx, action, target(id), json!({ "sessions": count })).await?;
    if let Some(ended) = ended {
        ended.tell(tx, now).await?;
    }
    Ok(Some(publish::append(tx, &Change::UserStanding { user: id }, now).await?))
}

async fn change_status(
    core: &Core,
    caller: &Caller,
    id: UserId,
    status: UserStatus,
    action: Action,
) -> Result<Managed, Problem> {
    manage(core, caller, id, move |tx, cause, user| {
        Box::pin(async move {
            // Out of deletion leads restoring only, and restoring leads out of nothing else.
            match action {
                DELETED => {}
                RESTORED if user.status != UserStatus::Deleted => {
                    return Ok((Managed { roles: roles::of_user(tx, id).await?, user }, None));
                }
                RESTORED => {}
                _ => not_deleted(&user)?,
            }
            let seq = put(tx, &cause, &user, status, action).await?;
            Ok((store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?, seq))
        })
    })
    .await
}

/// Disables a user: nothing of theirs is accepted from then on. Doing it twice does no harm.
pub(super) async fn disable(core: &Core, permit: &Permit<DisableUsers>, id: UserId) -> Result<Managed, Problem> {
    change_status(core, permit, id, UserStatus::Disabled, DISABLED).await
}

/// Enables a user again. They log in anew; their API keys work again.
pub(super) async fn enable(core: &Core, permit: &Permit<DisableUsers>, id: UserId) -> Result<Managed, Problem> {
    change_status(core, permit, id, UserStatus::Active, ENABLED).await
}

/// Deletes a user: as if disabled, and out of sight. Doing it twice does no harm.
pub(super) async fn delete(core: &Core, permit: &Permit<DeleteUsers>, id: UserId) -> Result<(), Problem> {
    change_status(core, permit, id, UserStatus::Deleted, DELETED).await.map(drop)
}

/// Brings a deleted user back, active.
pub(super) async fn restore(core: &Core, permit: &Permit<DeleteUsers>, id: UserId) -> Result<Managed, Problem> {
    change_status(core, permit, id, UserStatus::Active, RESTORED).await
}

/// Forgets the failed logins of a user, from everywhere, and wrong codes and passwords that they confirmed with. Returns
/// whether there were any.
pub(super) async fn unlock(core: &Core, permit: &Permit<UpdateUsers>, id: UserId) -> Result<bool, Problem> {
    let vault = core.vault.clone();
    manage(core, permit, id, move |tx, cause, user| {
        Box::pin(async move {
            not_deleted(&user)?;
            let found = lockout::unlock(tx, &vault, &user).await?;
            if found {
                cause.record(tx, UNLOCKED, target(id), json!({})).await?;
            }
            Ok((found, None))
        })
    })
    .await
}

/// Sets a user's password to the given one or to one that is made up and told once. All their sessions
/// end.
pub(super) async fn reset_password(
    core: &Core,
    permit: &Permit<UpdateUsers>,
    id: UserId,
    password: Option<Secret>,
) -> Result<Option<Secret>, Problem> {
    if permit.principal.subject.user() == Some(id) {
        return Err(SELF.into());
    }
    let tenant = permit.principal.tenant;
    let (new, made_up) = match password {
        // Former passwords are not asked about: an administrator must not learn what they were.
        Some(password) => {
            let candidate = Candidate { password, about: About::default(), field: "/password" };
            (new_password::judge(core, Some(tenant), Some(&permit.ctx), candidate).await?.hash(core).await?, None)
        }
        None => {
            let password = temporary_password(&*core.random);
            (new_password::made_up(core, tenant, password.clone()).await?, Some(password))
        }
    };
    let renewal = Renewal::new(core, Some(&permit.ctx));
    manage(core, permit, id, move |tx, cause, user| {
        Box::pin(async move {
            not_deleted(&user)?;
            let entry = cause.entry(RESET, target(id), json!({}));
            let ended = renewal.password(tx, &user, &new, None, entry).await?.ok_or(common::NOT_FOUND)?;
            Ok(((), ended.tell(tx, cause.now).await?))
        })
    })
    .await?;
    core.outbox.wake();
    Ok(made_up)
}

/// Takes all second factors of a user away, for the day they have lost them. All their sessions end; they are told.
pub(super) async fn reset_mfa(core: &Core, permit: &Permit<UpdateUsers>, id: UserId) -> Result<(), Problem> {
    if permit.principal.subject.user() == Some(id) {
        return Err(SELF.into());
    }
    let post = Post::new(core);
    manage(core, permit, id, move |tx, cause, user| {
        Box::pin(async move {
            not_deleted(&user)?;
            let factors = mfa::reset(tx, id, cause.now).await?;
            mfa::notify(tx, &post, &user, &cause.ctx, None, cause.now).await?;
            let seq = mfa::end_others(tx, id, None, cause.now).await?;
            cause.record(tx, MFA_RESET, target(id), json!({ "factors": factors })).await?;
            Ok(((), seq))
        })
    })
    .await?;
    core.outbox.wake();
    Ok(())
}

/// The second factors of a user.
pub(super) async fn factors(core: &Core, permit: &Permit<ReadUsers>, id: UserId) -> Result<Factors, Problem> {
    look(core, permit, id, move |tx| Box::pin(mfa::overview(tx, id))).await
}
