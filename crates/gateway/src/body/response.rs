//! What a client is given.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;

use super::{BoxError, Ending};
use crate::{
    cache::Keeping,
    compress::Encoded,
    upstream::{DrivenBody, Http1Body},
};

/// The body of a response, whoever made it.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// The gate's own words.
    Full(Bytes),
    /// An upstream's, over a connection that whoever reads it drives.
    Http1(Http1Body),
    /// An upstream's, over a connection that another task drives.
    Driven(DrivenBody),
    /// Another one, compressed on its way.
    Encoded(Box<Encoded>),
    /// Another one, that is given an end.
    Ending(Box<Ending>),
    /// Another one that is kept on its way.
    Keeping(Box<Keeping>),
    /// An in-process service's.
    InProcess(UnsyncBoxBody<Bytes, BoxError>),
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Http1(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Driven(body) => Pin::new(body).poll_frame(cx),
            Self::Encoded(body) => body.poll_frame(cx),
            Self::Ending(body) => body.poll_frame(cx),
            Self::Keeping(body) => body.poll_frame(cx),
            Self::InProcess(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Http1(body) => body.is_end_stream(),
            Self::Driven(body) => body.is_end_stream(),
            Self::Encoded(body) => body.is_end(),
            Self::Ending(body) => body.is_end(),
            Self::Keeping(body) => body.is_end(),
            Self::InProcess(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Http1(body) => body.size_hint(),
            Self::Driven(body) => body.size_hint(),
            // Nobody knows before it is done.
            Self::Encoded(_) => SizeHint::default(),
            Self::Ending(body) => body.size_hint(),
            Self::Keeping(body) => body.size_hint(),
            Self::InProcess(body) => body.size_hint(),
        }
    }
}
