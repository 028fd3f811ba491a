//! Which hosts and which clients are served at all, everywhere ([`Perimeter`]) and on one route
//! ([`Clients`]).
//!
//! The client is whom trusted proxies vouch for, so a forged `X-Forwarded-For` neither opens nor closes
//! anything. Countries come from [`Countries`], and are looked up only where a rule names one.
//!
//! Deliberately absent: answers that say which rule refused.

mod config;
mod countries;

pub use config::{ClientsConfig, GuardConfig};
pub(crate) use countries::Countries;

use std::{net::IpAddr, sync::Arc};

use kernel::{Problem, edge::Tenants, principal::Network};

use self::countries::Country;
use crate::{config::Findings, route::HostPattern};

kernel::problems! {
    /// The client's address or country is not served.
    pub REFUSED = 403 "client.refused" "Not from this address" "Use the service from an address and country that it is offered to.";
    /// The host is not one of `guard.hosts` (RFC 9110 §15.5.20).
    pub HOST = 421 "host.not_served" "This host is not served here" "Use a host name under which the service is published.";
}

/// What holds for every request.
#[derive(Debug, Default)]
pub(crate) struct Perimeter {
    /// Empty: every host.
    hosts: Box<[HostPattern]>,
    clients: Option<Clients>,
}

impl Perimeter {
    /// Compiles `[guard]`.
    pub(crate) fn compile(config: &GuardConfig, countries: Option<&Arc<Countries>>, findings: &mut Findings) -> Self {
        let mut hosts = Vec::new();
        for (i, text) in config.hosts.iter().enumerate() {
            match text.parse() {
                Ok(host) => hosts.push(host),
                Err(error) => {
                    let error: crate::route::InvalidHost = error;
                    findings.add(
                        format!("guard.hosts[{i}]"),
                        error.to_string(),
                        "Use lower case; ports do not matter.",
                    );
                }
            }
        }
        let clients = Clients::compile(&config.clients, "guard.clients", countries, findings);
        Self { hosts: hosts.into(), clients }
    }

    /// Whether the host and the client are served.
    pub(crate) fn admit(
        &self,
        host: &str,
        client: IpAddr,
        tenants: impl FnOnce() -> Arc<Tenants>,
    ) -> Result<(), Problem> {
        let listed = self.hosts.is_empty() || self.hosts.iter().any(|own| own.matches(host));
        if !listed && tenants().by_host(host).is_none() {
            return Err(HOST.into());
        }
        self.clients.as_ref().map_or(Ok(()), |clients| clients.admit(client))
    }
}

/// Which clients one route, or all of them, serve.
#[derive(Debug)]
pub(crate) struct Clients {
    allow: Box<[Network]>,
    deny: Box<[Network]>,
    by_country: Option<ByCountry>,
}

#[derive(Debug)]
struct ByCountry {
    countries: Arc<Countries>,
    allow: Box<[Country]>,
    deny: Box<[Country]>,
}

impl Clients {
    /// Compiles the rules; `None` when everybody is served.
    pub(crate) fn compile(
        config: &ClientsConfig,
        at: &str,
        countries: Option<&Arc<Countries>>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut codes = |list: &[String], kind: &str| -> Box<[Country]> {
            let parse = |(i, text): (usize, &String)| {
                let code = countries::parse(text);
                if code.is_none() {
                    findings.add(format!("{at}.{kind}[{i}]"), "is not a country", "Write two capital letters: DE.");
                }
                code
            };
            list.iter().enumerate().filter_map(parse).collect()
        };
        let allow = codes(&config.allow_countries, "allow_countries");
        let deny = codes(&config.deny_countries, "deny_countries");
        let by_country = countries.filter(|_| config.names_countries()).map(|countries| ByCountry {
            countries: countries.clone(),
            allow,
            deny,
        });
        (!config.is_empty()).then(|| Self {
            allow: config.allow_ips.as_slice().into(),
            deny: config.deny_ips.as_slice().into(),
            by_country,
        })
    }

    /// Whether this client is served.
    pub(crate) fn admit(&self, client: IpAddr) -> Result<(), Problem> {
        let within = |networks: &[Network]| networks.iter().any(|network| network.contains(client));
        let refused = |why: &str| Err(Problem::new(REFUSED).cause(why));
        if within(&self.deny) {
            return refused("the address is denied");
        }
        if within(&self.allow) {
            return Ok(());
        }
        let mut chosen = !self.allow.is_empty();
        if let Some(rules) = &self.by_country {
            let country = rules.countries.of(client);
            let listed = |list: &[Country]| country.is_some_and(|country| list.contains(&country));
            if listed(&rules.deny) {
                return refused("the country is denied");
            }
            if listed(&rules.allow) {
                return Ok(());
            }
            chosen |= !rules.allow.is_empty();
        }
        if chosen { refused("neither the address nor its country is allowed") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
