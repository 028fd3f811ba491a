//! What a route does beside its checks, compiled: each an `Option`, so that what is not configured costs
//! one look at nothing.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    cache::RouteCache,
    compress::Compression,
    config::{AuthConfig, Findings, GatewayConfig, RouteConfig},
    cors::Cors,
    guard::RouteHeads,
    json::{JsonEdits, JsonEditsConfig},
    perimeter::{Clients, Countries},
    route::PathPattern,
    template::Scope,
    traffic::{Faults, Mirror, Split},
    transform::{RequestEdits, ResponseEdits},
    upstream::Upstream,
    validate::Validation,
    version::Versions,
};

/// The features of one route. The default has none.
#[derive(Debug, Default)]
pub struct Shape {
    /// Which clients are served.
    pub(crate) clients: Option<Clients>,
    /// How large heads may be, where it is less than elsewhere.
    pub(crate) heads: Option<RouteHeads>,
    /// Which pages of other origins.
    pub(crate) cors: Option<Arc<Cors>>,
    /// Which version a request is for.
    pub(crate) versions: Option<Versions>,
    /// What changes about requests.
    pub(crate) request: Option<RequestEdits>,
    /// What changes about responses.
    pub(crate) response: Option<ResponseEdits>,
    /// What requests must look like.
    pub(crate) validation: Option<Validation>,
    /// What changes in the JSON of requests.
    pub(crate) request_json: Option<JsonEdits>,
    /// What changes in the JSON of responses.
    pub(crate) response_json: Option<JsonEdits>,
    /// Which responses are kept.
    pub(crate) cache: Option<Arc<RouteCache>>,
    /// Which responses are compressed.
    pub(crate) compression: Option<Compression>,
    /// Who goes elsewhere.
    pub(crate) split: Option<Split>,
    /// Who gets copies.
    pub(crate) mirror: Option<Mirror>,
    /// What fails on purpose.
    pub(crate) faults: Option<Faults>,
}

/// What all routes have in common.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) countries: Option<Arc<Countries>>,
    pub(crate) cors: Option<Arc<Cors>>,
    /// By name; absent while a configuration is only being judged.
    upstreams: BTreeMap<String, Option<Arc<Upstream>>>,
}

impl Common {
    /// Compiles what routes share. `kept` are countries that are known already.
    pub(crate) fn compile(
        config: &GatewayConfig,
        upstreams: &BTreeMap<String, Arc<Upstream>>,
        kept: Option<&Arc<Countries>>,
        findings: &mut Findings,
    ) -> Self {
        let guard = &config.guard;
        let by_country = |route: &RouteConfig| route.clients.as_ref().is_some_and(|c| c.names_countries());
        let needed =
            guard.country_database.is_some() || guard.clients.names_countries() || config.routes.iter().any(by_country);
        let file = guard.country_database.as_deref();
        let kept = kept.filter(|countries| countries.file() == file).cloned();
        let open = || match Countries::open(file) {
            Ok(countries) => Some(Arc::new(countries)),
            Err(error) => {
                let hint = "Name a readable country database in the MaxMind format.";
                findings.add("guard.country_database", error, hint);
                None
            }
        };
        let countries = if needed { kept.or_else(open) } else { None };
        let cors = guard.cors.as_ref().map(|cors| Arc::new(Cors::compile(cors, "guard.cors", &[], findings)));
        let upstreams = config.upstreams.keys().map(|name| (name.clone(), upstreams.get(name).cloned())).collect();
        Self { countries, cors, upstreams }
    }

    /// The upstream of a name.
    pub(crate) fn upstream(&self, name: &str, at: &str, findings: &mut Findings) -> Option<Arc<Upstream>> {
        let Some(found) = self.upstreams.get(name) else {
            findings.add(at, "there is no such upstream", "Define it in [upstreams], or use another one.");
            return None;
        };
        found.clone()
    }
}

impl Shape {
    /// Whether the bodies of requests are looked into.
    pub(crate) const fn reads_requests(&self) -> bool {
        self.validation.is_some() || self.request_json.is_some()
    }

    /// Compiles the features of a configured route.
    pub(crate) fn compile(config: &RouteConfig, at: &str, common: &Common, findings: &mut Findings) -> Self {
        let mut shape = Self {
            clients: config.clients.as_ref().and_then(|clients| {
                Clients::compile(clients, &format!("{at}.clients"), common.countries.as_ref(), findings)
            }),
            heads: RouteHeads::new(config.max_headers, config.max_head),
            validation: config
                .validate
                .as_ref()
                .map(|validate| Validation::compile(validate, &format!("{at}.validate"), findings)),
            cache: config
                .cache
                .as_ref()
                .map(|cache| Arc::new(RouteCache::compile(cache, config, &format!("{at}.cache"), findings))),
            compression: config
                .compress
                .as_ref()
                .map(|compress| Compression::compile(compress, &format!("{at}.compress"), findings)),
            split: Split::compile(&config.split, &format!("{at}.split"), common, findings),
            mirror: config
                .mirror
                .as_ref()
                .and_then(|mirror| Mirror::compile(mirror, &format!("{at}.mirror"), common, findings)),
            faults: config.fault.as_ref().map(|fault| Faults::compile(fault, &format!("{at}.fault"), findings)),
            ..Self::default()
        };
        let own = config
            .cors
            .as_ref()
            .map(|cors| Arc::new(Cors::compile(cors, &format!("{at}.cors"), &config.matches.methods, findings)));
        shape.cors = own.or_else(|| common.cors.clone());
        // A path that is no pattern has its own finding.
        if let Ok(path) = config.matches.path.parse() {
            shape.compile_with(&path, config, at, common, findings);
        }
        shape
    }

    /// What needs the route's path.
    fn compile_with(
        &mut self,
        path: &PathPattern,
        config: &RouteConfig,
        at: &str,
        common: &Common,
        findings: &mut Findings,
    ) {
        let versions = config.versions.as_ref();
        self.versions = versions
            .and_then(|versions| Versions::compile(versions, &format!("{at}.versions"), path, common, findings));
        let rest = config.matches.path.rsplit_once("{*").and_then(|(_, rest)| rest.strip_suffix('}'));
        let caller = matches!(config.auth, AuthConfig::AnyOf(_));
        let scope = Scope { path, rest, caller, body: false };
        let mut json = |edits: Option<&JsonEditsConfig>, side: &str| {
            edits.map(|edits| JsonEdits::compile(edits, &format!("{at}.{side}.json"), &scope, findings))
        };
        self.request_json = json(config.request.as_ref().and_then(|edits| edits.json.as_ref()), "request");
        self.response_json = json(config.response.as_ref().and_then(|edits| edits.json.as_ref()), "response");
        self.request = config.request.as_ref().map(|edits| {
            let at = format!("{at}.request");
            RequestEdits::compile(edits, &at, &scope, config.strip_prefix.is_some(), findings)
        });
        self.response = config
            .response
            .as_ref()
            .map(|edits| ResponseEdits::compile(edits, &format!("{at}.response"), &scope, findings));
    }
}
