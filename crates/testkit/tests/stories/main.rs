//! The whole program, told as stories: what a person, a program and an attacker meet, on every database
//! and key-value store. One binary, because linking the program is what a test costs most.

mod accounts;
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
mod single_use;
mod stranger;
mod targets;
mod two_nodes;
mod unversioned;
mod verification;
