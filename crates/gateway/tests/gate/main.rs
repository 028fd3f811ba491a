//! The gate as its clients and upstreams see it: over real sockets, byte for byte.

mod content;
mod discovery;
mod failures;
mod fallback;
mod forwarding;
mod harness;
mod health;
mod http2_abuse;
mod hygiene;
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
