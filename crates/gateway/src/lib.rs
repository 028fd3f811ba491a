//! The gate: every request goes through one pipeline.

pub mod authn;
pub mod authz;
pub mod config;
pub mod guard;
pub mod limit;
pub mod route;
pub mod tenant;
