//! The caller's own profile, and who the caller is.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use kernel::{AuthMethod, Permission, Principal, Problem, UserId, edge::Edge, permission::BUILTIN, problem::common};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json_, json};
use storage::StoreError;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Attributes, NO_ACCOUNT, Phone, ProfileChange, ReadProfile, User, UserView, WriteProfile, store};
use crate::{
    Core, attributes,
    audit::{self, Action, Entry, Target},
    http::{
        Fields, Json, Permit, Refusal,
        openapi::{Body, Guarded},
        present,
    },
};

const UPDATED: Action = Action::new("user.profile_updated");

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(read_profile, write_profile)).routes(routes!(me)).routes(routes!(auth_me))
}

/// The user a credential acts for. A tenant's own API key has none.
pub fn own(principal: &Principal) -> Result<UserId, Problem> {
    principal.subject.user().ok_or_else(|| NO_ACCOUNT.into())
}

/// The caller's profile.
#[utoipa::path(get, path = "/api/v1/auth/profile", tag = "account", operation_id = "read_profile",
    responses((status = 200, body = UserView), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn read_profile(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<UserView>, Refusal> {
    let id = own(&permit.principal)?;
    Ok(Json(load(&core, &permit.principal, id).await?))
}

async fn load(core: &Core, principal: &Principal, id: UserId) -> Result<UserView, Problem> {
    let user = core.read(principal.tenant, move |tx| Box::pin(store::by_id(tx, id))).await?;
    let user = user.ok_or(common::NOT_FOUND)?;
    Ok(user.into())
}

/// A change of one's own profile. A field that is absent stays as it is; `null` clears it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    /// How to call you.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 128)]
    display_name: Option<Option<String>>,
    /// Your company.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 128)]
    company_name: Option<Option<String>>,
    /// International form: `+4930123456`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 32)]
    phone: Option<Option<String>>,
    /// Custom attributes, replaced as a whole: 16 KiB and 5 levels at most.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Json_>>,
}

impl ProfileBody {
    fn parse(self) -> Result<ProfileChange, Problem> {
        let mut fields = Fields::new();
        let change = ProfileChange {
            display_name: self
                .display_name
                .map(|t| t.and_then(|t| fields.keep("/display_name", "format", super::text(&t)))),
            company_name: self
                .company_name
                .map(|t| t.and_then(|t| fields.keep("/company_name", "format", super::text(&t)))),
            phone: self.phone.map(|t| t.and_then(|t| fields.keep("/phone", "format", t.parse::<Phone>()))),
            attributes: self.attributes.and_then(|a| fields.keep("/attributes", "format", Attributes::try_from(a))),
        };
        fields.check()?;
        Ok(change)
    }
}

/// Changes the caller's profile.
#[utoipa::path(put, path = "/api/v1/auth/profile", tag = "account", operation_id = "write_profile",
    request_body = ProfileBody,
    responses((status = 200, body = UserView), Guarded, Body),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn write_profile(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Json(body): Json<ProfileBody>,
) -> Result<Json<UserView>, Refusal> {
    Ok(Json(change_profile(&core, &permit, body.parse()?).await?.into()))
}

/// Changes the caller's profile.
pub async fn change_profile(
    core: &Core,
    permit: &Permit<WriteProfile>,
    change: ProfileChange,
) -> Result<User, Problem> {
    let (id, now) = (own(&permit.principal)?, core.now());
    if let Some(wanted) = &change.attributes {
        attributes::check(core, permit.principal.tenant, wanted.as_map(), "/attributes").await?;
    }
    let entry = Entry::new(&*permit.principal, UPDATED, Target::new("user", id), &permit.ctx)
        .details(json!({"fields": change.touched()}));
    let random = core.random.clone();
    let work = core.write(permit.principal.tenant, move |tx| {
        Box::pin(async move {
            let user = store::update_profile(tx, id, &change, now).await?;
            if user.is_some() {
                audit::record(tx, entry, now, &*random).await?;
            }
            Ok::<_, StoreError>(user)
        })
    });
    work.await?.ok_or_else(|| common::NOT_FOUND.into())
}

/// Who the caller is and what they may.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Me {
    /// The account; absent for an API key of the tenant itself.
    user: Option<UserView>,
    /// Where the credential belongs.
    tenant: TenantBrief,
    /// How the caller authenticated: `jwt`, `api_key` or `session`.
    method: String,
    /// Role names.
    roles: Vec<String>,
    /// Effective permissions: what the roles grant, within what the credential is narrowed to. Wildcards
    /// stand beside the built-in permissions they cover.
    permissions: Vec<String>,
    /// OAuth scopes, space separated.
    scope: String,
    /// The login behind the credential.
    session_id: Option<Uuid>,
    /// The API key behind the credential.
    api_key_id: Option<Uuid>,
}

/// A tenant, as its users see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct TenantBrief {
    /// Id.
    id: Uuid,
    /// Name in URLs.
    slug: String,
    /// For people.
    name: String,
}

/// Who the caller is and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", operation_id = "me",
    responses((status = 200, body = Me), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn me(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<Me>, Refusal> {
    describe(&core, &permit).await
}

/// The same as `/api/v1/me`.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "account", operation_id = "auth_me",
    responses((status = 200, body = Me), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn auth_me(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<Me>, Refusal> {
    describe(&core, &permit).await
}

async fn describe(core: &Core, permit: &Permit<ReadProfile>) -> Result<Json<Me>, Refusal> {
    let principal = &*permit.principal;
    let user = match principal.subject.user() {
        Some(id) => Some(load(core, principal, id).await?),
        None => None,
    };
    let tenant = &permit.ctx.tenant;
    let method = match principal.method {
        AuthMethod::Jwt => "jwt",
        AuthMethod::ApiKey => "api_key",
        AuthMethod::Session => "session",
    };
    Ok(Json(Me {
        user,
        tenant: TenantBrief { id: tenant.id.uuid(), slug: tenant.slug.to_string(), name: tenant.name.to_string() },
        method: method.into(),
        roles: principal.roles.iter().map(ToString::to_string).collect(),
        permissions: permissions(&core.edge, principal),
        scope: principal.scope.to_string(),
        session_id: principal.session.map(kernel::SessionId::uuid),
        api_key_id: principal.api_key.map(kernel::ApiKeyId::uuid),
    }))
}

/// What the edge would allow, as a sorted list.
pub fn permissions(edge: &Edge, principal: &Principal) -> Vec<String> {
    let access = edge.access.load();
    let allowed = |permission: &Permission| access.permits(principal, permission);
    let built_in = BUILTIN.iter().filter(|(name, _)| name.parse().is_ok_and(|p| allowed(&p)));
    let mut all: BTreeSet<String> = built_in.map(|(name, _)| (*name).to_owned()).collect();
    // The tenant's own permissions and wildcards, as they are written.
    let roles = principal.roles.iter().filter_map(|role| access.role(principal.tenant, role.as_str()));
    let granted: Vec<_> = roles.flat_map(kernel::GrantSet::iter).collect();
    match &principal.narrowed_to {
        None => all.extend(granted.iter().map(|g| g.as_str().to_owned())),
        Some(narrow) if principal.subject.user().is_some() => {
            all.extend(granted.iter().filter(|g| narrow.contains(g)).map(|g| g.as_str().to_owned()));
            let covered = |own: &&kernel::permission::Grant| granted.iter().any(|g| g.covers(own.as_str()));
            all.extend(narrow.iter().filter(covered).map(|g| g.as_str().to_owned()));
        }
        Some(own) => all.extend(own.iter().map(|g| g.as_str().to_owned())),
    }
    all.into_iter().collect()
}
