//! What a caller may hand out, and whom they may manage.

use std::sync::Arc;

use kernel::{GrantSet, Permission, Principal, Problem, Subject, permission::Grant};
use storage::{StoreError, TenantTx};

use super::{NOT_HELD, store};

/// Everything a caller holds right now: by role, within what their credential is narrowed to.
#[derive(Clone, Debug)]
pub struct Authority {
    held: GrantSet,
    narrowed_to: Option<Arc<GrantSet>>,
}

impl Authority {
    /// Of somebody who holds these grants, with a credential that may be narrowed.
    pub const fn new(held: GrantSet, narrowed_to: Option<Arc<GrantSet>>) -> Self {
        Self { held, narrowed_to }
    }

    /// Whether the caller may hand out the grant.
    pub fn contains(&self, grant: &Grant) -> bool {
        self.held.contains(grant) && self.narrowed_to.as_ref().is_none_or(|own| own.contains(grant))
    }

    /// The first grant of the set that the caller does not hold.
    pub fn missing<'s>(&self, set: &'s GrantSet) -> Option<&'s Grant> {
        set.iter().find(|grant| !self.contains(grant))
    }

    /// Whether the caller holds everything in the set, and so outranks or equals whoever has it.
    pub fn covers(&self, set: &GrantSet) -> bool {
        self.missing(set).is_none()
    }

    /// Refuses to hand out a set that holds more than the caller does.
    pub fn may_give(&self, set: &GrantSet) -> Result<(), Problem> {
        match self.missing(set) {
            None => Ok(()),
            Some(grant) => {
                Err(Problem::new(NOT_HELD)
                    .detail(format!("You do not hold {}, so you cannot give it.", grant.as_str())))
            }
        }
    }

    /// Whether the caller may do this.
    pub fn allows(&self, permission: &Permission) -> bool {
        self.held.allows(permission) && self.narrowed_to.as_ref().is_none_or(|own| own.allows(permission))
    }
}

/// Reads the caller's authority in the transaction of what they want to change. Somebody who was
/// disabled or demoted a moment ago holds accordingly less, whatever their credential says.
pub async fn authority(tx: &mut TenantTx, caller: &Principal) -> Result<Authority, StoreError> {
    // Whoever acts as somebody may no more once they may not act at all.
    let acting = match caller.impersonator {
        Some(by) => store::is_active(tx, by).await?,
        None => true,
    };
    if caller.tenant != tx.tenant() || !acting {
        return Ok(Authority::new(GrantSet::default(), None));
    }
    Ok(match caller.subject {
        Subject::User(user) if store::is_active(tx, user).await? => {
            Authority::new(store::granted_to(tx, user).await?, caller.narrowed_to.clone())
        }
        Subject::User(_) => Authority::new(GrantSet::default(), None),
        // A tenant's own key has no roles: what it was given is all it has.
        Subject::ApiKey(_) => Authority::new(caller.narrowed_to.as_deref().cloned().unwrap_or_default(), None),
    })
}
