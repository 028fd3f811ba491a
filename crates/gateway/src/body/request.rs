//! The client's body as an upstream sees it.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use kernel::{Problem, problem::common::TOO_LARGE};
use tokio::time::{Instant, Sleep};

use super::ClientBody;
use crate::{guard, transform};

/// Why the client's body ended early. Always the client's doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BodyError {
    /// More than the route accepts.
    #[error("the request body is larger than accepted")]
    TooLarge,
    /// The client paused for too long.
    #[error("the client paused for too long")]
    Timeout,
    /// It broke off, or broke its own framing.
    #[error("the request body broke off")]
    Broken,
}

impl BodyError {
    /// The refusal to answer with.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::TooLarge => TOO_LARGE.into(),
            Self::Timeout => guard::TIMEOUT.into(),
            Self::Broken => guard::BODY.into(),
        }
    }
}

/// How far the body has come: written by whoever polls it, read by whoever waits for the answer.
#[derive(Debug)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    failure: OnceLock<BodyError>,
    begun: Instant,
    /// When something last arrived, in milliseconds after `begun`.
    moved: AtomicU64,
    /// Whether the client has been asked for more and has not sent it.
    awaits_client: AtomicBool,
}

impl Progress {
    fn new() -> Self {
        Self {
            bytes: AtomicU64::new(0),
            failure: OnceLock::new(),
            begun: Instant::now(),
            moved: AtomicU64::new(0),
            awaits_client: AtomicBool::new(false),
        }
    }
    /// Bytes taken from the client so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
    /// Why the body ended early, if it did.
    pub(crate) fn failure(&self) -> Option<BodyError> {
        self.failure.get().copied()
    }
    /// When the upstream was last given something. While it waits for the client, that is now.
    pub(crate) fn last_moved(&self) -> Instant {
        if self.awaits_client.load(Ordering::Relaxed) {
            return Instant::now();
        }
        self.begun + Duration::from_millis(self.moved.load(Ordering::Relaxed))
    }

    fn arrived(&self, bytes: usize) {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.moved.store(millis, Ordering::Relaxed);
        self.awaits_client.store(false, Ordering::Relaxed);
    }
}

/// The body of a request, as an upstream is given it: in-process services take requests with this body.
#[derive(Debug, Default)]
pub struct RequestBody(Source);

/// Where its bytes come from.
#[derive(Debug, Default)]
enum Source {
    #[default]
    Nothing,
    /// The client.
    Client(Box<Stream>),
    /// Memory: the whole body has been read.
    Kept(Bytes),
}

#[derive(Debug)]
struct Stream {
    incoming: ClientBody,
    left: u64,
    progress: Arc<Progress>,
    timeout: Duration,
    /// Runs while the client is waited for; kept from one wait to the next.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

/// A body that has been taken in charge.
pub(crate) struct Intake {
    /// For the upstream.
    pub(crate) body: RequestBody,
    /// For the gate; absent when there is no body.
    pub(crate) progress: Option<Arc<Progress>>,
}

impl Intake {
    /// No body.
    pub(crate) fn none() -> Self {
        Self { body: RequestBody::default(), progress: None }
    }

    /// Takes the client's body under a limit of bytes, and of time between two pieces. A body that
    /// announces more is refused before anything is read.
    pub(crate) fn new(incoming: ClientBody, limit: u64, timeout: Duration) -> Result<Self, Problem> {
        if incoming.is_end() {
            return Ok(Self::none());
        }
        if incoming.length().is_some_and(|length| length > limit) {
            return Err(BodyError::TooLarge.problem());
        }
        let progress = Arc::new(Progress::new());
        let stream = Stream { incoming, left: limit, progress: progress.clone(), timeout, timer: None, waiting: false };
        Ok(Self { body: RequestBody(Source::Client(Box::new(stream))), progress: Some(progress) })
    }
}

impl Stream {
    fn fail(&mut self, error: BodyError) -> BodyError {
        // The first failure is the cause of the later ones.
        *self.progress.failure.get_or_init(|| error)
    }

    /// Whether the client has been waited for too long.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeout = self.timeout;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if !self.waiting {
            self.waiting = true;
            self.progress.awaits_client.store(true, Ordering::Relaxed);
            timer.as_mut().reset(Instant::now() + timeout);
        }
        timer.as_mut().poll(cx)
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = self.incoming.poll_frame(cx) else {
            ready!(self.poll_timer(cx));
            return Poll::Ready(Some(Err(self.fail(BodyError::Timeout))));
        };
        self.waiting = false;
        let length = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        self.progress.arrived(length);
        if length as u64 > self.left {
            return Poll::Ready(Some(Err(self.fail(BodyError::TooLarge))));
        }
        self.left -= length as u64;
        Poll::Ready(frame.map(|frame| {
            let mut frame = frame.map_err(|error| self.fail(error))?;
            // Trailers must not become what the gate removes from heads (RFC 9110 §6.5.1).
            if let Some(trailers) = frame.trailers_mut() {
                transform::strip_trailers(trailers);
            }
            Ok(frame)
        }))
    }
}

impl RequestBody {
    /// These bytes.
    pub(crate) const fn of(bytes: Bytes) -> Self {
        Self(Source::Kept(bytes))
    }

    /// Reads it to its end and keeps it in memory, without its trailers. The caller has bounded its length.
    pub(crate) async fn keep(self) -> Result<Self, BodyError> {
        match self.0 {
            Source::Client(_) => Ok(Self(Source::Kept(self.collect().await?.to_bytes()))),
            source => Ok(Self(source)),
        }
    }

    /// The body, to be sent. What is in memory stays there, to be sent again.
    pub(crate) fn lend(&mut self) -> Self {
        self.copy().unwrap_or_else(|| std::mem::take(self))
    }

    /// The same bytes once more, unless they are still the client's to send.
    pub(crate) fn copy(&self) -> Option<Self> {
        match &self.0 {
            Source::Nothing => Some(Self::default()),
            Source::Kept(bytes) => Some(Self(Source::Kept(bytes.clone()))),
            Source::Client(_) => None,
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Source::Nothing => Poll::Ready(None),
            Source::Client(stream) => stream.poll_frame(cx),
            Source::Kept(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
        }
    }
    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Nothing => true,
            Source::Client(stream) => stream.incoming.is_end(),
            Source::Kept(bytes) => bytes.is_empty(),
        }
    }
    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Nothing => SizeHint::with_exact(0),
            Source::Client(stream) => stream.incoming.length().map_or_else(SizeHint::default, SizeHint::with_exact),
            Source::Kept(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}
