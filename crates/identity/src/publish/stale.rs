//! What a run of changes makes necessary to read again, and reading it.

use std::collections::{HashMap, HashSet};

use kernel::{GrantSet, RoleName, TenantId, UserId, edge::Tenant, gate::Purge};
use storage::{StoreError, SystemTx};

use super::snapshot::{self, UserState};
use crate::{
    Settings,
    branding::{self, Brand},
    keys::{self, StoredKey},
};

/// What must be read again: each thing once, however often it changed.
#[derive(Default)]
pub(super) struct Stale {
    pub(super) everything: bool,
    pub(super) tenants: HashSet<TenantId>,
    pub(super) roles: HashSet<TenantId>,
    pub(super) keys: HashSet<TenantId>,
    pub(super) users: HashSet<(TenantId, UserId)>,
    /// How pages look.
    pub(super) brands: HashSet<TenantId>,
    /// Credentials that the edge has cached may have changed.
    pub(super) credentials: bool,
    /// Routes or upstreams.
    pub(super) gate: bool,
    /// Kept answers that are to be forgotten.
    pub(super) purges: Vec<Purge>,
}

/// What was read again.
pub(super) struct Fresh {
    /// `None`: the tenant is gone.
    pub(super) tenants: HashMap<TenantId, Option<Tenant>>,
    pub(super) roles: Vec<(TenantId, HashMap<RoleName, GrantSet>)>,
    /// The tenants that were asked about.
    pub(super) rekeyed: HashSet<TenantId>,
    /// The keys they have.
    pub(super) keys: Vec<StoredKey>,
    /// `None`: the user is gone.
    pub(super) users: Vec<(UserId, Option<UserState>)>,
    /// `None`: as in the default.
    pub(super) brands: HashMap<TenantId, Option<Brand>>,
}

impl Stale {
    /// Whether the database has anything to say.
    pub(super) fn needs_reading(&self) -> bool {
        !(self.tenants.is_empty()
            && self.roles.is_empty()
            && self.keys.is_empty()
            && self.users.is_empty()
            && self.brands.is_empty())
    }

    /// Reads it from one consistent view.
    pub(super) async fn read(self, tx: &mut SystemTx, settings: &Settings) -> Result<Fresh, StoreError> {
        let mut tenants = HashMap::new();
        for id in self.tenants {
            tenants.insert(id, snapshot::tenants(tx, Some(id), settings).await?.pop());
        }
        let roles = snapshot::roles(tx, self.roles).await?;
        let mut keys = Vec::new();
        for id in &self.keys {
            keys.extend(keys::usable(tx, Some(*id)).await?);
        }
        let mut users = Vec::new();
        for (tenant, user) in self.users {
            users.push((user, snapshot::user(tx, tenant, user).await?));
        }
        let mut brands = HashMap::new();
        for id in self.brands {
            brands.insert(id, branding::shown(tx, Some(id)).await?.remove(&id));
        }
        Ok(Fresh { tenants, roles, rekeyed: self.keys, keys, users, brands })
    }
}
