//! Addresses and service records of a name, asked for anew when they expire.
//!
//! Of service records (RFC 2782) those of the lowest priority value are used, by weight. A server that does not
//! answer, or says that there is nothing, changes nothing: it is more often a mistake than meant.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType},
};

use super::found::{Found, MAX_TARGETS};

/// Longest time between two questions, however long answers are valid.
const MAX_TTL: Duration = Duration::from_secs(300);

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A name to look up.
pub(super) struct Dns {
    resolver: TokioResolver,
    name: String,
    /// The port of the addresses; absent for service records, which have their own.
    port: Option<u16>,
}

impl Dns {
    /// `server`: whom to ask instead of the system's servers.
    pub(super) fn new(name: &str, port: Option<u16>, server: Option<SocketAddr>) -> Result<Self, String> {
        let mut builder = match server {
            None => Resolver::builder_tokio().map_err(|error| error.to_string())?,
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        // What expires is asked for by us, in time.
        options.cache_size = 0;
        options.timeout = PATIENCE;
        let resolver = builder.build().map_err(|error| error.to_string())?;
        // A full name is not looked for in the system's own domains.
        let name = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
        Ok(Self { resolver, name, port })
    }

    /// What the name leads to now, and for how long that is valid.
    pub(super) async fn look(&self) -> Result<(Vec<Found>, Duration), String> {
        let (found, ttl) = match self.port {
            Some(port) => {
                let (found, ttl) = self.addresses(&self.name).await?;
                (found.into_iter().map(|ip| Found { address: (ip, port).into(), weight: 1 }).collect(), ttl)
            }
            None => self.services().await?,
        };
        if found.is_empty() { Err(format!("{} leads to no address", self.name)) } else { Ok((found, ttl)) }
    }

    async fn services(&self) -> Result<(Vec<Found>, Duration), String> {
        let (records, mut ttl) = self.ask(&self.name, RecordType::SRV).await?;
        let services: Vec<_> = records
            .into_iter()
            .filter_map(|record| match record {
                RData::SRV(srv) => Some(srv),
                _ => None,
            })
            .collect();
        let first = services.iter().map(|srv| srv.priority).min().unwrap_or(0);
        let mut found = Vec::new();
        for srv in services.iter().filter(|srv| srv.priority == first).take(MAX_TARGETS) {
            let (addresses, valid) = self.addresses(&srv.target.to_ascii()).await?;
            ttl = ttl.min(valid);
            let target = |ip| Found { address: (ip, srv.port).into(), weight: srv.weight };
            found.extend(addresses.into_iter().map(target));
        }
        Ok((found, ttl))
    }

    async fn addresses(&self, name: &str) -> Result<(Vec<IpAddr>, Duration), String> {
        let (v4, v6) =
            futures_util::future::join(self.ask(name, RecordType::A), self.ask(name, RecordType::AAAA)).await;
        // One family may fail without the other; both may not.
        let (v4, v6) = match (v4, v6) {
            (Err(error), Err(_)) => return Err(error),
            (v4, v6) => (v4.unwrap_or((Vec::new(), MAX_TTL)), v6.unwrap_or((Vec::new(), MAX_TTL))),
        };
        let addresses = v4.0.into_iter().chain(v6.0).filter_map(|record| record.ip_addr()).collect();
        Ok((addresses, v4.1.min(v6.1)))
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<(Vec<RData>, Duration), String> {
        match self.resolver.lookup(name, kind).await {
            Ok(lookup) => {
                let valid = lookup.valid_until().saturating_duration_since(Instant::now());
                let of_kind = lookup.answers().iter().filter(|record| record.record_type() == kind);
                Ok((of_kind.map(|record| record.data.clone()).collect(), valid.min(MAX_TTL)))
            }
            // The server has answered: there is nothing of this kind.
            Err(error) if error.is_no_records_found() => Ok((Vec::new(), MAX_TTL)),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }
}
