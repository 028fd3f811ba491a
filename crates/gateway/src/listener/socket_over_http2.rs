//! WebSocket over HTTP/2 (RFC 8441): an extended CONNECT goes through the pipeline as the upgrade it stands for.

use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use kernel::Random;

use super::Active;
use crate::{
    body::Body,
    pipeline::{Gate, Served},
    record::Recorded,
    websocket,
};

/// A WebSocket that a client wants to open.
pub(super) struct Opening {
    stream: OnUpgrade,
    key: HeaderValue,
}

impl Opening {
    /// Makes an upgrade of the request, if it asks for a WebSocket.
    pub(super) fn take(request: &mut Request<Incoming>, random: &dyn Random) -> Option<Self> {
        if request.method() != Method::CONNECT || !websocket::is_connect(request.extensions()) {
            return None;
        }
        let stream = hyper::upgrade::on(&mut *request);
        let key = websocket::new_key(random);
        *request.method_mut() = Method::GET;
        websocket::from_connect(request.headers_mut(), key.clone());
        Some(Self { stream, key })
    }

    /// Answers it, and passes its bytes where it was granted.
    pub(super) fn answer(self, served: Served, gate: &Gate, active: Active) -> Response<Recorded> {
        let Self { stream, key } = self;
        let Served { mut response, tunnel } = served;
        let Some(granted) = tunnel else {
            // To the client any success means that the WebSocket is open.
            return if response.status().is_success() {
                not_granted()
            } else {
                response.map(|body| body.holding(active))
            };
        };
        if !websocket::from_switched(&mut response, &key) {
            return not_granted();
        }
        let farewell = gate.farewell.clone();
        tokio::spawn(async move {
            let (tunnel, mut record) = granted;
            let _active = active;
            // The client may have gone before it was answered.
            if let Ok(client) = stream.await {
                let (bytes_in, bytes_out) = tunnel.run(TokioIo::new(client), &farewell).await;
                record.tunnelled(bytes_in, bytes_out);
            }
        });
        response
    }
}

/// What stands behind the gate does not speak WebSocket.
fn not_granted() -> Response<Recorded> {
    let mut response = Response::new(Recorded::unrecorded(Body::Empty));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
