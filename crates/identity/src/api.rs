//! The HTTP face of identity: the routes of every slice in one router.

use std::sync::Arc;

use axum::{Router, middleware};
use kernel::{Problem, problem::common};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Core, audit,
    http::{Refusal, render_problems},
    keys, roles,
};

/// Every route with its description. A new slice is merged here.
fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().merge(roles::routes()).merge(keys::routes()).merge(audit::routes())
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
