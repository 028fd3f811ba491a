//! What nodes share: the stories of the key-value store and of the bus, told on every engine.

#![expect(clippy::expect_used, reason = "this crate is test code")]

mod bus;
mod kv;
mod limits;
mod limits_equal;
mod outage;
mod slots;
mod support;
