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
//! On one machine nothing here awaits: the answer comes from memory (`local.rs`, which also says what
//! happens when there are more keys than room). With a shared limiter
//! that is away, [`WhenAway`] decides between this node's share and a 503.
//!
//! Deliberately absent: concurrency limits and quotas by calendar month; knowledge of Redis (that is
//! behind the [`SharedLimiter`] port).

mod backend;
mod config;
mod local;
mod rules;
mod shared;
mod subject;
mod taken;

pub use backend::{Limits, LimitsStats};
pub use config::{InvalidLimitBy, LimitBy, LimitConfig, LimitSettings, LimitWhen, WhenAway};
pub(crate) use local::{LocalLimiter, Take};
pub use rules::{InvalidRules, MAX_RULES, Rules};
pub use shared::{Backend, SharedLimiter, SharedTake, SharedUnavailable};
pub use subject::Caller;
pub use taken::Taken;

kernel::problems! {
    /// A rate limit is used up; the detail names it.
    pub EXCEEDED = 429 "limit.exceeded" "Too many requests" "Wait for the time in Retry-After, then try again.";
}

#[cfg(test)]
mod tests;
