//! Instances of a service in Consul that pass their checks, by blocking queries: a question waits until the
//! answer differs from the last one (`index`), so changes are known at once and nothing is asked in vain.
//!
//! The index is believed only as far as Consul's documentation says: one that went back, or is zero, starts anew.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

use super::{found::Found, http::Api};
use crate::config::DiscoverConfig;

/// How long Consul holds a question whose answer does not change.
const WAIT: Duration = Duration::from_secs(55);

/// A service.
#[derive(Debug)]
pub(super) struct Consul {
    api: Api,
    target: String,
    index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    node: Node,
    service: Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    /// Empty when it is the node's.
    #[serde(default)]
    address: String,
    port: u16,
    #[serde(default)]
    weights: Option<Weights>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Weights {
    passing: i64,
}

impl Consul {
    pub(super) fn new(config: &DiscoverConfig) -> Result<Self, String> {
        let url = config.url.as_deref().unwrap_or("http://127.0.0.1:8500");
        let api = Api::new(url, config.token_file.clone(), config.ca_file.clone(), ("x-consul-token", ""))?;
        // Names have been found to be plain.
        let mut target = format!("/v1/health/service/{}?passing=true", config.name.as_deref().unwrap_or_default());
        for (key, value) in [("tag", &config.tag), ("dc", &config.datacenter), ("ns", &config.namespace)] {
            if let Some(value) = value {
                target.push_str(&format!("&{key}={value}"));
            }
        }
        Ok(Self { api, target, index: 0 })
    }

    /// The instances, once they may have changed.
    pub(super) async fn next(&mut self) -> Result<Vec<Found>, String> {
        let waiting = format!("{}&index={}&wait={}s", self.target, self.index, WAIT.as_secs());
        // Consul adds a sixteenth of the wait at random.
        let patience = WAIT + WAIT / 8;
        let asked = match self.index {
            0 => self.api.ask::<Vec<Entry>>(&self.target, Duration::ZERO).await,
            _ => self.api.ask::<Vec<Entry>>(&waiting, patience).await,
        };
        let (head, entries) = asked.inspect_err(|_| self.index = 0)?;
        let index = head.headers().get("x-consul-index").and_then(|index| index.to_str().ok()?.parse().ok());
        let index = index.ok_or_else(|| "the answer has no X-Consul-Index".to_owned())?;
        self.index = if index < self.index { 0 } else { index };
        Ok(entries.iter().filter_map(Entry::found).collect())
    }
}

impl Entry {
    /// Where the instance is; only addresses are taken.
    fn found(&self) -> Option<Found> {
        let own = Some(self.service.address.as_str()).filter(|own| !own.is_empty());
        let ip: IpAddr = own.unwrap_or(&self.node.address).parse().ok()?;
        let weight = self.service.weights.as_ref().and_then(|weights| u16::try_from(weights.passing).ok());
        Some(Found { address: (ip, self.service.port).into(), weight: weight.unwrap_or(1) })
    }
}
