//! The HTTP face of identity: the routes of every slice in one router.

use std::sync::Arc;

use axum::{Router, middleware};
use kernel::{Problem, problem::common};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Core, api_keys, auth, authz,
    http::{Refusal, render_problems},
    keys, roles, sessions, tenants, users, users_admin,
};

/// Every route with its description. A new slice is merged here.
fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(sessions::routes())
        .merge(users_admin::routes())
        .merge(roles::routes())
        .merge(api_keys::routes())
        .merge(tenants::routes())
        .merge(authz::routes())
        .merge(keys::routes())
}

/// The description alone.
pub fn describe() -> OpenApi {
    routes().into_openapi()
}

/// The service behind the gate, and its description.
pub fn build(core: Arc<Core>) -> (Router, OpenApi) {
    let (router, document) = routes().split_for_parts();
    let router = router
        .fallback(|| async { Refusal(Problem::new(common::NOT_FOUND)) })
        .method_not_allowed_fallback(|| async { Refusal(Problem::new(common::METHOD)) })
        .layer(middleware::from_fn(render_problems))
        .with_state(core);
    (router, document)
}
