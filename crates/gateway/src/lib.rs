//! The gate: every request goes through one pipeline.

pub mod config;
pub mod guard;
pub mod route;
