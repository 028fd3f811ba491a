//! What a unit of work knows about the request that caused it.

use std::sync::Arc;

use kernel::{Principal, Random, RequestContext, Timestamp};
use serde_json::Value as Json;
use storage::{StoreError, TenantTx};

use super::Caller;
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
};

/// The caller, the request, the time and randomness: owned, so that a unit can take it along.
#[derive(Clone)]
pub struct Cause {
    /// Who asks.
    pub caller: Arc<Principal>,
    /// In which request.
    pub ctx: RequestContext,
    /// When.
    pub now: Timestamp,
    /// For ids.
    pub random: Arc<dyn Random>,
}

impl std::fmt::Debug for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cause").field("caller", &self.caller.subject).field("now", &self.now).finish_non_exhaustive()
    }
}

impl Cause {
    /// Of this request, now.
    pub fn new(core: &Core, caller: &Caller) -> Self {
        let (now, random) = (core.now(), core.random.clone());
        Self { caller: caller.principal.clone(), ctx: caller.ctx.0.clone(), now, random }
    }

    /// An audit entry about a successful action.
    pub fn entry(&self, action: Action, target: Target, details: Json) -> Entry {
        Entry::new(&*self.caller, action, target, &self.ctx).details(details)
    }

    /// Writes that entry.
    pub async fn record(
        &self,
        tx: &mut TenantTx,
        action: Action,
        target: Target,
        details: Json,
    ) -> Result<(), StoreError> {
        audit::record(tx, self.entry(action, target, details), self.now, &*self.random).await
    }
}
