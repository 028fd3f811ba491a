//! Streams of HTTP/2 whose client takes nothing of what is sent.
//!
//! The socket does not show them: a client may read every frame and keep the window of a stream shut, while what
//! answers it holds memory, a place and a connection to the service. So each stream is watched by itself: from the
//! moment its answer begins, or its body has given a piece, until it is asked for the next one, the client is waited
//! for, and for so long only. Dropping what serves a stream resets it.
//!
//! Deliberately absent: bodies that the client has begun to take the last piece of. They are with hyper, whole.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;

use crate::http1::Timer;

tokio::task_local! {
    /// Of the stream whose task this is.
    static TAKING: Taking;
}

/// Counts what a stream is given, in twos; odd while its client owes it nothing.
#[derive(Clone, Default)]
struct Taking(Arc<AtomicU64>);

impl Taking {
    const NOTHING_OWED: u64 = 1;

    fn given(&self) {
        self.0.fetch_add(2, Ordering::Relaxed);
        self.0.fetch_and(!Self::NOTHING_OWED, Ordering::Relaxed);
    }

    fn owes_nothing(&self) {
        self.0.fetch_or(Self::NOTHING_OWED, Ordering::Relaxed);
    }
}

/// Runs the streams of a connection, each until its client has taken nothing for too long.
#[derive(Clone, Copy)]
pub(super) struct Streams {
    pub(super) write_timeout: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let (taking, write_timeout) = (Taking::default(), self.write_timeout);
        let watched = watch(taking.clone(), stream, write_timeout);
        tokio::spawn(TAKING.scope(taking, watched));
    }
}

async fn watch(taking: Taking, stream: impl Future<Output = ()>, write_timeout: Duration) {
    taking.owes_nothing();
    let (mut stream, mut timer, mut last) = (pin!(stream), Timer::default(), 0);
    poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let given = taking.0.load(Ordering::Relaxed);
        if std::mem::replace(&mut last, given) != given {
            timer.clear();
        }
        if given & Taking::NOTHING_OWED != 0 {
            return Poll::Pending;
        }
        ready!(timer.poll(cx, write_timeout));
        tracing::debug!("a stream was reset: the client does not take what is sent");
        Poll::Ready(())
    })
    .await;
}

/// A body that tells how its client takes it.
pub(super) struct Taken<B> {
    body: B,
    taking: Option<Taking>,
}

impl<B> Taken<B> {
    /// The body of the stream whose task this is.
    pub(super) fn new(body: B) -> Self {
        let taking = TAKING.try_with(Taking::clone).ok().inspect(Taking::given);
        Self { body, taking }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Taken<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Some(taking) = &self.taking {
            match &frame {
                Poll::Ready(Some(Ok(frame))) if frame.is_data() => taking.given(),
                _ => taking.owes_nothing(),
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
