//! A response body that keeps the record until its last byte.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use kernel::exchange::Fault;

use super::Record;
use crate::{
    body::{Body, BoxError},
    listener::Active,
};

/// A response body with the record of its request.
pub(crate) struct Recorded {
    body: Body,
    /// Taken when the record has ended, or moved elsewhere.
    record: Option<Box<Record>>,
    /// Of an HTTP/2 connection.
    _active: Option<Active>,
    sent: u64,
    /// How much there is to send, where that is known; zero where the protocol sends no body.
    expected: Option<u64>,
}

impl Recorded {
    /// `bodiless`: whatever the body, none is sent (an answer to `HEAD`, 204, 304).
    pub(crate) fn new(body: Body, record: Box<Record>, bodiless: bool) -> Self {
        let expected = if bodiless { Some(0) } else { body.size_hint().exact() };
        Self { body, record: Some(record), _active: None, sent: 0, expected }
    }

    /// The connection counts as in use until the body is dropped.
    pub(crate) fn holding(mut self, active: Active) -> Self {
        self._active = Some(active);
        self
    }

    /// A body whose record is kept by somebody else.
    pub(crate) const fn unrecorded(body: Body) -> Self {
        Self { body, record: None, _active: None, sent: 0, expected: None }
    }

    fn end(&mut self, failed: bool) {
        if let Some(mut record) = self.record.take() {
            if failed { record.broken(self.sent, Fault::Upstream) } else { record.completed(self.sent) }
        }
    }
}

impl HttpBody for Recorded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => self.sent += frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Err(_)) => self.end(true),
            None => self.end(false),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Recorded {
    /// Whoever sends a body stops asking once its length is reached; stopping earlier is giving up.
    fn drop(&mut self) {
        if self.expected == Some(self.sent) || self.body.is_end_stream() {
            self.end(false);
        } else if let Some(mut record) = self.record.take() {
            record.broken(self.sent, Fault::Client);
        }
    }
}
