//! `discover`: where an upstream's targets are learned from, beside those that are written down.

use kernel::principal::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duration;

/// Where targets are learned from: `discover = { from = "dns", name = "orders.internal", port = 8080 }`.
///
/// A source that fails keeps the last set of targets; `/health` says so. At most 256 targets are used. What a
/// source says is data: only addresses are taken, never credentials, paths or other hosts, and none of this
/// machine, of the link or of everybody (`127.0.0.1`, `169.254.0.0/16`, multicast) unless `networks` names
/// them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscoverConfig {
    /// `file`, `dns` (A and AAAA), `srv`, `consul` or `kubernetes`.
    pub from: DiscoverFrom,
    /// For `file`: the file, TOML or (ending in `.json`) JSON: `targets = ["http://10.0.0.1:8080"]`, as in the
    /// configuration itself. It is looked at every `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is asked for: a name (`dns`, `srv`) or a service (`consul`, `kubernetes`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For `dns`: the targets' port. For `kubernetes`: the port, when the service has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// For `dns` and `srv`: the server to ask, `10.0.0.2:53`; the system's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<std::net::SocketAddr>,
    /// For `consul` and `kubernetes`: where its API is. `http://127.0.0.1:8500` and
    /// `https://kubernetes.default.svc` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub url: Option<String>,
    /// For `consul` and `kubernetes`: the file with the API's token; it is read anew for every connection. A
    /// pod's own when left out (`kubernetes`), or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<String>,
    /// For `consul` and `kubernetes`: certificate authorities of the API, PEM. A pod's own when left out
    /// (`kubernetes`), or the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// For `consul`: only instances with this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// For `consul`: the datacenter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// For `consul` (enterprise) and `kubernetes`: the namespace; `default` for `kubernetes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Whether the targets are spoken to over TLS.
    #[serde(default)]
    pub tls: bool,
    /// Only addresses in these ranges are used; every address but those named above when empty.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub networks: Vec<Network>,
    /// Shortest time between two looks; 100ms to 1h. DNS is asked when its answers expire, not earlier than
    /// this and at least every 5 minutes.
    #[serde(default = "default_interval")]
    pub interval: Duration,
}

fn default_interval() -> Duration {
    Duration::from_secs(1)
}

/// Where targets are learned from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscoverFrom {
    /// A file that is watched.
    File,
    /// Addresses of a name (A, AAAA).
    Dns,
    /// Service records of a name (RFC 2782).
    Srv,
    /// Instances of a service that pass their checks in Consul.
    Consul,
    /// Ready endpoints of a service in Kubernetes.
    Kubernetes,
}
