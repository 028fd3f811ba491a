//! Ready endpoints of a service in Kubernetes, by its EndpointSlices: a list, then a watch that waits for
//! whatever changes, then a list again. With a pod's own service account that needs `list` and `watch` of
//! `endpointslices` in the namespace.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

use super::{found::Found, http::Api};
use crate::config::DiscoverConfig;

/// How long a watch is held.
const WAIT: Duration = Duration::from_secs(60);

const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const CA: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

/// A service.
#[derive(Debug)]
pub(super) struct Kubernetes {
    api: Api,
    target: String,
    port: Option<u16>,
    /// Where the last list stood.
    version: Option<String>,
}

#[derive(Deserialize)]
struct List {
    metadata: Metadata,
    items: Vec<Slice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slice {
    address_type: String,
    #[serde(default)]
    endpoints: Option<Vec<Endpoint>>,
    #[serde(default)]
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
struct Endpoint {
    addresses: Vec<String>,
    #[serde(default)]
    conditions: Conditions,
}

#[derive(Deserialize, Default)]
struct Conditions {
    ready: Option<bool>,
}

#[derive(Deserialize)]
struct Port {
    port: Option<u16>,
}

impl Kubernetes {
    pub(super) fn new(config: &DiscoverConfig) -> Result<Self, String> {
        let url = config.url.as_deref().unwrap_or("https://kubernetes.default.svc");
        let in_pod = config.url.is_none();
        let or_own = |file: &Option<String>, own: &str| file.clone().or_else(|| in_pod.then(|| own.to_owned()));
        let (token, ca) = (or_own(&config.token_file, TOKEN), or_own(&config.ca_file, CA));
        let api = Api::new(url, token, ca, ("authorization", "Bearer "))?;
        // Names have been found to be plain.
        let target = format!(
            "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{}",
            config.namespace.as_deref().unwrap_or("default"),
            config.name.as_deref().unwrap_or_default(),
        );
        Ok(Self { api, target, port: config.port, version: None })
    }

    /// The endpoints, once they may have changed.
    pub(super) async fn next(&mut self) -> Result<Vec<Found>, String> {
        if let Some(version) = self.version.take() {
            let watch = format!("{}&watch=1&resourceVersion={version}&timeoutSeconds={}", self.target, WAIT.as_secs());
            self.api.first_word(&watch, WAIT).await?;
        }
        let (_, list) = self.api.ask::<List>(&self.target, Duration::ZERO).await?;
        let version = list.metadata.resource_version;
        let is_plain = !version.is_empty() && version.len() <= 64 && version.bytes().all(|b| b.is_ascii_alphanumeric());
        self.version = Some(version).filter(|_| is_plain);
        Ok(list.items.iter().flat_map(|slice| slice.found(self.port)).collect())
    }
}

impl Slice {
    fn found(&self, wanted: Option<u16>) -> Vec<Found> {
        if self.address_type == "FQDN" {
            return Vec::new();
        }
        let ports = self.ports.iter().flatten().filter_map(|port| port.port);
        let Some(port) = ports.into_iter().find(|port| wanted.is_none_or(|wanted| *port == wanted)) else {
            return Vec::new();
        };
        let ready = self.endpoints.iter().flatten().filter(|endpoint| endpoint.conditions.ready != Some(false));
        let addresses = ready.flat_map(|endpoint| &endpoint.addresses);
        let address = |text: &String| Some(Found { address: (text.parse::<IpAddr>().ok()?, port).into(), weight: 1 });
        addresses.filter_map(address).collect()
    }
}
