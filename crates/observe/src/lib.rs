//! What happened: the parts that watch the others.
//!
//! * [`metrics`]: numbers for Prometheus, labelled only by what is configured.
//! * [`access`]: one line for each finished request, written beside the request's path.
//! * [`logging`]: the log of the process itself, cleaned of secrets.
//! * [`health`]: how every part is, checked in the background.
//! * [`Observer`]: the gate's [`kernel::exchange::Recorder`] over metrics and access log.
//!
//! Nothing here blocks a request: counters are atomics, lines go to memory, and a slow disk costs lines
//! (which are counted) rather than latency.
//!
//! Deliberately absent: HTTP (bodies are handed to whoever serves them), traces, search and alerts.

pub mod access;
pub mod health;
pub mod logging;
pub mod metrics;
mod observer;
mod redact;

pub use observer::Observer;
