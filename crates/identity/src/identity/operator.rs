//! What the operator does on the command line, in the default tenant.

use kernel::{Problem, RoleName, Secret, TenantId, UserId, problem::common};
use serde_json::json;
use storage::StoreError;

use super::Identity;
use crate::{
    audit::{self, Action, Entry, Target},
    auth::lockout,
    passwords::{About, check_policy},
    publish::{self, Change},
    roles::{self, builtin::SUPER_ADMIN},
    sessions::{self, Reason},
    users::{self, Email, Login, NewUser, User},
};

/// Why the operator's wish was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The address is not one.
    #[error("`{0}` is not an e-mail address")]
    Email(String),
    /// There is a user of that address.
    #[error("a user with the address {0} exists already; reset their password, or choose another address")]
    Exists(String),
    /// There is no such user.
    #[error("there is no user `{0}` in the default tenant")]
    Unknown(String),
    /// Something else: the problem says what.
    #[error("{}", explain(.0))]
    Problem(#[from] Problem),
}

/// A problem in one line: what is wrong with which field, if it is about fields.
fn explain(problem: &Problem) -> String {
    let fields: Vec<&str> = problem.errors.iter().map(|e| &*e.message).collect();
    if fields.is_empty() { problem.to_string() } else { format!("{}: {}", problem.kind.title, fields.join("; ")) }
}

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl Identity {
    fn default_tenant(&self) -> Result<TenantId, Problem> {
        let tenants = self.core.edge.tenants.load();
        let tenant = tenants.default_tenant().map(|tenant| tenant.id);
        tenant.ok_or_else(|| Problem::new(common::INTERNAL).cause("there is no default tenant"))
    }

    async fn hash(&self, password: Secret, email: Option<&str>, username: Option<&str>) -> Result<Secret, Problem> {
        let about = About { email, username, names: &[] };
        check_policy(self.core.settings.passwords.policy, &password, about, "password")?;
        self.core.hasher.hash(password).await.map(Secret::new)
    }

    /// Makes an administrator of the installation, who may do everything.
    pub async fn bootstrap_admin(&self, email: &str, password: Secret) -> Result<UserId, OperatorError> {
        let core = &self.core;
        let address: Email = email.parse().map_err(|_| OperatorError::Email(email.to_owned()))?;
        let password_hash = Some(self.hash(password, Some(address.as_str()), None).await?);
        let (now, random) = (core.now(), core.random.clone());
        let id = UserId::new(now, &*random);
        let role: RoleName = SUPER_ADMIN.parse().map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
        let entry =
            Entry::by_system(Action("user.created"), Target::new("user", id)).details(json!({"roles": [&role]}));
        let new = NewUser { password_hash, ..NewUser::person(address) };
        let made = core.store.tenant(self.default_tenant()?).write(move |tx| {
            Box::pin(async move {
                roles::lock(tx).await?;
                if !users::create(tx, id, &new, now).await? {
                    return Ok(false);
                }
                roles::assign(tx, id, &[role]).await?;
                audit::record(tx, entry, now, &*random).await?;
                Ok::<_, StoreError>(true)
            })
        });
        if made.await? { Ok(id) } else { Err(OperatorError::Exists(email.to_owned())) }
    }

    async fn find(&self, login: &str) -> Result<User, OperatorError> {
        let wanted = Login::new(login);
        let read = self.core.store.tenant(self.default_tenant()?);
        let found = read.read(move |tx| Box::pin(async move { users::by_login(tx, &wanted).await })).await?;
        found.map(|account| account.user).ok_or_else(|| OperatorError::Unknown(login.to_owned()))
    }

    /// Sets a user's password, ends all their sessions and forgets their failed logins.
    pub async fn reset_password(&self, login: &str, password: Secret) -> Result<(), OperatorError> {
        let core = &self.core;
        let user = self.find(login).await?;
        let hash = self.hash(password, user.email.as_deref(), user.username.as_deref()).await?;
        let (now, random, vault, id) = (core.now(), core.random.clone(), core.vault.clone(), user.id);
        let entry = Entry::by_system(Action("user.password_reset"), Target::new("user", id));
        let seq = core.store.tenant(self.default_tenant()?).write(move |tx| {
            Box::pin(async move {
                users::set_password_hash(tx, id, &hash, now).await?;
                lockout::unlock(tx, &vault, &logins(&user)).await?;
                let sessions = sessions::revoke_all(tx, id, None, Reason::Password, now).await?;
                let entry = entry.details(json!({ "sessions": sessions.len() }));
                audit::record(tx, entry, now, &*random).await?;
                Ok::<_, StoreError>(match sessions.is_empty() {
                    true => None,
                    false => Some(publish::append(tx, &Change::SessionsRevoked { sessions }, now).await?),
                })
            })
        });
        if let Some(seq) = seq.await? {
            core.settle(seq).await?;
        }
        Ok(())
    }

    /// Forgets a user's failed logins, from everywhere. Returns whether there were any.
    pub async fn unlock(&self, login: &str) -> Result<bool, OperatorError> {
        let core = &self.core;
        let user = self.find(login).await?;
        let (now, random, vault) = (core.now(), core.random.clone(), core.vault.clone());
        let entry = Entry::by_system(Action("user.unlocked"), Target::new("user", user.id));
        let found = core.store.tenant(self.default_tenant()?).write(move |tx| {
            Box::pin(async move {
                let found = lockout::unlock(tx, &vault, &logins(&user)).await?;
                if found {
                    audit::record(tx, entry, now, &*random).await?;
                }
                Ok::<_, StoreError>(found)
            })
        });
        Ok(found.await?)
    }
}

/// What the user may type to log in.
fn logins(user: &User) -> Vec<Login> {
    [&user.email, &user.username].into_iter().flatten().map(|name| Login::new(name)).collect()
}
