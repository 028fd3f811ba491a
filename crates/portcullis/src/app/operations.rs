//! What operations ask: does it live, is it ready, how is every part, what do the numbers say.
//!
//! The same handlers serve two doors. On the operators' own listener everything is told to whoever
//! reaches it. On the public port the gate lets only `metrics:read` to the metrics, and `/health` tells
//! details (errors may name hosts) to `health:read` alone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Extension, Json, Router,
    extract::State,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use identity::http::{Refusal, Right as _, render_problems};
use kernel::{RequestContext, edge::Edge, problem::common};
use observe::{
    health::{Health, Overall},
    metrics::{self, Metrics},
};

identity::rights! {
    /// May read what is wrong with a part.
    ReadHealth = "health:read";
}

/// What is asked about.
pub(super) struct Operations {
    edge: Arc<Edge>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    /// The process is about to stop: send nobody new.
    draining: AtomicBool,
}

impl Operations {
    pub(super) fn new(edge: Arc<Edge>, health: Arc<Health>, metrics: Arc<Metrics>) -> Self {
        Self { edge, health, metrics, draining: AtomicBool::new(false) }
    }
    /// From now on not ready.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }
    fn is_ready(&self) -> bool {
        self.edge.is_ready() && !self.draining.load(Ordering::Acquire)
    }
    fn may_see_details(&self, context: Option<&RequestContext>) -> bool {
        match context {
            // The operators' own listener.
            None => true,
            Some(context) => {
                context.principal.as_ref().is_some_and(|p| self.edge.access.load().permits(p, ReadHealth::permission()))
            }
        }
    }
}

/// The handlers, for both doors.
pub(super) fn router(operations: Arc<Operations>) -> Router {
    Router::new()
        .route("/livez", get(|| async { Json(serde_json::json!({ "status": "ok" })) }))
        .route("/readyz", get(ready))
        .route("/health", get(health))
        .route("/metrics", get(numbers))
        .fallback(|| async { Refusal(common::NOT_FOUND.into()) })
        .method_not_allowed_fallback(|| async { Refusal(common::METHOD.into()) })
        .layer(middleware::from_fn(render_problems))
        .with_state(operations)
}

async fn ready(State(operations): State<Arc<Operations>>) -> Response {
    let ready = operations.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "ready": ready }))).into_response()
}

async fn health(State(operations): State<Arc<Operations>>, context: Option<Extension<RequestContext>>) -> Response {
    let report = operations.health.report();
    let status = if report.status == Overall::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let details = operations.may_see_details(context.as_deref());
    let body = if details { operations.health.detailed().to_json() } else { report.to_brief_json() };
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

async fn numbers(State(operations): State<Arc<Operations>>) -> Response {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], operations.metrics.render())
        .into_response()
}
