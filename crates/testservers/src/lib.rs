//! Private PostgreSQL, Redis and mail servers for tests.
//!
//! A test asks for a [`postgres()`] database or a [`redis()`] space and gets one of its own, empty,
//! on a server that the first test of the run started and all others share: nextest runs every test in
//! a process of its own, and a server for each would cost a second each. A test that wants to stop,
//! kill and restart a server takes a [`PrivatePostgres`] or a [`PrivateRedis`].
//!
//! Invariants:
//! - Database servers come from the machine's packages, listen on a free port of 127.0.0.1, want a random
//!   password, and keep everything in the temporary directory.
//! - Nothing outlives the run, also when a test is killed: each server has a supervising shell that ends
//!   it when its owner is gone (see `supervise.sh`) and removes its files.
//! - A server that cannot be had is a failed test with a sentence that says what to install, never a
//!   skipped one.
//!
//! [`SmtpServer`] speaks SMTP over real sockets and TLS, in the test's own process.
//!
//! Deliberately absent: any knowledge of our own crates, schemas or clients; durability against the
//! loss of power (`fsync` is off; a killed server still recovers everything it had acknowledged,
//! because the operating system keeps what was written).

mod failure;
mod machine;
mod postgres;
mod redis;
mod run;
mod smtp;
mod supervisor;

pub use postgres::{PgDatabase, PrivatePostgres, postgres};
pub use redis::{PrivateRedis, RedisSpace, redis};
pub use smtp::{SmtpMail, SmtpSecurity, SmtpServer};

#[cfg(test)]
mod tests;
