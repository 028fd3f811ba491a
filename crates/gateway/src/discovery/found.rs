//! What a source has found, made into targets: what is not an address that may be used is left out.

use std::net::{IpAddr, SocketAddr};

use kernel::principal::Network;

use crate::config::TargetConfig;

/// Most targets of one upstream. Of more, the same ones are used on every node.
pub(super) const MAX_TARGETS: usize = 256;

/// Which addresses may be used, and how they are spoken to.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) tls: bool,
    pub(super) networks: Vec<Network>,
}

/// One address that a source has found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Found {
    pub(super) address: SocketAddr,
    pub(super) weight: u16,
}

impl Rules {
    /// The targets, in one order, each once; and how many were left out.
    pub(super) fn targets(&self, mut found: Vec<Found>) -> (Vec<TargetConfig>, usize) {
        let all = found.len();
        found.retain(|found| found.address.port() != 0 && self.allow(found.address.ip()));
        found.sort_unstable();
        found.dedup_by_key(|found| found.address);
        found.truncate(MAX_TARGETS);
        let scheme = if self.tls { "https" } else { "http" };
        let targets: Vec<TargetConfig> = found
            .iter()
            .map(|found| TargetConfig {
                weight: found.weight.clamp(1, 256),
                ..TargetConfig::new(format!("{scheme}://{}", found.address))
            })
            .collect();
        let left_out = all - targets.len();
        (targets, left_out)
    }

    fn allow(&self, address: IpAddr) -> bool {
        // An IPv4 address in IPv6 clothes is what it is.
        let address = address.to_canonical();
        if !self.networks.is_empty() {
            return self.networks.iter().any(|network| network.contains(address));
        }
        !match address {
            IpAddr::V4(v4) => {
                v4.is_loopback()
                    || v4.is_link_local()
                    || v4.is_unspecified()
                    || v4.is_multicast()
                    || v4.is_broadcast()
                    || v4.octets()[0] == 0
            }
            IpAddr::V6(v6) => {
                v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()
            }
        }
    }
}
