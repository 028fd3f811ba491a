//! One multiplexed connection to Redis that mends itself.
//!
//! A task of its own connects, watches and connects again; callers only read what it keeps. So a call
//! while Redis is away fails at once instead of waiting for a connection, and a call costs no lock.
//! The task lives on the runtime that opened the link, whichever runtimes the callers live on.
//!
//! Deliberately absent: retrying a command. A command whose connection broke may have been executed,
//! and only the caller knows whether it may be repeated.

use std::{sync::Arc, time::Duration};

use arc_swap::{ArcSwap, ArcSwapOption};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, RedisError, RedisResult, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, oneshot},
    task::AbortHandle,
    time::{sleep, timeout},
};

/// How long connecting may take, with its handshake.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a healthy connection is left alone. Shorter than what usual middleboxes forget, and the
/// longest that a connection which died silently goes unnoticed while nobody uses it.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Waits between attempts to connect: doubled from the first to the last.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LAST: Duration = Duration::from_secs(2);

    pub(crate) const fn new() -> Self {
        Self(Self::FIRST)
    }
    pub(crate) async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(Self::LAST);
    }
}

/// Reads a URL. The error says what to write instead.
pub(crate) fn client(url: &str) -> Result<Client, &'static str> {
    let client = Client::open(url).map_err(
        |_| "the Redis URL is not valid: write redis://[user:password@]host[:port][/db], or rediss:// for TLS",
    )?;
    if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
        // The client takes the process's provider. The program installs it at start; whoever uses this
        // room alone (a test) gets the same one. An error means that there is one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    Ok(client)
}

/// Checks what keys and channels begin with: letters without a meaning in a pattern of Redis, and no
/// colon, which ends the namespace, so that none is the beginning of another.
pub(crate) fn namespace(name: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match name.len() {
        1..=64 if name.bytes().all(plain) => Ok(()),
        _ => Err("a namespace has 1 to 64 letters, digits, or any of -_."),
    }
}

/// The link. Ends its task when dropped.
#[derive(Debug)]
pub(crate) struct Link {
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    connection: ArcSwapOption<MultiplexedConnection>,
    /// Why there is no connection, when there is none.
    cause: ArcSwap<String>,
    /// Somebody saw the connection fail.
    suspect: Notify,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("connected", &self.connection.load().is_some()).finish_non_exhaustive()
    }
}

impl Link {
    /// Opens the link and waits for the outcome of the first attempt to connect, a second at most. A
    /// server that is away is no error: the link keeps trying.
    pub(crate) async fn open(client: Client, response_timeout: Duration) -> Self {
        let state = Arc::new(State {
            connection: ArcSwapOption::empty(),
            cause: ArcSwap::from_pointee("not connected yet".to_owned()),
            suspect: Notify::new(),
        });
        let (first, attempted) = oneshot::channel();
        let task = tokio::spawn(keep(Arc::clone(&state), client, response_timeout, first)).abort_handle();
        // The sender is never dropped unused: this cannot fail.
        let _ = attempted.await;
        Self { state, task }
    }

    /// A handle on the connection, or why there is none.
    pub(crate) fn connection(&self) -> Result<MultiplexedConnection, String> {
        match self.state.connection.load().as_deref() {
            Some(connection) => Ok(connection.clone()),
            None => Err(self.state.cause.load().to_string()),
        }
    }

    /// Looks at the outcome of a command: one that speaks of a broken connection has it examined.
    pub(crate) fn settle<T>(&self, outcome: RedisResult<T>) -> Result<T, RedisError> {
        outcome.inspect_err(|error| {
            if error.is_io_error() || error.is_unrecoverable_error() {
                self.state.suspect.notify_one();
            }
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(state: Arc<State>, client: Client, response_timeout: Duration, first: oneshot::Sender<()>) {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(response_timeout));
    let mut first = Some(first);
    let mut backoff = Backoff::new();
    loop {
        let attempt = client.get_multiplexed_async_connection_with_config(&config).await;
        let error = match attempt {
            Ok(connection) => {
                tracing::info!("connected to redis");
                backoff = Backoff::new();
                state.connection.store(Some(Arc::new(connection.clone())));
                first.take().map(|first| first.send(()));
                watch(&state, connection).await
            }
            Err(error) => error,
        };
        let cause = error.to_string();
        if state.connection.swap(None).is_some() || **state.cause.load() != cause {
            tracing::warn!(%cause, "redis is unavailable; trying again");
        }
        state.cause.store(Arc::new(cause));
        first.take().map(|first| first.send(()));
        backoff.wait().await;
    }
}

/// Returns why the connection is of no more use. A call that timed out alone does not decide that:
/// dropping the connection would fail everybody's calls.
async fn watch(state: &State, mut connection: MultiplexedConnection) -> RedisError {
    loop {
        // Either way it is time to look.
        let _ = timeout(CHECK_INTERVAL, state.suspect.notified()).await;
        if let Err(error) = redis::cmd("PING").exec_async(&mut connection).await {
            return error;
        }
    }
}
