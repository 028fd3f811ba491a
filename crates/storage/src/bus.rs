//! Messages from one node to all.
//!
//! A message is a hint, delivered at most once: what it tells of is in the database. So whoever
//! subscribes must be able to catch up, and the bus says when: [`Event::Gap`] comes first on every
//! subscription, after every loss of the connection, and to whoever was too slow. Between two gaps
//! nothing is missing and the order is the publisher's. While Redis is away a subscription is silent:
//! who cannot wait for the gap that ends the silence also looks at the database now and then.
//!
//! Local for one node, Redis for several; a message reaches the publisher's own node the same way.
//! Deliberately absent: storing messages, acknowledging them, request and reply.

mod hub;
mod local;
mod redis;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use kernel::{Problem, problem::common};

use self::{hub::Listener, local::Local, redis::Redis};
use crate::link;

/// Largest message.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// Longest topic, in bytes.
pub const MAX_TOPIC: usize = 128;

/// How to open a [`Bus`]. What an operator sets comes in the URL; the rest has one right value outside
/// of tests.
#[derive(Clone, Debug)]
pub struct BusOptions {
    /// `local`, `redis://[user:password@]host[:port][/db]`, or `rediss://…` for TLS with a certificate
    /// that the system trusts.
    pub url: String,
    /// Channels begin with this, so that deployments can share a Redis.
    pub namespace: String,
    /// How long Redis may take to answer.
    pub response_timeout: Duration,
    /// How often a silent subscription asks whether Redis is still there.
    pub check_interval: Duration,
}

impl BusOptions {
    /// The defaults for this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            namespace: "portcullis".to_owned(),
            response_timeout: Duration::from_millis(250),
            check_interval: link::CHECK_INTERVAL,
        }
    }
}

/// Why a message was not sent, or the bus not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Redis is away, too slow, or refuses to work. The message may have been sent nevertheless.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// The caller asked for something out of bounds, or the URL cannot be used.
    #[error("{0}")]
    Invalid(&'static str),
}

impl From<BusError> for Problem {
    fn from(error: BusError) -> Self {
        match &error {
            BusError::Unavailable(_) => Self::new(common::UNAVAILABLE).retry_after(Duration::from_secs(1)).cause(error),
            BusError::Invalid(_) => Self::new(common::INTERNAL).cause(error),
        }
    }
}

/// What a subscription hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A message of the topic.
    Message(Bytes),
    /// Messages may have been missed before this moment: catch up from the database.
    Gap,
}

/// The bus. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    engine: Engine,
}

/// The engines there are. NATS takes its seat here: a core subscription on `namespace.>` that feeds
/// the same hub as Redis' does.
#[derive(Clone, Debug)]
enum Engine {
    Local(Arc<Local>),
    Redis(Arc<Redis>),
}

impl Bus {
    /// Opens the bus that the URL names. Waits a second at most: a Redis that is away now is used as
    /// soon as it comes.
    pub async fn open(options: &BusOptions) -> Result<Self, BusError> {
        let engine = if options.url == "local" {
            Engine::Local(Arc::new(Local::default()))
        } else {
            Engine::Redis(Arc::new(Redis::open(options).await?))
        };
        Ok(Self { engine })
    }

    /// `local` or `redis`, for logs and health only.
    pub const fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Local(_) => "local",
            Engine::Redis(_) => "redis",
        }
    }

    /// Whether messages go out and come in.
    pub async fn check(&self) -> Result<(), BusError> {
        match &self.engine {
            Engine::Local(_) => Ok(()),
            Engine::Redis(redis) => redis.check().await,
        }
    }

    /// Sends to every subscription of the topic, on every node.
    pub async fn publish(&self, topic: &str, payload: impl Into<Bytes>) -> Result<(), BusError> {
        bounded_topic(topic)?;
        let payload = payload.into();
        if payload.len() > MAX_PAYLOAD {
            return Err(BusError::Invalid("a message has at most 64 KiB"));
        }
        match &self.engine {
            Engine::Local(local) => local.publish(topic, payload),
            Engine::Redis(redis) => redis.publish(topic, &payload).await?,
        }
        Ok(())
    }

    /// Hears what is published to the topic from the first [`Event::Gap`] on.
    pub fn subscribe(&self, topic: &str) -> Result<Subscription, BusError> {
        bounded_topic(topic)?;
        let listener = match &self.engine {
            Engine::Local(local) => local.subscribe(topic),
            Engine::Redis(redis) => redis.subscribe(topic),
        };
        Ok(Subscription { listener, _bus: self.clone() })
    }
}

/// One subscription. It keeps the bus open.
#[derive(Debug)]
pub struct Subscription {
    listener: Listener,
    _bus: Bus,
}

impl Subscription {
    /// The next event. Waiting for it may be broken off; nothing is lost by that.
    pub async fn next(&mut self) -> Event {
        self.listener.next().await
    }
}

fn bounded_topic(topic: &str) -> Result<(), BusError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    match topic.len() {
        1..=MAX_TOPIC if topic.bytes().all(plain) => Ok(()),
        _ => Err(BusError::Invalid("a topic has 1 to 128 letters, digits, or any of -_.:")),
    }
}
