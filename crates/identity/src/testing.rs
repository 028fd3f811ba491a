#![allow(dead_code, unused_imports, reason = "helpers for tests of every slice; not each is used at any time")]

//! What tests of every slice start from: a whole identity service over its own database, in memory
//! and without the gate. Requests reach the router with the context that the gate would give them.

mod call;
mod node;

pub(crate) use call::Reply;
pub(crate) use node::{Limiter, START, TestCore, parts, settings};
