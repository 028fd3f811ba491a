//! The feed over the bus: nodes hear of a change at once instead of at their next look.
//!
//! A message holds the number of the newest change, no more; whoever has applied it already does
//! nothing. Only the newest number matters, so many changes at once are one message, and a message that
//! could not be sent is sent again with whatever is newest by then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join;
use tokio::sync::Notify;

use super::{Announce, Feed};
use crate::bus::{Bus, BusError, Event, Subscription};

const TOPIC: &str = "feed";
/// Before a message that could not be sent is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// Joins one node's feed to the bus.
///
/// ```ignore
/// let wire = feed::OverBus::new(&bus)?;
/// let feed = Feed::open(store, apply, Some(wire.announcer())).await?;
/// tokio::spawn(feed.clone().follow(poll));
/// tokio::spawn(wire.run(feed.clone()));
/// ```
#[derive(Debug)]
pub struct OverBus {
    bus: Bus,
    subscription: Subscription,
    newest: Arc<Newest>,
}

impl OverBus {
    /// Listens from now on, so that nothing falls between opening the feed and running this.
    pub fn new(bus: &Bus) -> Result<Self, BusError> {
        Ok(Self { bus: bus.clone(), subscription: bus.subscribe(TOPIC)?, newest: Arc::default() })
    }

    /// For [`Feed::open`]: what it announces is sent by [`run`](Self::run).
    pub fn announcer(&self) -> Arc<dyn Announce> {
        self.newest.clone()
    }

    /// Tells other nodes what this one announces, and nudges the feed when others do, or when messages
    /// may have been missed. Runs until the task is dropped.
    pub async fn run(self, feed: Feed) {
        let Self { bus, subscription, newest } = self;
        join(tell(bus, newest), listen(subscription, feed)).await;
    }
}

/// The newest change that this node has announced.
#[derive(Debug, Default)]
struct Newest {
    seq: AtomicI64,
    wake: Notify,
}

impl Announce for Newest {
    fn announce(&self, seq: i64) {
        self.seq.fetch_max(seq, Ordering::AcqRel);
        self.wake.notify_one();
    }
}

async fn tell(bus: Bus, newest: Arc<Newest>) {
    let mut failing = false;
    loop {
        newest.wake.notified().await;
        while let Err(error) = bus.publish(TOPIC, newest.seq.load(Ordering::Acquire).to_string()).await {
            if !failing {
                tracing::warn!(%error, "cannot tell other nodes of changes; they find them at their next look");
            }
            failing = true;
            tokio::time::sleep(RETRY).await;
        }
        if failing {
            tracing::info!("telling other nodes of changes again");
            failing = false;
        }
    }
}

async fn listen(mut subscription: Subscription, feed: Feed) {
    loop {
        let known = match subscription.next().await {
            Event::Message(payload) => std::str::from_utf8(&payload).ok().and_then(|text| text.parse::<i64>().ok()),
            Event::Gap => None,
        };
        // What cannot be read may be news as well.
        if known.is_none_or(|seq| seq > feed.position()) {
            feed.nudge();
        }
    }
}
