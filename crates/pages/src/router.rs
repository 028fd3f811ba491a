//! Which page answers which path, and what every answer goes through.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use identity::{Core, http::Refusal};
use kernel::{Problem, RequestContext, TenantId, problem::common};

use crate::{
    account, assets, branding, change_email, failure,
    look::{Look, Looks},
    preview, reset_password, second, sign_in, sign_out, sign_up, step_up, verify_email,
    view::{Engine, Shown},
    visit::Visit,
};

/// What every page is made with.
#[derive(Debug)]
pub struct Pages {
    /// The identity service that they are the face of.
    pub core: Arc<Core>,
    pub(crate) engine: Engine,
    looks: Looks,
}

impl Pages {
    /// The pages of an identity service.
    pub fn new(core: Arc<Core>) -> Arc<Self> {
        Arc::new(Self { core, engine: Engine::new(), looks: Looks::default() })
    }

    /// How pages of the tenant look now.
    pub(crate) fn look(&self, tenant: TenantId) -> Arc<Look> {
        self.looks.of(tenant, &self.core.brandings.of(tenant))
    }
}

/// The routes. Requests carry a [`kernel::RequestContext`].
pub fn router(pages: Arc<Pages>) -> Router {
    let framed = Router::new()
        .route("/ui", get(account::enter))
        .merge(sign_in::routes())
        .merge(second::routes())
        .merge(sign_out::routes())
        .merge(step_up::routes())
        .merge(sign_up::routes())
        .merge(verify_email::routes())
        .merge(reset_password::routes())
        .merge(change_email::routes())
        .merge(account::routes())
        .fallback(|| async { Refusal(common::NOT_FOUND.into()) })
        .method_not_allowed_fallback(|| async { Refusal(common::METHOD.into()) })
        .layer(middleware::from_fn_with_state(pages.clone(), frame))
        .with_state(pages.clone());
    Router::new()
        .route("/ui/assets/{name}", get(assets::file))
        .route("/ui/branding/{name}", get(branding::file))
        .route("/ui/preview/{token}/{*page}", get(preview::page))
        .route("/ui/preview/{token}/branding/{name}", get(preview::file))
        .with_state(pages)
        .merge(framed)
}

/// What a request and its answer go through: who visits, what went wrong as a page, cookies and headers.
async fn frame(State(pages): State<Arc<Pages>>, mut request: Request, next: Next) -> Response {
    let Some(ctx) = request.extensions().get::<RequestContext>().cloned() else {
        return failure::plain(&Problem::new(common::INTERNAL).cause("the request did not come through the gate"));
    };
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let visit = match Visit::begin(&pages, ctx, headers, uri).await {
        Ok(visit) => visit,
        Err(problem) => return failure::plain(&problem),
    };
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    let told = response.extensions().get::<Shown>().is_some();
    if let Some(problem) = response.extensions().get::<Problem>().filter(|_| !told).cloned() {
        let mut page = failure::page(&visit, &problem).into_response();
        // The gate records its code.
        page.extensions_mut().insert(problem);
        response = page;
    }
    visit.finish(response)
}
