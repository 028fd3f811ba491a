//! How long one target may take.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::Instant;

use super::{Failure, target::Target};
use crate::{body::Progress, http1::Timer};

/// Until when the target must have answered. A client that is still sending moves it.
pub(super) struct Deadline {
    begun: Instant,
    timeout: Duration,
    progress: Option<Arc<Progress>>,
}

impl Deadline {
    pub(super) fn new(timeout: Duration, progress: Option<Arc<Progress>>) -> Self {
        Self { begun: Instant::now(), timeout, progress }
    }

    fn until(&self) -> Instant {
        let moved = self.progress.as_ref().map(|progress| progress.last_moved());
        moved.unwrap_or(self.begun).max(self.begun) + self.timeout
    }

    /// Ready when the time is up.
    pub(super) fn poll(&self, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<()> {
        let mut until = self.until();
        loop {
            ready!(timer.poll_at(cx, until));
            let moved = self.until();
            if moved <= until {
                return Poll::Ready(());
            }
            until = moved;
        }
    }

    /// The output, or `None` when the time is up.
    pub(super) async fn limit<F: Future>(&self, mut future: Pin<&mut F>) -> Option<F::Output> {
        let mut timer = Timer::default();
        std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.poll(&mut timer, cx).map(|()| None),
        })
        .await
    }

    /// What a failed exchange means: the client's own body comes first, and no error means no time left.
    pub(super) fn failure(&self, target: &Target, error: Option<impl std::error::Error>) -> Failure {
        match (self.progress.as_ref().and_then(|progress| progress.failure()), error) {
            (Some(error), _) => Failure::Client(error),
            (None, Some(error)) => Failure::invalid(&target.label, &error),
            (None, None) => Failure::Timeout(target.label.clone()),
        }
    }
}
