//! Answers on their way in.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::{
    RouteCache,
    store::{Berth, Leader, Room, Store},
    stored::{Head, Stored},
};
use crate::body::{Body, BoxError};

/// An answer whose body is still to come, and where it is to be put.
pub(super) struct Draft {
    pub(super) cache: Arc<RouteCache>,
    pub(super) store: Arc<Store>,
    pub(super) berth: Berth,
    pub(super) head: Head,
    pub(super) leader: Option<Leader>,
    pub(super) room: Room,
}

impl Draft {
    /// Keeps the answer with this body. False: what it says is no longer so.
    fn finish(self, body: Vec<u8>) -> (Arc<Stored>, bool) {
        let Self { cache, store, berth, head, leader, room } = self;
        let stored = Arc::new(head.with(Bytes::from(body.into_boxed_slice())));
        let kept = store.put(&berth, stored.clone());
        if kept {
            cache.numbers.stored.add(1);
        }
        drop(room);
        // Those who wait find it.
        drop(leader);
        (stored, kept)
    }

    /// Reads a body of known length, as fast as the service sends it, and keeps the answer. Trailers end here
    /// (RFC 9111 §3.1).
    pub(super) async fn collect(self, mut body: Body, length: u64) -> Result<(Arc<Stored>, bool), BoxError> {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                bytes.extend_from_slice(&data);
            }
        }
        if bytes.len() as u64 != length {
            return Err("its body is shorter than announced".into());
        }
        Ok(self.finish(bytes))
    }
}

/// A body of unknown length: passed on as it comes, and kept once its end has come.
pub(crate) struct Keeping {
    body: Body,
    /// Absent once it is kept, or has turned out too large.
    draft: Option<Box<Draft>>,
    bytes: Vec<u8>,
    max: usize,
}

impl Keeping {
    pub(super) fn new(body: Body, draft: Draft, max: u64) -> Self {
        Self { body, draft: Some(Box::new(draft)), bytes: Vec::new(), max: usize::try_from(max).unwrap_or(0) }
    }

    /// Whether it still may be kept.
    pub(super) const fn is_kept(&self) -> bool {
        self.draft.is_some()
    }

    /// The next piece.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some((data, draft)) = frame.data_ref().zip(self.draft.as_mut()) {
                    // Room is taken as it is needed: who reads slowly keeps no more from others than that.
                    if self.bytes.len() + data.len() <= self.max && draft.room.grow(data.len() as u64) {
                        self.bytes.extend_from_slice(data);
                    } else {
                        self.give_up();
                    }
                }
                // Whoever reads may stop here.
                if self.body.is_end_stream() {
                    self.finish();
                }
            }
            Some(Err(_)) => self.give_up(),
            None => self.finish(),
        }
        Poll::Ready(frame)
    }

    pub(crate) fn is_end(&self) -> bool {
        self.body.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn finish(&mut self) {
        if let Some(draft) = self.draft.take() {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.shrink_to_fit();
            draft.finish(bytes);
        }
    }

    fn give_up(&mut self) {
        self.draft = None;
        self.bytes = Vec::new();
    }
}
