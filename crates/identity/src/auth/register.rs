//! Registering.

use kernel::{Problem, RequestContext, RoleName, Secret, TenantId, UserId, problem::common};
use storage::{StoreError, TenantTx};

use super::CLOSED;
use crate::{
    Core, attributes,
    audit::{self, Action, Actor, Entry, Target},
    language::Language,
    new_password::{self, Candidate},
    outbox::{Fate, Letter, Post, limits},
    passwords::About,
    preferences,
    proof_of_work::{self, Work},
    proofs::{Ask, Purpose},
    roles,
    templates::Name,
    users::{self, Email, NewUser, UserStatus},
};

const REGISTERED: Action = Action::new("user.registered");
const DUPLICATE: Action = Action::new("user.register_duplicate");

/// Somebody who wants an account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Their address: how they will log in.
    pub email: Email,
    /// The rest, without a password.
    pub user: NewUser,
    /// The password they chose.
    pub password: Secret,
    /// The puzzle they solved, where the tenant asks for one.
    pub work: Option<Work>,
}

/// Refuses where nobody may register.
async fn open(core: &Core, tenant: TenantId) -> Result<(), Problem> {
    // What the operator has closed costs no look at the tenant.
    if core.settings.open_registration {
        let preferences = core.read(tenant, |tx| Box::pin(preferences::load(tx))).await?;
        if preferences.may_register(&core.settings) {
            return Ok(());
        }
    }
    Err(CLOSED.into())
}

/// Creates the account and asks its owner to verify the address; or, if the address is taken, does nothing but tell
/// its owner. Both hash once and write one unit with one proof and one letter. An external id is what somebody says it
/// is, and so are two of the same, until somebody who manages users confirms one.
pub async fn register(
    core: &Core,
    ctx: &RequestContext,
    registration: Registration,
    wish: Option<Language>,
) -> Result<(), Problem> {
    open(core, ctx.tenant.id).await?;
    let Registration { email, mut user, password, work } = registration;
    let names: Vec<&str> = [&user.display_name, &user.company_name].into_iter().flatten().map(String::as_str).collect();
    let about = About { email: Some(email.as_str()), username: None, names: &names, second_factor: false };
    let candidate = Candidate { password, about, field: "/password" };
    let done = proof_of_work::require(core, ctx, work.as_ref()).await?;
    let judged = new_password::judge(core, Some(ctx.tenant.id), Some(ctx), candidate).await?;
    attributes::check(core, ctx.tenant.id, user.attributes.as_map(), "/attributes").await?;
    proof_of_work::spend(core, ctx, done).await?;
    user.password_hash = Some(judged.hash(core).await?.hash);

    let within = Fate::send_if(limits::mail(core, ctx.tenant.id, email.as_str()).await.is_ok());
    let (ask, post) = (Ask::new(core, &ctx.tenant, Purpose::VerifyEmail), Post::new(core));
    let (now, random, ctx) = (core.now(), core.random.clone(), ctx.clone());
    let role: RoleName = roles::builtin::USER.parse().map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    let id = UserId::new(now, &*random);
    let work = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            let language = wish.unwrap_or(preferences::load(tx).await?.language);
            let entry = if users::create(tx, id, &user, now).await? {
                roles::assign(tx, id, &[role]).await?;
                ask.write(tx, Some(id), None, email.as_str(), language, within).await?;
                Entry::new(Actor::User(id), REGISTERED, Target::new("user", id), &ctx)
            } else {
                let (owner, entry) = duplicate(tx, &email, &ctx).await?;
                ask.write_proof(tx, None, email.as_str()).await?;
                let letter = Letter::mail(Name::AlreadyRegistered, language, email.as_str()).of(owner);
                post.write(tx, letter, if owner.is_some() { within } else { Fate::Void }).await?;
                entry
            };
            audit::record(tx, entry, now, &*random).await
        })
    });
    work.await?;
    core.outbox.wake();
    Ok(())
}

/// For the owner of the account and the operator: somebody tried to register it again. The owner is told
/// unless the account is disabled or deleted.
async fn duplicate(
    tx: &mut TenantTx,
    email: &Email,
    ctx: &RequestContext,
) -> Result<(Option<UserId>, Entry), StoreError> {
    let found = users::by_email(tx, email).await?;
    let owner = found.as_ref().filter(|user| user.status == UserStatus::Active).map(|user| user.id);
    let target = found.map_or(Target::unknown("user"), |user| Target::new("user", user.id));
    Ok((owner, Entry::new(Actor::Anonymous, DUPLICATE, target, ctx).failed()))
}
