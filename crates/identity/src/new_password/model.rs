//! A password on its way from what was typed to what is stored.

use kernel::{Problem, Secret, Timestamp, UserId};
use storage::{StoreError, TenantTx};

use super::store;
use crate::{
    Core,
    passwords::{About, Broken, Cost, Hasher, Policy, weak},
    users::User,
};

/// What somebody wants as their password.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The password.
    pub password: Secret,
    /// Whose it will be.
    pub about: About<'a>,
    /// Where it was given: a JSON pointer.
    pub field: &'static str,
}

impl<'a> Candidate<'a> {
    /// Of a user; `names` is [their names](names), which the caller keeps.
    pub fn of(user: &'a User, names: &'a [&'a str], password: Secret, field: &'static str) -> Self {
        let (email, username) = (user.email.as_deref(), user.username.as_deref());
        Self { password, about: About { email, username, names, second_factor: false }, field }
    }

    /// Of somebody who may log in with a second factor.
    #[must_use]
    pub const fn beside_factor(mut self, has_one: bool) -> Self {
        self.about.second_factor = has_one;
        self
    }
}

/// The names of a user that their password must not be made of.
pub fn names(user: &User) -> Vec<&str> {
    [&user.display_name, &user.company_name].into_iter().flatten().map(String::as_str).collect()
}

/// What a tenant demands of new passwords.
#[derive(Clone, Debug)]
pub struct Demands {
    /// Which may be chosen.
    pub policy: Policy,
    /// What their hashes cost, if the tenant says so.
    pub cost: Option<Cost>,
}

/// A password that meets the policy.
#[derive(Debug)]
pub struct Judged {
    pub(super) password: Secret,
    pub(super) field: &'static str,
    /// How many of the last passwords may not be used again.
    pub(super) history: u8,
    /// What its hash costs, if the tenant says so.
    pub(super) cost: Option<Cost>,
    /// Whoever wants it is not just anybody: they are signed in, or have a mailed link.
    pub(super) known: bool,
}

impl Judged {
    /// Refuses one of the user's last passwords, the present one included. Whose password is compared is known.
    pub async fn unlike_former(mut self, core: &Core, tenant: kernel::TenantId, user: UserId) -> Result<Self, Problem> {
        self.known = true;
        let most = self.history;
        let hasher = self.hasher(core);
        for hash in core.read(tenant, move |tx| Box::pin(store::last(tx, user, most))).await? {
            if hasher.verify(self.password.clone(), hash).await?.ok {
                let message = format!("Do not use one of your last {most} passwords again.");
                return Err(weak(vec![Broken::new("reused", message)], self.field));
            }
        }
        Ok(self)
    }

    /// The password.
    pub const fn password(&self) -> &Secret {
        &self.password
    }

    /// What computes its hash.
    pub fn hasher(&self, core: &Core) -> Hasher {
        let hasher = core.hasher.at(self.cost);
        if self.known { hasher.for_known() } else { hasher }
    }

    /// What is to be stored.
    pub async fn hash(self, core: &Core) -> Result<NewPassword, Problem> {
        let hash = Secret::new(self.hasher(core).hash(self.password).await?);
        Ok(NewPassword { hash, former: self.history.saturating_sub(1) })
    }
}

/// The hash of a new password, and how many former ones are remembered beside it.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// PHC string.
    pub hash: Secret,
    former: u8,
}

impl NewPassword {
    /// Remembers the user's present password as a former one, and forgets those that are too old. In the
    /// unit that stores the new hash, before it does.
    pub async fn retire_present(&self, tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        store::retire(tx, user, self.former, now).await
    }
}
