//! On whose behalf a job works, long after the request that started it.

use kernel::{ApiKeyId, GrantSet, Principal, Subject, Timestamp, UserId, permission::Grant};
use serde::{Deserialize, Serialize};
use storage::{StoreError, TenantTx};

use crate::{
    api_keys,
    audit::Actor,
    roles::{self, Authority},
    users::{self, UserStatus},
};

/// Who started a job.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Starter {
    /// The operator, on the command line.
    System,
    /// A user, with a credential that may be narrowed.
    User {
        /// Who.
        id: UserId,
        /// To what.
        narrowed_to: Option<Vec<Grant>>,
        /// The key of theirs that it was started with.
        #[serde(default)]
        api_key: Option<ApiKeyId>,
    },
    /// An API key of the tenant.
    ApiKey {
        /// Which.
        id: ApiKeyId,
        /// What it was given.
        narrowed_to: Option<Vec<Grant>>,
    },
}

impl From<&Principal> for Starter {
    fn from(principal: &Principal) -> Self {
        let narrowed_to = principal.narrowed_to.as_ref().map(|set| set.iter().cloned().collect());
        match principal.subject {
            Subject::User(id) => Self::User { id, narrowed_to, api_key: principal.api_key },
            Subject::ApiKey(id) => Self::ApiKey { id, narrowed_to },
        }
    }
}

impl Starter {
    /// For the audit log.
    pub(super) const fn actor(&self) -> Actor {
        match self {
            Self::System => Actor::System,
            Self::User { id, .. } => Actor::User(*id),
            Self::ApiKey { id, .. } => Actor::ApiKey(*id),
        }
    }

    /// What they may now; `None` for the operator, who may everything. Who is not active, or whose key is not, may
    /// nothing.
    pub(super) async fn authority(&self, tx: &mut TenantTx, now: Timestamp) -> Result<Option<Authority>, StoreError> {
        match self {
            Self::System => Ok(None),
            Self::User { id, narrowed_to, api_key } => {
                let user = users::by_id(tx, *id).await?;
                let mut active = user.is_some_and(|user| user.status == UserStatus::Active);
                if let Some(key) = api_key {
                    active = active && api_keys::is_active(tx, *key, now).await?;
                }
                let held = if active { roles::granted_to(tx, *id).await? } else { GrantSet::default() };
                let narrowed_to: Option<GrantSet> = narrowed_to.clone().map(|grants| grants.into_iter().collect());
                Ok(Some(Authority::new(held, narrowed_to.map(Into::into))))
            }
            Self::ApiKey { id, narrowed_to } => {
                let active = api_keys::is_active(tx, *id, now).await?;
                let held: GrantSet = narrowed_to.iter().flatten().filter(|_| active).cloned().collect();
                Ok(Some(Authority::new(held, None)))
            }
        }
    }
}
