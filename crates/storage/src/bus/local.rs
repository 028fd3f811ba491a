//! The local engine: one node speaks to itself.

use bytes::Bytes;

use super::hub::{Hub, Listener};

#[derive(Debug, Default)]
pub(super) struct Local(Hub);

impl Local {
    pub(super) fn publish(&self, topic: &str, payload: Bytes) {
        self.0.deliver(topic, payload);
    }

    pub(super) fn subscribe(&self, topic: &str) -> Listener {
        self.0.listen(topic).after_gap()
    }
}
