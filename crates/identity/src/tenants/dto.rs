//! Tenants as JSON.

use kernel::{Problem, Secret, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    DEFAULT_SLUG,
    model::{Host, MAX_HOSTS, MAX_NAME, Patch, Slug, Status, Tenant},
};
use crate::{Settings, http::Fields, users::Email};

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantDto {
    #[schema(value_type = uuid::Uuid)]
    id: TenantId,
    /// Its name in URLs: `/t/{slug}`.
    slug: String,
    /// For people.
    name: String,
    status: Status,
    /// Whether it serves requests that name no tenant.
    default: bool,
    /// Hosts that belong to it.
    hosts: Vec<String>,
    /// The `iss` of its tokens.
    issuer: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl TenantDto {
    pub(super) fn new(tenant: Tenant, settings: &Settings) -> Self {
        Self {
            id: tenant.id,
            issuer: settings.issuer(&tenant.slug),
            default: tenant.slug == DEFAULT_SLUG,
            slug: tenant.slug,
            name: tenant.name,
            status: tenant.status,
            hosts: tenant.hosts,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

/// A tenant to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateTenant {
    /// 2 to 63 characters of `a-z`, `0-9` and `-`. Never changes.
    #[schema(example = "acme")]
    slug: String,
    /// For people.
    name: String,
    /// Hosts that belong to it, without port.
    #[serde(default)]
    #[schema(example = json!(["login.acme.example"]))]
    hosts: Vec<String>,
    /// Its first administrator.
    admin: Option<CreateAdmin>,
}

/// The first administrator of a tenant, with the role `super_admin`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateAdmin {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// What a caller wants a tenant to be.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) slug: Slug,
    pub(super) name: String,
    pub(super) hosts: Vec<Host>,
    pub(super) admin: Option<(Email, Secret)>,
}

impl CreateTenant {
    pub(super) fn parse(self) -> Result<Wanted, Problem> {
        let mut fields = Fields::new();
        let slug = fields.keep("/slug", "format", self.slug.parse::<Slug>());
        let name = fields.text("/name", &self.name, MAX_NAME);
        let hosts = hosts(&mut fields, &self.hosts);
        let admin = self.admin.map(|a| (fields.keep("/admin/email", "format", a.email.parse::<Email>()), a.password));
        let (slug, name) = fields.finish(slug.zip(name))?;
        // A wrong address was told above.
        let admin = admin.and_then(|(email, password)| Some((email?, password)));
        Ok(Wanted { slug, name, hosts, admin })
    }
}

/// Parses hosts; one that is given twice is one.
fn hosts(fields: &mut Fields, texts: &[String]) -> Vec<Host> {
    let mut seen = std::collections::HashSet::new();
    let mut hosts = fields.list("/hosts", texts, MAX_HOSTS, str::parse::<Host>);
    hosts.retain(|host| seen.insert(host.clone()));
    hosts
}

/// What is to change about a tenant. A field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateTenant {
    name: Option<String>,
    /// All hosts from now on.
    hosts: Option<Vec<String>>,
}

impl UpdateTenant {
    pub(super) fn parse(self) -> Result<Patch, Problem> {
        let mut fields = Fields::new();
        let patch = Patch {
            name: self.name.and_then(|name| fields.text("/name", &name, MAX_NAME)),
            hosts: self.hosts.map(|all| hosts(&mut fields, &all)),
        };
        fields.check()?;
        Ok(patch)
    }
}
