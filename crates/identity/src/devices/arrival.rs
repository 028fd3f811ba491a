//! A login noted with the device that it comes from.

use http::HeaderValue;
use kernel::{DeviceId, Problem, Secret, Timestamp, UserId};
use storage::{StoreError, TenantTx};

use super::{
    cookie,
    model::{Known, Mark, Shown},
    store,
};
use crate::Core;

/// The device of a login that is about to be committed. Made before the unit, which takes it along.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub(super) user: UserId,
    /// If the device turns out to be new.
    pub(super) fresh: DeviceId,
    pub(super) mark: Mark,
    pub(super) shown: Shown,
    cookie: Option<Secret>,
}

/// The device of a login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Noted {
    /// Which.
    pub id: DeviceId,
    /// Whether its user should be told: it is unknown, and not their first.
    pub is_news: bool,
}

impl Arrival {
    /// Of this user, who is proven. `keeps`: the client asked for a cookie, so it keeps ours too; a browser that
    /// shows itself as one need not ask.
    pub fn new(core: &Core, user: UserId, shown: Shown, keeps: bool) -> Self {
        let cookie = match &shown.cookie {
            Some(value) => Some(value.clone()),
            None => (keeps || shown.keeps).then(|| cookie::fresh(&*core.random)),
        };
        let mark = match &cookie {
            Some(value) => Shown::by_cookie(&core.vault, user, value),
            None => shown.by_program(&core.vault, user),
        };
        Self { user, fresh: DeviceId::new(core.now(), &*core.random), mark, shown, cookie }
    }

    /// Which program it is, by its own account.
    pub fn user_agent(&self) -> &str {
        self.shown.user_agent()
    }

    /// A name for it, for people.
    pub fn name(&self) -> String {
        self.shown.name()
    }

    /// The device, if it has logged in to the account before.
    pub async fn known(&self, tx: &mut TenantTx) -> Result<Option<Known>, StoreError> {
        store::by_mark(tx, self.user, &self.mark).await
    }

    /// Notes the device in the unit of the login.
    pub async fn note(&self, tx: &mut TenantTx, now: Timestamp) -> Result<Noted, StoreError> {
        let id = store::note(tx, self, now).await?;
        if id != self.fresh {
            return Ok(Noted { id, is_news: false });
        }
        store::make_room(tx, self.user).await?;
        Ok(Noted { id, is_news: store::logged_in_before(tx, self.user, id).await? })
    }

    /// The `Set-Cookie` that goes with the answer.
    pub fn cookie(&self) -> Result<Option<HeaderValue>, Problem> {
        self.cookie.as_ref().map(cookie::set).transpose()
    }
}
