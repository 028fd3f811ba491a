//! Hands what arrives on this node to its subscriptions.
//!
//! A subscription that does not keep up loses the oldest messages and is told so; it slows nobody down
//! and holds no more than [`BACKLOG`] messages.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::broadcast::{self, error::RecvError};

use super::Event;

/// How many messages may wait for the slowest subscription of a topic.
const BACKLOG: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Hub(Mutex<HashMap<Box<str>, broadcast::Sender<Event>>>);

impl Hub {
    /// Hands a message to the topic's subscriptions. A topic that nobody listens to any more is
    /// forgotten.
    pub(super) fn deliver(&self, topic: &str, payload: Bytes) {
        let mut topics = self.0.lock();
        if topics.get(topic).is_some_and(|topic| topic.send(Event::Message(payload)).is_err()) {
            topics.remove(topic);
        }
    }

    /// Tells every subscription that messages may have been missed.
    pub(super) fn gap(&self) {
        self.0.lock().retain(|_, topic| topic.send(Event::Gap).is_ok());
    }

    /// Listens from now on. The listener has not been told of a gap yet.
    pub(super) fn listen(&self, topic: &str) -> Listener {
        let mut topics = self.0.lock();
        let events = match topics.get(topic) {
            Some(topic) => topic.subscribe(),
            None => {
                let (sender, events) = broadcast::channel(BACKLOG);
                topics.insert(topic.into(), sender);
                events
            }
        };
        Listener { events, gap: false }
    }
}

#[derive(Debug)]
pub(super) struct Listener {
    events: broadcast::Receiver<Event>,
    /// A gap is to be told before anything else.
    gap: bool,
}

impl Listener {
    /// Begins with a gap.
    pub(super) const fn after_gap(mut self) -> Self {
        self.gap = true;
        self
    }

    pub(super) async fn next(&mut self) -> Event {
        if std::mem::take(&mut self.gap) {
            return Event::Gap;
        }
        match self.events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => Event::Gap,
            // The hub, which lives as long as the subscription, keeps the sender while somebody listens.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
