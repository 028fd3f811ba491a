//! The one binary, as a library: configuration, command line and the composition of every room.
//!
//! This is the only crate that sees all others. It holds no logic of a request: what happens to one is
//! in `gateway` and `identity`.

pub mod app;
pub mod catalogue;
pub mod cli;
pub mod config;
mod demo;
pub mod operator;
pub mod pages;
mod reload;
pub mod secrets;
