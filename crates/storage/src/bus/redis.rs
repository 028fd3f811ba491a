//! The Redis engine: several nodes over its publish and subscribe.
//!
//! One connection hears all topics of the namespace by a pattern: topics are few, and so a subscription
//! costs no round trip and is whole from its first moment. Publishing uses a connection of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::StreamExt;
use redis::{Client, RedisError, aio::PubSub};
use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{
    BusError, BusOptions, MAX_PAYLOAD,
    hub::{Hub, Listener},
};
use crate::link::{self, Backoff, CONNECT_TIMEOUT, Link};

#[derive(Debug)]
pub(super) struct Redis {
    link: Link,
    prefix: String,
    ear: Arc<Ear>,
    task: AbortHandle,
}

/// The side that hears.
#[derive(Debug)]
struct Ear {
    hub: Hub,
    /// Whether the pattern is subscribed, as far as we know.
    open: AtomicBool,
    /// Why not, when it is not.
    cause: ArcSwap<String>,
}

impl From<RedisError> for BusError {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Redis {
    pub(super) async fn open(options: &BusOptions) -> Result<Self, BusError> {
        let client = link::client(&options.url).map_err(BusError::Invalid)?;
        link::namespace(&options.namespace).map_err(BusError::Invalid)?;
        let prefix = format!("{}:b:", options.namespace);
        let ear = Arc::new(Ear {
            hub: Hub::default(),
            open: AtomicBool::new(false),
            cause: ArcSwap::from_pointee("not connected yet".to_owned()),
        });
        let (first, attempted) = oneshot::channel();
        let hearing = Hearing {
            client: client.clone(),
            prefix: prefix.clone(),
            response_timeout: options.response_timeout,
            check_interval: options.check_interval,
        };
        let task = tokio::spawn(hearing.keep(Arc::clone(&ear), first)).abort_handle();
        // The sender is never dropped unused: waiting for it cannot fail.
        let (link, _) = tokio::join!(Link::open(client, options.response_timeout), attempted);
        Ok(Self { link, prefix, ear, task })
    }

    pub(super) async fn check(&self) -> Result<(), BusError> {
        if !self.ear.open.load(Ordering::Acquire) {
            return Err(BusError::Unavailable(self.ear.cause.load().to_string()));
        }
        let mut connection = self.link.connection().map_err(BusError::Unavailable)?;
        Ok(self.link.settle(redis::cmd("PING").exec_async(&mut connection).await)?)
    }

    pub(super) async fn publish(&self, topic: &str, payload: &Bytes) -> Result<(), BusError> {
        let mut connection = self.link.connection().map_err(BusError::Unavailable)?;
        let mut command = redis::cmd("PUBLISH");
        command.arg(format!("{}{topic}", self.prefix)).arg(&payload[..]);
        Ok(self.link.settle(command.exec_async(&mut connection).await)?)
    }

    pub(super) fn subscribe(&self, topic: &str) -> Listener {
        let listener = self.ear.hub.listen(topic);
        // In this order: a connection that opens in between tells of its gap twice rather than never.
        if self.ear.open.load(Ordering::Acquire) { listener.after_gap() } else { listener }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the hearing task knows.
struct Hearing {
    client: Client,
    prefix: String,
    response_timeout: Duration,
    check_interval: Duration,
}

impl Hearing {
    async fn keep(self, ear: Arc<Ear>, first: oneshot::Sender<()>) {
        let mut first = Some(first);
        let mut backoff = Backoff::new();
        loop {
            let cause = match self.connect().await {
                Ok(connection) => {
                    backoff = Backoff::new();
                    ear.open.store(true, Ordering::Release);
                    ear.hub.gap();
                    first.take().map(|first| first.send(()));
                    self.hear(connection, &ear.hub).await
                }
                Err(cause) => cause,
            };
            if ear.open.swap(false, Ordering::AcqRel) || **ear.cause.load() != cause {
                tracing::warn!(%cause, "the bus hears nothing; trying again");
            }
            ear.cause.store(Arc::new(cause));
            first.take().map(|first| first.send(()));
            backoff.wait().await;
        }
    }

    async fn connect(&self) -> Result<PubSub, String> {
        let connect = async {
            let mut connection = self.client.get_async_pubsub().await?;
            // The namespace holds no letter that means something in a pattern.
            connection.psubscribe(format!("{}*", self.prefix)).await?;
            Ok(connection)
        };
        match timeout(CONNECT_TIMEOUT, connect).await {
            Ok(outcome) => outcome.map_err(|error: RedisError| error.to_string()),
            Err(_) => Err("connecting took too long".to_owned()),
        }
    }

    /// Returns why nothing more can be heard.
    async fn hear(&self, connection: PubSub, hub: &Hub) -> String {
        let (mut sink, mut messages) = connection.split();
        loop {
            tokio::select! {
                message = messages.next() => {
                    let Some(message) = message else { return "the connection was closed".to_owned() };
                    let topic = message.get_channel_name().strip_prefix(&self.prefix);
                    // Larger ones are not ours: we send none.
                    if let Some(topic) = topic && message.get_payload_bytes().len() <= MAX_PAYLOAD {
                        hub.deliver(topic, Bytes::copy_from_slice(message.get_payload_bytes()));
                    }
                }
                () = sleep(self.check_interval) => {
                    match timeout(self.response_timeout, sink.ping::<redis::Value>()).await {
                        Ok(Ok(_)) => {}
                        Ok(Err(error)) => return error.to_string(),
                        Err(_) => return "redis does not answer".to_owned(),
                    }
                }
            }
        }
    }
}
