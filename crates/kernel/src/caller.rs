//! Whether anybody still waits for an answer.

use std::sync::{Arc, Weak};

/// Held by whoever waits for an answer, for as long as they do.
#[derive(Debug, Default)]
pub struct Waiting(Arc<()>);

impl Waiting {
    /// What tells those who work on the answer.
    pub fn caller(&self) -> Caller {
        Caller(Arc::downgrade(&self.0))
    }
}

/// Whoever asked. Work that is worth nothing without them, and has not begun, need not be done.
#[derive(Clone, Debug)]
pub struct Caller(Weak<()>);

impl Caller {
    /// Whether they have gone away.
    pub fn has_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_gone_when_nobody_waits() {
        let waiting = Waiting::default();
        let caller = waiting.caller();
        assert!(!caller.clone().has_gone());
        drop(waiting);
        assert!(caller.has_gone());
    }
}
