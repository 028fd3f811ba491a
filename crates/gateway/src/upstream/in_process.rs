//! A service in this process, reached like any other upstream.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use tokio::runtime::Handle;
use tower::{Service, ServiceExt};

use super::Failure;
use crate::body::{BoxError, RequestBody};

type BoxedBody = UnsyncBoxBody<Bytes, BoxError>;
type Call = dyn Fn(Request<RequestBody>) -> BoxFuture<'static, Response<BoxedBody>> + Send + Sync;

/// A service that runs on its own runtime, so that what it computes never holds up the data plane.
///
/// A call that was started runs to its end, also when the client goes away: what it commits, it commits
/// whole.
#[derive(Clone)]
pub struct InProcess {
    name: Arc<str>,
    runtime: Handle,
    call: Arc<Call>,
}

impl InProcess {
    /// A service under a name for logs and metrics, run on `runtime` (with time enabled). It finds a
    /// [`kernel::RequestContext`] in the request's extensions.
    pub fn new<S, B>(name: &str, service: S, runtime: Handle) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let call = move |request| -> BoxFuture<'static, Response<BoxedBody>> {
            let service = service.clone();
            Box::pin(async move {
                match service.oneshot(request).await {
                    Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
                    Err(never) => match never {},
                }
            })
        };
        Self { name: name.into(), runtime, call: Arc::new(call) }
    }

    /// Its name.
    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Calls the service.
    pub(crate) async fn send(&self, request: Request<RequestBody>) -> Result<Response<BoxedBody>, Failure> {
        let ended = self.runtime.spawn((self.call)(request)).await;
        ended.map_err(|error| if error.is_panic() { Failure::Panicked } else { Failure::Stopping })
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").field("name", &self.name).finish_non_exhaustive()
    }
}
