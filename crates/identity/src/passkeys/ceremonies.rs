//! Registrations and logins under way: what was asked of the authenticator, sealed, until it answers.

use std::time::Duration;

use kernel::{Problem, Secret, SessionId, TenantId, Timestamp, UserId, problem::common, random};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use storage::{StoreError, TenantTx, params};

use crate::{
    Core,
    sessions::bearer,
    vault::{self, Vault},
};

/// What the ids of ceremonies begin with.
const PREFIX: &str = "pcy_";
/// For how long one may be answered.
pub(super) const LIFE: Duration = Duration::from_secs(5 * 60);

/// What a ceremony is for. As stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// A key is registered.
    Register,
    /// Somebody logs in.
    Login,
    /// Somebody whose password was right proves that it is them.
    Second,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Second => "second",
        }
    }
}

/// What whoever begins is given.
#[derive(Clone, Debug)]
pub struct Begun {
    /// To be given with the answer.
    pub ceremony: Secret,
    /// For `navigator.credentials`: `{publicKey: …}`, with bytes in base64url.
    pub options: Json,
}

impl Begun {
    /// Members that are nothing are left out: browsers refuse `null`, for the transports of a key above all.
    pub(super) fn new(ceremony: Secret, mut options: Json) -> Self {
        leave_out_nulls(&mut options);
        Self { ceremony, options }
    }
}

fn leave_out_nulls(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(leave_out_nulls);
        }
        Json::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

/// By what a ceremony is found again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Handle {
    hash: [u8; 32],
    purpose: Purpose,
}

impl Handle {
    /// Of an id that was given out. `None`: it is not of this form, or another tenant's.
    pub(super) fn presented(vault: &Vault, tenant: TenantId, purpose: Purpose, id: &Secret) -> Option<Self> {
        bearer::tenant_of(PREFIX, id).filter(|named| *named == tenant)?;
        Some(Self { hash: vault.hash_token(id.expose().as_bytes()), purpose })
    }

    fn context(&self) -> Vec<u8> {
        [self.purpose.as_str().as_bytes(), &self.hash].concat()
    }
}

/// A ceremony to be stored.
struct Opening {
    handle: Handle,
    rp_id: String,
    sealed: Vec<u8>,
    user: Option<UserId>,
    session: Option<SessionId>,
    expires_at: Timestamp,
}

/// Begins a ceremony, and returns its id. `whose`: it is for this person only, in this session.
pub(super) async fn open(
    core: &Core,
    tenant: TenantId,
    purpose: Purpose,
    rp_id: String,
    state: &impl Serialize,
    whose: Option<(UserId, Option<SessionId>)>,
) -> Result<Secret, Problem> {
    let internal = |cause: String| Problem::new(common::INTERNAL).cause(cause);
    let id = bearer::write(PREFIX, tenant, &random::bytes(&*core.random));
    let handle = Handle { hash: core.vault.hash_token(id.expose().as_bytes()), purpose };
    let state = serde_json::to_vec(state).map_err(|e| internal(e.to_string()))?;
    let sealed = core.vault.seal(vault::Purpose::Ceremonies, &handle.context(), &state, &*core.random)?;
    let (user, session) = (whose.map(|(user, _)| user), whose.and_then(|(_, session)| session));
    let opening = Opening { handle, rp_id, sealed, user, session, expires_at: core.now() + LIFE };
    core.write(tenant, move |tx| Box::pin(async move { opening.write(tx).await })).await?;
    Ok(id)
}

impl Opening {
    /// Stores it.
    async fn write(&self, tx: &mut TenantTx) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO passkey_ceremonies (tenant_id, hash, purpose, user_id, session_id, rp_id, sealed, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = params![
            self.handle.hash,
            self.handle.purpose.as_str(),
            self.user,
            self.session,
            &self.rp_id,
            &self.sealed,
            self.expires_at
        ];
        tx.execute(sql, values).await.map(drop)
    }
}

/// A ceremony that was used up.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) rp_id: String,
    pub(super) user: Option<UserId>,
    pub(super) session: Option<SessionId>,
    handle: Handle,
    sealed: Vec<u8>,
}

impl Taken {
    /// What was asked of the authenticator.
    pub(super) fn state<T: DeserializeOwned>(&self, vault: &Vault) -> Result<T, Problem> {
        let opened = vault.open(vault::Purpose::Ceremonies, &self.handle.context(), &self.sealed)?;
        serde_json::from_slice(opened.expose()).map_err(|e| Problem::new(common::INTERNAL).cause(e))
    }
}

/// Uses a ceremony up. Of any number of callers one is given it.
pub(super) async fn take(tx: &mut TenantTx, handle: Handle, now: Timestamp) -> Result<Option<Taken>, StoreError> {
    let sql = "DELETE FROM passkey_ceremonies WHERE tenant_id = $1 AND hash = $2 AND purpose = $3 AND expires_at > $4
        RETURNING rp_id, user_id, session_id, sealed";
    let row = tx.query_opt(sql, params![handle.hash, handle.purpose.as_str(), now]).await?;
    row.map(|row| {
        Ok(Taken { rp_id: row.get(0)?, user: row.get(1)?, session: row.get(2)?, sealed: row.get(3)?, handle })
    })
    .transpose()
}

/// The same in a unit of its own: what follows may fail, and the ceremony is used up all the same.
pub(super) async fn take_now(core: &Core, tenant: TenantId, handle: Handle) -> Result<Option<Taken>, Problem> {
    let now = core.now();
    core.write(tenant, move |tx| Box::pin(take(tx, handle, now))).await
}
