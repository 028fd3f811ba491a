//! The whole program, told as stories: what a person, a program and an attacker meet, on every database
//! and key-value store. One binary, because linking the program is what a test costs most.

#![expect(clippy::expect_used, reason = "this crate is test code")]

/// Tells these stories on both databases and key-value stores.
macro_rules! on_both {
    ($($name:ident;)*) => {
        mod sqlite {
            use testkit::Backend;
            $(#[tokio::test] async fn $name() { super::$name(Backend::SqliteAndMemory).await })*
        }
        mod postgresql {
            use testkit::Backend;
            $(#[tokio::test] async fn $name() { super::$name(Backend::PostgresAndRedis).await })*
        }
    };
}
use on_both;

mod accounts;
mod attributes;
mod branding;
mod cache;
mod devices;
mod enumeration;
mod forward_auth;
mod gateway_config;
mod journey;
mod leaving;
mod limits;
mod messages;
mod mfa;
mod pages;
mod passkeys;
mod second_passkey;
mod single_use;
mod stranger;
mod targets;
mod two_nodes;
mod unversioned;
mod verification;
