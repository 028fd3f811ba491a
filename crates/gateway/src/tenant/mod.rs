//! Which tenant is a request about?
//!
//! Before routing, [`choose`] reads what the request itself says: a host that belongs to a tenant, a
//! path that begins with `/t/{slug}`, the header `X-Tenant-ID`. Two of them that disagree are refused.
//! After authentication, [`settle`] brings the credential in: a credential of another tenant than the
//! one that was named is no credential at all, and without a name the credential's own tenant it is.
//!
//! A host of the *default* tenant names nobody: on a single-domain installation every tenant is reached
//! through it.
//!
//! Deliberately absent: cookies and query parameters as names of a tenant; any hint in a refusal about
//! which tenant a credential belongs to.

use std::{borrow::Cow, sync::Arc};

use http::HeaderMap;
use kernel::{
    Principal, Problem, TenantId,
    edge::{Tenant, Tenants},
    problem::common::UNAVAILABLE,
};

use crate::authn;

/// The header that names a tenant, by id or slug.
pub const HEADER: &str = "x-tenant-id";

kernel::problems! {
    /// The host, path or header names a tenant that does not exist.
    pub UNKNOWN = 404 "tenant.unknown" "No such tenant" "Check the tenant in the host name, the path or X-Tenant-ID.";
    /// The tenant has been suspended by the operator.
    pub SUSPENDED = 403 "tenant.suspended" "This tenant is suspended" "Contact the operator of this service.";
    /// Host, path and header name different tenants, or the header comes twice.
    pub CONTRADICTION = 400 "tenant.contradiction" "The request names more than one tenant" "Name the tenant once: by host, by path or by X-Tenant-ID.";
}

/// What a request says about its tenant.
#[derive(Clone, Debug)]
pub struct Choice<'p> {
    /// The tenant it names, if it names one. Never a suspended one.
    pub tenant: Option<Arc<Tenant>>,
    /// The path to route: without `/t/{slug}`. Always begins with `/`.
    pub path: &'p str,
}

impl Choice<'_> {
    /// The id of the tenant it names.
    pub fn id(&self) -> Option<TenantId> {
        self.tenant.as_ref().map(|tenant| tenant.id)
    }
}

/// Reads the tenant from host (`Host` or `:authority`, port and case do not matter), normalised path
/// and headers.
pub fn choose<'p>(tenants: &Tenants, host: &str, path: &'p str, headers: &HeaderMap) -> Result<Choice<'p>, Problem> {
    let (slug, path) = split(path);
    let default = tenants.default_tenant().map(|tenant| tenant.id);
    let by_host = tenants.by_host(&bare(host)).filter(|tenant| Some(tenant.id) != default);
    let by_path = slug.map(|slug| tenants.by_slug(slug).ok_or(UNKNOWN)).transpose()?;
    let by_header = named_in(headers)?.map(|name| find(tenants, name).ok_or(UNKNOWN)).transpose()?;
    let mut named = [by_host, by_path, by_header].into_iter().flatten();
    let Some(tenant) = named.next() else { return Ok(Choice { tenant: None, path }) };
    if named.any(|other| other.id != tenant.id) {
        return Err(CONTRADICTION.into());
    }
    Ok(Choice { tenant: Some(admitted(tenant)?), path })
}

/// The tenant a request is about, now that the caller is known: the chosen one, else the credential's,
/// else the default.
pub fn settle(
    chosen: Option<&Arc<Tenant>>,
    principal: Option<&Principal>,
    tenants: &Tenants,
) -> Result<Arc<Tenant>, Problem> {
    match (chosen, principal) {
        (Some(tenant), Some(caller)) if tenant.id != caller.tenant => {
            Err(Problem::new(authn::REFUSED).cause("the credential belongs to another tenant"))
        }
        (Some(tenant), _) => admitted(tenant),
        (None, Some(caller)) => tenants
            .by_id(caller.tenant)
            .ok_or_else(|| Problem::new(authn::REFUSED).cause("the credential's tenant is unknown"))
            .and_then(admitted),
        (None, None) => tenants
            .default_tenant()
            .ok_or_else(|| Problem::new(UNAVAILABLE).cause("no default tenant has been loaded"))
            .and_then(admitted),
    }
}

fn admitted(tenant: &Arc<Tenant>) -> Result<Arc<Tenant>, Problem> {
    if tenant.suspended { Err(SUSPENDED.into()) } else { Ok(tenant.clone()) }
}

/// `/t/acme/orders` → `acme`, `/orders`. A path without a slug is left alone.
fn split(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix("/t/") else { return (None, path) };
    let (slug, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match (slug, rest) {
        ("", _) => (None, path),
        (slug, "") => (Some(slug), "/"),
        (slug, rest) => (Some(slug), rest),
    }
}

/// The host as the index has it: lower case, without port and trailing dot.
fn bare(host: &str) -> Cow<'_, str> {
    let end = match host.rfind([':', ']']) {
        // `[::1]:8080` and `example.com:8080`, but not `[::1]`.
        Some(at) if host.as_bytes().get(at) == Some(&b':') => at,
        _ => host.len(),
    };
    let host = &host[..end];
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|b| b.is_ascii_uppercase()) { host.to_ascii_lowercase().into() } else { host.into() }
}

fn named_in(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        // Not even text: no tenant is called that.
        (Some(value), None) => value.to_str().map(Some).map_err(|_| UNKNOWN.into()),
        (Some(_), Some(_)) => Err(CONTRADICTION.into()),
    }
}

fn find<'t>(tenants: &'t Tenants, name: &str) -> Option<&'t Arc<Tenant>> {
    match name.parse::<TenantId>() {
        Ok(id) => tenants.by_id(id),
        Err(_) => tenants.by_slug(name),
    }
}

#[cfg(test)]
mod tests;
