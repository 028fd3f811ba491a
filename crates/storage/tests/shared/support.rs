//! A key-value store on either engine, and how its time passes.

use std::{sync::Arc, time::Duration};

use kernel::{Clock, ManualClock, Timestamp};
use storage::{Kv, KvOptions};
use testservers::RedisSpace;

/// A store of one's own.
pub(crate) struct Fixture {
    pub(crate) kv: Kv,
    time: Time,
}

enum Time {
    Manual(Arc<ManualClock>),
    Real(RedisSpace),
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000)))
}

impl Fixture {
    pub(crate) async fn memory() -> Self {
        let clock = clock();
        let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let kv = Kv::open(&KvOptions::new("memory"), shared).await.expect("memory opens");
        Self { kv, time: Time::Manual(clock) }
    }

    pub(crate) async fn redis() -> Self {
        let space = testservers::redis().await;
        Self { kv: open(space.url(), space.prefix()).await, time: Time::Real(space) }
    }

    /// Another node: the same store through a connection of its own.
    pub(crate) async fn another_node(&self) -> Kv {
        match &self.time {
            Time::Manual(_) => self.kv.clone(),
            Time::Real(space) => open(space.url(), space.prefix()).await,
        }
    }

    /// Comes back after `time`, or soon after: at once where the clock is ours.
    pub(crate) async fn pass(&self, time: Duration) {
        match &self.time {
            Time::Manual(clock) => clock.advance(time),
            Time::Real(_) => tokio::time::sleep(time).await,
        }
    }

    /// The Redis behind it, if it is one.
    pub(crate) const fn space(&self) -> Option<&RedisSpace> {
        match &self.time {
            Time::Manual(_) => None,
            Time::Real(space) => Some(space),
        }
    }
}

pub(crate) async fn open(url: &str, namespace: &str) -> Kv {
    // Patient: the machine may be busy, and no story but those of outages asks about slowness.
    let options =
        KvOptions { namespace: namespace.to_owned(), response_timeout: Duration::from_secs(30), ..KvOptions::new(url) };
    Kv::open(&options, clock()).await.expect("redis opens")
}

/// Asks again until the answer is yes.
pub(crate) async fn until(mut condition: impl AsyncFnMut() -> bool) {
    while !condition().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Tells each story on every engine.
macro_rules! on_every_engine {
    ($($story:ident)*) => {
        mod in_memory {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story($crate::support::Fixture::memory().await).await;
            }
        )*}
        mod on_redis {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story($crate::support::Fixture::redis().await).await;
            }
        )*}
    };
}
pub(crate) use on_every_engine;
