//! A client's body, however it comes.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use hyper::body::Incoming;

use super::BodyError;
use crate::http1::ServerBody;

/// The body of a client's request, as it arrives.
#[derive(Debug)]
pub(crate) enum ClientBody {
    Empty,
    Http1(ServerBody),
    Http2(Incoming),
}

impl ClientBody {
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Http1(body) => body.poll_frame(cx).map_err(|_| BodyError::Broken),
            Self::Http2(body) => Pin::new(body).poll_frame(cx).map_err(|_| BodyError::Broken),
        }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Http1(body) => body.is_end(),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    /// How much is to come, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Http1(body) => body.remaining(),
            Self::Http2(body) => body.size_hint().exact(),
        }
    }
}
