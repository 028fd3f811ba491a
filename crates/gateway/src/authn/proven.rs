//! A credential that has been proven, and whether it still stands.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use kernel::{
    Principal, Problem, RoleName,
    edge::{Edge, Standing},
};

use super::{NETWORK, REFUSED, Request};
use crate::tenant;

/// A caller whose credential has been proven.
#[derive(Debug)]
pub(super) struct Proven {
    principal: Arc<Principal>,
    /// The same caller with the roles that have been published since: made once for each change, so that
    /// a request costs no allocation.
    renewed: ArcSwapOption<Principal>,
}

impl Proven {
    pub(super) fn new(principal: Arc<Principal>) -> Self {
        Self { principal, renewed: ArcSwapOption::empty() }
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Everything that may have changed since the credential was proven, but for its expiry. Asked on
    /// every request.
    pub(super) fn stands(&self, edge: &Edge, request: &Request<'_>) -> Result<Arc<Principal>, Problem> {
        let refused = |cause: &str| Err(Problem::new(REFUSED).cause(cause));
        let principal = &self.principal;
        if request.tenant.is_some_and(|named| named != principal.tenant) {
            return refused("the credential belongs to another tenant");
        }
        if edge.revocations.covers(principal) {
            return refused("the credential has been revoked");
        }
        match edge.tenants.load().by_id(principal.tenant) {
            None => return refused("the credential's tenant is unknown"),
            Some(tenant) if tenant.suspended => return Err(tenant::SUSPENDED.into()),
            Some(_) => {}
        }
        let allowed = &principal.networks;
        if !allowed.is_empty() && !allowed.iter().any(|network| network.contains(request.client_ip)) {
            return Err(Problem::new(NETWORK).cause(request.client_ip));
        }
        let acting = principal.impersonator.and_then(|user| edge.revocations.standing(user));
        if matches!(acting, Some(Standing::Disabled)) {
            return refused("whoever acts as the user is disabled");
        }
        match principal.subject.user().and_then(|user| edge.revocations.standing(user)) {
            None => Ok(principal.clone()),
            Some(Standing::Disabled) => refused("the user is disabled"),
            Some(Standing::Roles(roles)) => Ok(self.with(roles)),
        }
    }

    fn with(&self, roles: Arc<[RoleName]>) -> Arc<Principal> {
        if self.principal.roles == roles {
            return self.principal.clone();
        }
        match &*self.renewed.load() {
            Some(renewed) if Arc::ptr_eq(&renewed.roles, &roles) => renewed.clone(),
            _ => {
                let renewed = Arc::new(Principal { roles, ..(*self.principal).clone() });
                self.renewed.store(Some(renewed.clone()));
                renewed
            }
        }
    }
}
