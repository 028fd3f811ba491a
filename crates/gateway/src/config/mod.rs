//! What an operator writes about the gate: `[server.http]`, `[server.tls]`, `[server.proxy_protocol]`, `[upstreams.NAME]` and `[[routes]]`.
//!
//! Types here are the text of the file, nothing more: they parse, print their schema, and are compared
//! to find out what a reload changes. [`GatewayConfig::validate`] finds everything that a type cannot
//! say (references, conflicts, ranges) and reports it all at once. Compiled forms live with the stage
//! that uses them. Deliberately absent: reading files and environment, which is the binary's.

mod check;
mod conflicts;
mod discovery;
mod findings;
mod health;
mod http;
mod resilience;
mod route;
mod shedding;
mod tls;
mod units;
mod upstream;

pub(crate) use check::check_target;
pub use discovery::{DiscoverConfig, DiscoverFrom};
pub use findings::ConfigProblem;
pub(crate) use findings::Findings;
pub use health::{CheckConfig, EjectConfig, SameSite, StickyConfig};
pub use http::HttpConfig;
pub use resilience::{
    BreakerConfig, BreakerScope, ConcurrencyConfig, FallbackConfig, HedgeAfter, InvalidHedge, InvalidTrouble,
    RetryConfig, Trouble,
};
pub use route::{AuthConfig, AuthKind, MatchConfig, OneOrMany, RouteConfig};
pub use shedding::{Importance, SheddingConfig};
pub use tls::{CertificateFiles, ClientAuth, ProxyProtocolConfig, TlsConfig, TlsVersion, UpstreamTlsConfig, Verify};
pub use units::{Duration, InvalidDuration, InvalidPercent, InvalidSize, Percent, Size};
pub use upstream::{Balance, HashBy, Protocol, TargetConfig, UpstreamConfig};

pub use crate::{
    acme::AcmeConfig,
    cache::{CacheBy, CacheConfig},
    compress::{Algorithm as CompressAlgorithm, CompressConfig},
    cors::CorsConfig,
    forward_auth::ForwardAuthConfig,
    json::JsonEditsConfig,
    limit::{LimitBy, LimitConfig},
    perimeter::{ClientsConfig, GuardConfig},
    traffic::{AbortConfig, DelayConfig, FaultConfig, MirrorConfig, SplitConfig},
    transform::{EditsConfig, RequestEditsConfig, ResponseEditsConfig},
    validate::ValidateConfig,
    version::{VersionConfig, VersionsConfig},
};

use std::collections::BTreeMap;

/// Everything the gate is configured with, apart from where it listens.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GatewayConfig {
    /// `[server.http]`.
    pub http: HttpConfig,
    /// `[server.tls]`.
    pub tls: Option<TlsConfig>,
    /// `[server.proxy_protocol]`.
    pub proxy_protocol: Option<ProxyProtocolConfig>,
    /// `[guard]`.
    pub guard: GuardConfig,
    /// `[forward_auth]`.
    pub forward_auth: Option<ForwardAuthConfig>,
    /// `[upstreams.NAME]`.
    pub upstreams: BTreeMap<String, UpstreamConfig>,
    /// `[[routes]]`, in the order of the file.
    pub routes: Vec<RouteConfig>,
    /// `server.zone`: where this gate runs.
    pub zone: Option<String>,
}

#[cfg(test)]
mod tests;
