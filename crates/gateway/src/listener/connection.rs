//! What the requests of one connection have in common.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::transform::Peer;

/// One connection, as its requests see it.
pub(crate) struct Connection {
    /// Who is at the other end.
    pub(crate) peer: Peer,
    /// The data-plane thread.
    pub(crate) worker: usize,
}

/// Counts the requests of an HTTP/2 connection that are being answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<AtomicU32>);

impl Requests {
    /// Counts one more until the value is dropped.
    pub(super) fn enter(&self) -> Active {
        self.0.fetch_add(1, Ordering::Relaxed);
        Active(self.clone())
    }

    pub(super) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// One request that is being answered.
#[derive(Debug)]
pub(crate) struct Active(Requests);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
