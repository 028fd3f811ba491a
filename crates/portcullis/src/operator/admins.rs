//! Administrators of the default tenant: making one, a new password, unlocking.

use identity::{
    Core,
    audit::{self, Entry, Target},
    auth::{Renewal, lockout},
    new_password::{self, Candidate},
    passwords::About,
    publish::{self, Change},
    roles::{self, builtin::SUPER_ADMIN},
    users::{self, Account, Email, Login, NewUser},
    users_admin,
};
use kernel::{Problem, Secret, TenantId, UserId, problem::common};
use serde_json::json;
use storage::StoreError;

/// Why an administrator could not be seen to.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Somebody has the address.
    #[error("there is a user {0} already; `portcullis admin reset-password` gives them a new password")]
    Exists(String),
    /// Nobody has it.
    #[error("there is no user {0} in the default tenant")]
    Unknown(String),
    /// Something refused.
    #[error("{}", sentence(.0))]
    Refused(#[from] Problem),
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// A problem in one line, with the wrong fields.
fn sentence(problem: &Problem) -> String {
    let mut text = problem.detail.as_deref().unwrap_or(problem.kind.title).to_owned();
    for error in &problem.errors {
        text += &format!("; {}", error.message);
    }
    if let Some(cause) = &problem.cause {
        text += &format!(" ({cause})");
    }
    text
}

/// The tenant whose administrators are the operators of the installation.
fn default_tenant(core: &Core) -> Result<TenantId, Problem> {
    let tenants = core.edge.tenants.load();
    tenants.default_tenant().map(|t| t.id).ok_or_else(|| Problem::new(common::INTERNAL).cause("no default tenant"))
}

/// Makes a user of the default tenant who holds everything.
pub async fn create(core: &Core, email: Email, password: Secret) -> Result<(), AdminError> {
    let tenant = default_tenant(core)?;
    let about = About { email: Some(email.as_str()), ..About::default() };
    let candidate = Candidate { password, about, field: "/password" };
    let new = new_password::judge(core, Some(tenant), None, candidate).await?.hash(core).await?;
    let account = NewUser { password_hash: Some(new.hash), ..NewUser::person(email.clone()) };
    let role = SUPER_ADMIN.parse().map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    let (now, random, taken) = (core.now(), core.random.clone(), email.to_string());
    let id = UserId::new(now, &*random);
    let made = core.write(tenant, move |tx| {
        Box::pin(async move {
            if !users::create(tx, id, &account, now).await? {
                return Ok(None);
            }
            // Whoever runs the installation vouches for the address.
            users::verify_email(tx, id, email.as_str(), now).await?;
            roles::assign(tx, id, &[role]).await?;
            let entry = Entry::by_system(users_admin::CREATED, Target::new("user", id))
                .details(json!({ "roles": [SUPER_ADMIN], "email_verified": true }));
            audit::record(tx, entry, now, &*random).await?;
            publish::append(tx, &Change::UserStanding { user: id }, now).await.map(Some)
        })
    });
    match made.await? {
        Some(seq) => Ok(core.settle(seq).await?),
        None => Err(AdminError::Exists(taken)),
    }
}

async fn find(core: &Core, tenant: TenantId, login: &str) -> Result<Account, AdminError> {
    let typed = Login::new(login);
    core.read(tenant, move |tx| Box::pin(async move { users::by_login(tx, &typed).await }))
        .await?
        .ok_or_else(|| AdminError::Unknown(login.to_owned()))
}

/// Gives a user a new password, ends all their sessions and unlocks them.
pub async fn reset_password(core: &Core, login: &str, password: Secret) -> Result<(), AdminError> {
    let tenant = default_tenant(core)?;
    let account = find(core, tenant, login).await?;
    let about =
        About { email: account.user.email.as_deref(), username: account.user.username.as_deref(), ..About::default() };
    let candidate = Candidate { password, about, field: "/password" };
    let new = new_password::judge(core, Some(tenant), None, candidate).await?.hash(core).await?;
    let (now, vault, renewal) = (core.now(), core.vault.clone(), Renewal::new(core, None));
    let entry = Entry::by_system(users_admin::PASSWORD_RESET, Target::new("user", account.user.id));
    let done = core.write(tenant, move |tx| {
        Box::pin(async move {
            lockout::unlock(tx, &vault, &account.user).await?;
            let ended = renewal.password(tx, &account.user, &new, None, entry).await?.ok_or(common::NOT_FOUND)?;
            Ok::<_, Problem>(ended.tell(tx, now).await?)
        })
    });
    let seq = done.await?;
    Ok(core.settle(seq).await?)
}

/// Forgets a user's failed logins. Returns whether there were any.
pub async fn unlock(core: &Core, login: &str) -> Result<bool, AdminError> {
    let tenant = default_tenant(core)?;
    let account = find(core, tenant, login).await?;
    let (now, random, vault) = (core.now(), core.random.clone(), core.vault.clone());
    let done = core.write(tenant, move |tx| {
        Box::pin(async move {
            let found = lockout::unlock(tx, &vault, &account.user).await?;
            if found {
                let entry = Entry::by_system(users_admin::UNLOCKED, Target::new("user", account.user.id));
                audit::record(tx, entry, now, &*random).await?;
            }
            Ok::<_, StoreError>(found)
        })
    });
    Ok(done.await?)
}
