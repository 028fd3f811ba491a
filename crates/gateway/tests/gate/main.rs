//! The gate as its clients and upstreams see it: over real sockets, byte for byte.

mod failures;
mod forwarding;
mod harness;
mod hygiene;
mod in_process;
mod lifecycle;
mod limits;
mod mmdb;
mod perimeter;
mod pki;
mod proxy_protocol;
mod refusals;
mod resilience;
mod routing;
mod streaming;
mod traffic;
mod tls;
mod transforms;
mod upgrades;
