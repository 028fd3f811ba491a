//! The connections, and who may use them.
//!
//! A unit takes a [`Lease`]. A session goes back to the others only by [`Lease::give_back`], said by a
//! transaction that has ended in order; whatever else happens to a lease (an error, a panic, a caller
//! that went away), dropping it closes the connection, and the server rolls back. So no connection
//! can come back inside an open transaction.
//!
//! Deliberately absent: a crate for pooling, since nobody polls idle connections (see
//! [`Session`]) and what is left is a list behind a semaphore; transaction-mode poolers in front of the
//! server are not supported, because the role is set for the session.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{connect::Connector, session::Session};
use crate::store::StoreError;

/// Units that may wait for a connection; one more is told [`StoreError::Busy`].
const QUEUE: usize = 1_024;
/// How long one may wait before it is told the same.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    /// Last in, first out: few warm connections rather than many cold ones.
    idle: Mutex<Vec<Session>>,
    connections: Arc<Semaphore>,
    queue: Semaphore,
}

impl Pool {
    pub(super) fn new(connector: Connector, size: usize) -> Self {
        Self {
            connector,
            idle: Mutex::default(),
            connections: Arc::new(Semaphore::new(size)),
            queue: Semaphore::new(QUEUE),
        }
    }

    /// A connection that is alive, as far as one can tell without asking the server.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let permit = self.permit().await?;
        while let Some(mut session) = self.idle().pop() {
            if session.is_alive() {
                return Ok(Lease { session, home: Some((self.clone(), permit)) });
            }
        }
        let session = self.connector.connect().await?;
        Ok(Lease { session, home: Some((self.clone(), permit)) })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        if let Ok(permit) = self.connections.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.queue.try_acquire().map_err(|_| StoreError::Busy)?;
        match timeout(PATIENCE, self.connections.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(StoreError::Busy),
        }
    }

    fn is_waited_for(&self) -> bool {
        self.queue.available_permits() < QUEUE
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session in use.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) session: Session,
    /// Where it came from; the owner's connections come from nowhere and are used once.
    home: Option<(Arc<Pool>, OwnedSemaphorePermit)>,
}

impl Lease {
    /// A session that goes back to nobody.
    pub(super) const fn alone(session: Session) -> Self {
        Self { session, home: None }
    }

    /// Lets others use the session. Its transaction must have ended, or its end must have been sent or
    /// be owed: whoever waits for the session takes it at once and pays, else it is paid now.
    pub(super) fn give_back(mut self) {
        if let Some((pool, permit)) = self.home.take() {
            if !pool.is_waited_for() {
                self.session.pay();
            }
            pool.idle().push(self.session);
            drop(permit);
        }
    }
}
