//! The identity provider.
//!
//! One folder is one noun. A slice has a face (the file of its name) that says what it is
//! for, a `model` (parsed types and pure decisions), a `service` (load → decide → commit: the change,
//! its audit row and its feed entry in one transaction), a `store` (its SQL, one text for both
//! databases) and `routes` (DTO ↔ model). Slices call each other through their faces only, along a
//! graph without circles, drawn in ARCHITECTURE.md.
//!
//! Deliberately absent: listeners (requests arrive through the gate, see
//! [`kernel::RequestContext`]), any `if` about which database runs.

pub mod api;
pub mod api_keys;
pub mod assertions;
pub mod attributes;
pub mod audit;
pub mod auth;
pub mod authz;
pub mod branding;
pub mod core;
pub mod devices;
pub mod gateway_config;
pub mod http;
mod identity;
pub mod imports;
pub mod keys;
pub mod language;
pub mod leaving;
pub mod mfa;
pub mod new_password;
pub mod outbox;
pub mod outgoing;
pub mod passkeys;
pub mod passwords;
pub mod preferences;
pub mod proof_of_work;
pub mod proofs;
pub mod publish;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod strength;
mod sweep;
pub mod templates;
pub mod tenants;
#[cfg(test)]
pub(crate) mod testing;
pub mod tokens;
mod trouble;
pub mod users;
pub mod users_admin;
pub mod vault;
pub mod verification;

pub use crate::{
    core::Core,
    identity::{Identity, IdentityParts, OpenIdentityError},
    settings::Settings,
};
