//! How much may they? Rate limits of routes and of credentials.
//!
//! A route has [`Rules`]; a request meets all of them at once, and those of its own credential on top.
//! **All or nothing**: a refusal by one rule takes nothing from the others. **Exact**: N are allowed,
//! the N+1st is refused, also when fifty ask at the same instant, and across nodes when the backend is
//! [shared](Backend::Shared).
//!
//! Who is counted follows the rule's [`LimitBy`]. A subject that a request does not have (a rule by user on
//! an anonymous request, a header that was not sent) falls back to the client's address, so that
//! leaving something out never escapes a limit. IPv6 clients are counted by /64: a single subscriber
//! owns that many addresses.
//!
//! A limit counts units in a window (`rate`), in a calendar day or month (`quota`), or requests that are
//! running (`concurrent`). What a request holds is a [`Permit`]: dropped with its record, when the last byte
//! of the response is out or the tunnel has closed, it gives the slot back; a node that dies loses its slots
//! when their lease ends.
//!
//! On one machine nothing here awaits: the answer comes from memory (`local.rs`, which also says what
//! happens when there are more keys than room; `book.rs` for what is held). Quotas survive a restart: their
//! units are set aside in the database, some at a time, before they are handed out. With a shared limiter
//! everything is one question, and while it is away [`WithoutKv`] decides between this node's share, a 503,
//! and passing.
//!
//! Deliberately absent: knowledge of Redis and of databases (they are behind the ports in `shared.rs`).

mod backend;
mod book;
mod by;
mod config;
mod here;
mod local;
mod measure;
mod permit;
mod question;
mod rules;
mod shared;
mod subject;
mod taken;

pub use backend::{Limits, LimitsStats};
use book::SLOT_WAIT;
pub use by::{InvalidLimitBy, LimitBy};
pub use config::{LimitConfig, LimitSettings, LimitWhen, WithoutKv};
pub(crate) use local::{LocalLimiter, Take};
use measure::Measure;
pub use measure::{HeaderCost, InvalidQuota, LimitCost, Quota};
pub use permit::Permit;
pub use rules::{InvalidRules, MAX_RULES, Rules};
pub use shared::{
    Backend, LEASE, QuotaPeriod, QuotaStore, Reserve, Reserved, SharedAsk, SharedHold, SharedLimiter, SharedSlot,
    SharedTake, SharedUnavailable,
};
pub use subject::Caller;
pub use taken::Taken;

kernel::problems! {
    /// A rate limit is used up; the detail names it.
    pub EXCEEDED = 429 "limit.exceeded" "Too many requests" "Wait for the time in Retry-After, then try again.";
}

#[cfg(test)]
mod tests;
