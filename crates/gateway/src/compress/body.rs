//! A body that is compressed while it is read.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};

use super::encoder::Encoder;
use crate::body::{Body, BoxError};

/// A body on its way through an encoder.
pub(crate) struct Encoded {
    body: Body,
    /// Absent once the end has been made.
    encoder: Option<Encoder>,
    /// Whether the encoder has taken something that it has not given back.
    holds: bool,
    /// What came after the data, to be sent after the encoder's end.
    trailers: Option<Frame<Bytes>>,
}

impl Encoded {
    pub(super) fn new(body: Body, encoder: Encoder) -> Self {
        Self { body, encoder: Some(encoder), holds: false, trailers: None }
    }

    /// Whether everything has been given.
    pub(crate) fn is_end(&self) -> bool {
        self.encoder.is_none() && self.trailers.is_none()
    }

    /// The next piece.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            let Some(encoder) = &mut self.encoder else { return Poll::Ready(self.trailers.take().map(Ok)) };
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        encoder.write(&data)?;
                        self.holds = true;
                        let made = encoder.take();
                        if !made.is_empty() {
                            return Poll::Ready(Some(Ok(Frame::data(made))));
                        }
                    }
                    Err(trailers) => self.trailers = Some(trailers),
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => {
                    let rest = match self.encoder.take() {
                        Some(encoder) => encoder.finish()?,
                        None => Bytes::new(),
                    };
                    if !rest.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(rest))));
                    }
                }
                Poll::Pending if self.holds => {
                    // Whoever waits for what comes next shall have what came before.
                    self.holds = false;
                    encoder.flush()?;
                    let made = encoder.take();
                    if !made.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(made))));
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
