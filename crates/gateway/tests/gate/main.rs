//! The gate as its clients and upstreams see it: over real sockets, byte for byte.

#![expect(clippy::expect_used, reason = "this crate is test code")]

mod acme;
mod cache;
mod content;
mod discovery;
mod failures;
mod fallback;
mod farewell;
mod forward_auth;
mod forwarding;
mod grpc;
mod harness;
mod health;
mod http2_abuse;
mod hygiene;
mod idle;
mod in_process;
mod lifecycle;
mod limits;
mod mmdb;
mod overload;
mod perimeter;
mod pki;
mod proxy_protocol;
mod refusals;
mod resilience;
mod routing;
mod shedding;
mod streaming;
mod tls;
mod traffic;
mod transforms;
mod upgrades;
mod upstream_tls;
mod websockets;
