//! Registering.

use kernel::{Problem, RequestContext, RoleName, Secret, UserId, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::CLOSED;
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    passwords::{About, check_policy},
    roles,
    users::{self, Email, NewUser},
};

/// Somebody who wants an account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Their address: how they will log in.
    pub email: Email,
    /// The rest, without a password.
    pub user: NewUser,
    /// The password they chose.
    pub password: Secret,
}

/// Creates the account, or does nothing visible if the address or external id is taken. Both hash once and
/// write one unit.
pub async fn register(core: &Core, ctx: &RequestContext, registration: Registration) -> Result<(), Problem> {
    if !core.settings.open_registration {
        return Err(CLOSED.into());
    }
    let Registration { email, mut user, password } = registration;
    let names: Vec<&str> = [&user.display_name, &user.company_name].into_iter().flatten().map(String::as_str).collect();
    let about = About { email: Some(email.as_str()), username: None, names: &names };
    check_policy(core.settings.passwords.policy, &password, about, "/password")?;
    user.password_hash = Some(Secret::new(core.hasher.hash(password).await?));

    let (now, random, ctx) = (core.now(), core.random.clone(), ctx.clone());
    let role: RoleName = roles::builtin::USER.parse().map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    let id = UserId::new(now, &*random);
    let work = core.store.tenant(ctx.tenant.id).write(move |tx| {
        Box::pin(async move {
            let entry = if users::create(tx, id, &user, now).await? {
                roles::assign(tx, id, &[role]).await?;
                Entry::new(Actor::User(id), Action("user.registered"), Target::new("user", id), &ctx)
            } else {
                duplicate(tx, &email, &ctx).await?
            };
            audit::record(tx, entry, now, &*random).await
        })
    });
    work.await.map_err(|e: StoreError| Problem::from(e))
}

/// For the owner of the account and the operator: somebody tried to register it again.
async fn duplicate(tx: &mut TenantTx, email: &Email, ctx: &RequestContext) -> Result<Entry, StoreError> {
    let (target, taken) = match users::by_email(tx, email).await? {
        Some(user) => (Target::new("user", user.id), "email"),
        None => (Target::unknown("user"), "external_id"),
    };
    let entry = Entry::new(Actor::Anonymous, Action("user.register_duplicate"), target, ctx);
    Ok(entry.failed().details(json!({"taken": taken})))
}
