//! The HTTP face of identity: the routes of every slice in one router, and their description.

use std::sync::Arc;

use axum::{Router, middleware};
use kernel::{Problem, ProblemKind, problem::common};
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        OpenApi,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Core, api_keys, attributes, audit, auth, authz, branding, devices, gateway_config,
    http::{Refusal, openapi::ProblemDocument, render_problems},
    imports, keys, leaving, mfa, new_password, outbox, passkeys, passwords, preferences, proof_of_work, roles,
    sessions, templates, tenants, tokens, users, users_admin, verification,
};

/// Every kind of problem that identity declares.
pub const PROBLEMS: &[&[&ProblemKind]] = &[
    api_keys::PROBLEMS,
    auth::PROBLEMS,
    branding::PROBLEMS,
    gateway_config::PROBLEMS,
    imports::PROBLEMS,
    keys::PROBLEMS,
    leaving::PROBLEMS,
    mfa::PROBLEMS,
    outbox::PROBLEMS,
    passkeys::PROBLEMS,
    passwords::PROBLEMS,
    preferences::PROBLEMS,
    proof_of_work::PROBLEMS,
    roles::PROBLEMS,
    sessions::PROBLEMS,
    templates::PROBLEMS,
    tenants::PROBLEMS,
    tokens::PROBLEMS,
    users::PROBLEMS,
    users_admin::PROBLEMS,
    verification::PROBLEMS,
];

/// Every route with its description. A new slice is merged here.
fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::with_openapi(Frame::openapi())
        .merge(auth::routes())
        .merge(proof_of_work::routes())
        .merge(verification::routes())
        .merge(new_password::routes())
        .merge(users::routes())
        .merge(leaving::routes())
        .merge(sessions::routes())
        .merge(mfa::routes())
        .merge(devices::routes())
        .merge(passkeys::routes())
        .merge(imports::routes())
        .merge(users_admin::routes())
        .merge(roles::routes())
        .merge(api_keys::routes())
        .merge(tenants::routes())
        .merge(authz::routes())
        .merge(keys::routes())
        .merge(preferences::routes())
        .merge(branding::routes())
        .merge(attributes::routes())
        .merge(outbox::routes())
        .merge(templates::routes())
        .merge(audit::routes())
        .merge(gateway_config::routes())
}

/// What the document says besides its operations.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Portcullis",
        description = "Identity provider and API gateway. Refusals are `application/problem+json` (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Credentials),
    components(schemas(ProblemDocument)),
    tags(
        (name = "auth", description = "Getting in and out"),
        (name = "account", description = "One's own account"),
        (name = "sessions", description = "One's own sessions and devices"),
        (name = "second factors", description = "What one has beside a password"),
        (name = "passkeys", description = "Passkeys (WebAuthn)"),
        (name = "api keys", description = "API keys"),
        (name = "users", description = "Users of the tenant"),
        (name = "roles", description = "Roles and permissions"),
        (name = "tenants", description = "Tenants, for operators of the installation"),
        (name = "keys", description = "Signing keys"),
        (name = "settings", description = "What a tenant decides about itself"),
        (name = "branding", description = "How the pages of a tenant look"),
        (name = "messages", description = "Mails and text messages, and what they say"),
        (name = "gateway", description = "Routes and upstreams, for operators of the installation"),
        (name = "audit", description = "The audit log"),
        (name = "authorization", description = "Asking what others may do"),
        (name = "discovery", description = "What verifiers of our tokens read"),
    )
)]
struct Frame;

/// The ways to prove who one is, by the names that operations use.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApi) {
        let described = |scheme: &str, text: &str| ApiKeyValue::with_description(scheme, text);
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".into());
        bearer.description = Some("An access token (RFC 9068), or an API key.".into());
        let api_key = described("X-API-Key", "An API key.");
        let session =
            described("__Host-portcullis_session", "The session cookie. Unsafe methods need proof of origin.");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(api_key)));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// The description of every call (OpenAPI 3.1).
pub fn describe() -> OpenApi {
    routes().into_openapi()
}

/// The service behind the gate.
pub fn router(core: Arc<Core>) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(|| async { Refusal(Problem::new(common::NOT_FOUND)) })
        .method_not_allowed_fallback(|| async { Refusal(Problem::new(common::METHOD)) })
        .layer(middleware::from_fn(render_problems))
        .with_state(core)
}

#[cfg(test)]
mod tests;
