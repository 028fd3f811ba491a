//! `[guard]` and `[routes.clients]`, as they are written.

use std::path::PathBuf;

use kernel::principal::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cors::CorsConfig;

/// What holds for every request, before its route is looked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GuardConfig {
    /// The hosts that are served: `api.example.com` or `*.example.com`; a request for another one gets 421.
    /// Hosts of tenants are served too. Empty means every host.
    pub hosts: Vec<String>,
    /// Which clients are served at all.
    pub clients: ClientsConfig,
    /// A country database in the MaxMind format (GeoLite2-Country, or one in which records have a
    /// `country_code`), read again when it changes. Without it, the registries' own assignments are asked, as
    /// they were when this program was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_database: Option<PathBuf>,
    /// Which pages of other origins may use identity's own routes, and routes without `cors` of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsConfig>,
}

/// Which clients are served, by address and country. What is denied is refused first. Where something is
/// allowed, an address that is in `allow_ips` passes, and so does one whose country is in
/// `allow_countries`; nobody else does.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientsConfig {
    /// Address ranges, such as `10.0.0.0/8` or `2001:db8::/32`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<NetworkText>")]
    pub allow_ips: Vec<Network>,
    /// Address ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<NetworkText>")]
    pub deny_ips: Vec<Network>,
    /// Countries, by their two letters (ISO 3166-1): `["DE", "AT"]`. An address whose country is not known is
    /// in none of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = "^[A-Z]{2}$")))]
    pub allow_countries: Vec<String>,
    /// Countries. An address in `allow_ips` is not asked for its country.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = "^[A-Z]{2}$")))]
    pub deny_countries: Vec<String>,
}

impl ClientsConfig {
    /// Whether everybody is served.
    pub fn is_empty(&self) -> bool {
        self.allow_ips.is_empty() && self.deny_ips.is_empty() && !self.names_countries()
    }

    /// Whether an address' country matters.
    pub fn names_countries(&self) -> bool {
        !(self.allow_countries.is_empty() && self.deny_countries.is_empty())
    }
}

/// Only for the schema: an address range as text.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "address-range"))]
struct NetworkText(#[expect(dead_code, reason = "only its schema is used")] String);
