//! What a route does beside its checks, compiled: each an `Option`, so that what is not configured costs
//! one look at nothing.

use std::sync::Arc;

use crate::{
    config::{AuthConfig, Findings, GuardConfig, RouteConfig},
    cors::Cors,
    perimeter::{Clients, Countries},
    route::PathPattern,
    template::Scope,
    transform::{RequestEdits, ResponseEdits},
};

/// The features of one route. The default has none.
#[derive(Debug, Default)]
pub struct Shape {
    /// Which clients are served.
    pub(crate) clients: Option<Clients>,
    /// Which pages of other origins.
    pub(crate) cors: Option<Arc<Cors>>,
    /// What changes about requests.
    pub(crate) request: Option<RequestEdits>,
    /// What changes about responses.
    pub(crate) response: Option<ResponseEdits>,
}

/// What all routes have in common.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) countries: Option<Arc<Countries>>,
    pub(crate) cors: Option<Arc<Cors>>,
}

impl Common {
    /// Compiles what routes share. `kept` are countries that are known already.
    pub(crate) fn compile(
        guard: &GuardConfig,
        routes: &[RouteConfig],
        kept: Option<&Arc<Countries>>,
        findings: &mut Findings,
    ) -> Self {
        let by_country = |route: &RouteConfig| route.clients.as_ref().is_some_and(|c| c.names_countries());
        let needed =
            guard.country_database.is_some() || guard.clients.names_countries() || routes.iter().any(by_country);
        let file = guard.country_database.as_deref();
        let kept = kept.filter(|countries| countries.file() == file).cloned();
        let open = || match Countries::open(file) {
            Ok(countries) => Some(Arc::new(countries)),
            Err(error) => {
                findings.add(
                    "guard.country_database",
                    error,
                    "Name a readable country database in the MaxMind format.",
                );
                None
            }
        };
        let countries = if needed { kept.or_else(open) } else { None };
        let cors = guard.cors.as_ref().map(|cors| Arc::new(Cors::compile(cors, "guard.cors", &[], findings)));
        Self { countries, cors }
    }
}

impl Shape {
    /// Compiles the features of a configured route.
    pub(crate) fn compile(config: &RouteConfig, at: &str, common: &Common, findings: &mut Findings) -> Self {
        let clients = config.clients.as_ref().and_then(|clients| {
            Clients::compile(clients, &format!("{at}.clients"), common.countries.as_ref(), findings)
        });
        let own = config
            .cors
            .as_ref()
            .map(|cors| Arc::new(Cors::compile(cors, &format!("{at}.cors"), &config.matches.methods, findings)));
        let mut shape = Self { clients, cors: own.or_else(|| common.cors.clone()), ..Self::default() };
        // A path that is no pattern has its own finding.
        let Ok(path) = config.matches.path.parse::<PathPattern>() else { return shape };
        let rest = config.matches.path.rsplit_once("{*").and_then(|(_, rest)| rest.strip_suffix('}'));
        let caller = matches!(config.auth, AuthConfig::AnyOf(_));
        let scope = Scope { path: &path, rest, caller };
        shape.request = config.request.as_ref().map(|edits| {
            let at = format!("{at}.request");
            RequestEdits::compile(edits, &at, &scope, config.strip_prefix.is_some(), findings)
        });
        shape.response = config
            .response
            .as_ref()
            .map(|edits| ResponseEdits::compile(edits, &format!("{at}.response"), &scope, findings));
        shape
    }
}
