//! HTTP/1.1 (RFC 9112), on both sides of the gate.
//!
//! A message is read once, strictly, and written once: what frames a message is decided here and never
//! copied from one side to the other. Connections are state machines driven by the task that needs them,
//! without tasks or channels of their own, because at the edge those cost more than the work itself.
//!
//! Deliberately absent: HTTP/2, which hyper speaks.

mod ahead;
mod client;
mod decode;
mod encode;
mod request_head;
mod response_head;
mod server;
mod timer;
mod wire;

pub(crate) use ahead::Ahead;
pub(crate) use client::{Client, Error};
pub(crate) use encode::{RequestHead, ResponseHead, Sent, last_chunk};
pub(crate) use server::{Bounds, Next, Server, ServerBody, framing};
pub(crate) use timer::Timer;
pub(crate) use wire::Outbox;

#[cfg(any(test, fuzzing))]
pub(crate) use request_head::HeadReader;

/// A request head that was read, written down again.
#[cfg(any(test, fuzzing))]
pub(crate) fn rewrite_request(head: &request_head::RequestHead, host: &http::HeaderValue, target: &str) -> Vec<u8> {
    let sent = match head.framing {
        decode::Framing::Length(0) => Sent::Nothing,
        decode::Framing::Length(length) => Sent::Length(length),
        decode::Framing::Chunked | decode::Framing::UntilClose => Sent::Chunked,
    };
    let (method, headers) = (&head.parts.method, &head.parts.headers);
    let mut out = Vec::new();
    encode::request(&mut out, &RequestHead { method, target, host, headers, upgrade: false }, sent);
    out
}

#[cfg(test)]
mod tests;
