//! A body that has no end of its own, and is given one.
//!
//! A stream of events goes on until somebody leaves. When the gate stops, it ends in order, so that the client
//! connects again elsewhere, instead of breaking off. A call of gRPC ends with an outcome that says why, and also at
//! its caller's deadline. Everything else that is cut breaks off: half a download must not look like a whole one.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{Body, BoxError};
use crate::grpc::{self, Code, Deadline};

/// A body that ends when the gate stops, or at a deadline.
pub(crate) struct Ending {
    /// Absent once it has ended.
    body: Option<Body>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Of a call.
    call: Option<Call>,
}

struct Call {
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Ending {
    /// A stream of events.
    pub(crate) fn events(body: Body, farewell: &CancellationToken) -> Body {
        Self::wrap(body, farewell, None)
    }

    /// A call of gRPC.
    pub(crate) fn call(body: Body, farewell: &CancellationToken, deadline: Option<Deadline>) -> Body {
        let deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline.0)));
        Self::wrap(body, farewell, Some(Call { deadline }))
    }

    fn wrap(body: Body, farewell: &CancellationToken, call: Option<Call>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::Ending(Box::new(Self { body: Some(body), stopped: Box::pin(farewell.clone().cancelled_owned()), call }))
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let deadline = self.call.as_mut().and_then(|call| call.deadline.as_mut());
        if deadline.is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(self.end(Code::DeadlineExceeded, grpc::DEADLINE.title));
        }
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        self.stopped.as_mut().poll(cx).map(|()| self.end(Code::Unavailable, "The server is stopping"))
    }

    /// Lets go of whoever sends it, and says what there is to say.
    fn end(&mut self, code: Code, message: &str) -> Option<Result<Frame<Bytes>, BoxError>> {
        self.body = None;
        self.call.as_ref().map(|_| {
            let mut trailers = HeaderMap::new();
            grpc::outcome(&mut trailers, code, message);
            Ok(Frame::trailers(trailers))
        })
    }

    pub(super) fn is_end(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    /// What is announced must come, so nothing is.
    pub(super) fn size_hint(&self) -> SizeHint {
        if self.is_end() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}
