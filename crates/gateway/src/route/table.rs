//! The routes that are in force: immutable, replaced as a whole.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use http::Method;
use kernel::{
    Assurance, AuthMethod, Clock, Random,
    exchange::{Recorder, RouteRecorder},
};

use super::{Asked, Matcher, PathPattern, index::Index};
use crate::{
    authn::Policy,
    authz::Requirement,
    cache::CacheNumbers,
    certificate::SanPattern,
    config::{
        AuthConfig, AuthKind, ConcurrencyConfig, ConfigProblem, Findings, GatewayConfig, Importance, RouteConfig,
    },
    fallback::Fallback,
    forward_auth::{ForwardAuth, RECORDED},
    limit::Rules,
    perimeter::{Countries, Perimeter},
    shape::{Common, Shape},
    transform::RequestEdits,
    upstream::{self, InProcess, Making, Queue, StickyKey, Upstream},
};

kernel::problems! {
    /// No route takes the host and path.
    pub UNKNOWN = 404 "route.unknown" "Nothing is served here" "Check the host and the path.";
}

/// Where a route leads.
#[derive(Clone, Debug)]
pub enum Target {
    /// To a configured upstream.
    Upstream(Arc<Upstream>),
    /// To a service in this process.
    InProcess(InProcess),
    /// To nothing here: other proxies ask about it, and forward it themselves.
    Elsewhere,
}

impl From<InProcess> for Target {
    fn from(service: InProcess) -> Self {
        Self::InProcess(service)
    }
}

/// One route, compiled.
#[derive(Debug)]
pub struct Route {
    /// Labels metrics and logs.
    pub name: Arc<str>,
    /// Which requests.
    pub matcher: Matcher,
    /// The highest wins.
    pub priority: i32,
    /// Which credentials are accepted.
    pub auth: Policy,
    /// What the caller needs.
    pub requirement: Requirement,
    /// What the caller's login must be worth.
    pub assurance: Assurance,
    /// Names of which the connection's client certificate needs one. Empty: none is needed.
    pub client_sans: Box<[SanPattern]>,
    /// How much the caller may.
    pub limits: Rules,
    /// Where to.
    pub target: Target,
    /// Removed from the front of the path.
    pub strip_prefix: Option<Box<str>>,
    /// Whether the upstream sees the `Host` the client sent.
    pub preserve_host: bool,
    /// Whether the upstream sees the client's credential.
    pub forward_credentials: bool,
    /// Largest body, when not the server's.
    pub max_body: Option<u64>,
    /// How long the upstream may take, when not its own.
    pub timeout: Option<Duration>,
    /// How long the upstream may pause within an answer's body, when not what it says itself; the inner `None`
    /// for ever.
    pub pause: Option<Option<Duration>>,
    /// How many requests may be under way.
    pub queue: Option<Arc<Queue>>,
    /// How much it matters when not everything can be served.
    pub importance: Importance,
    /// What is answered when the upstream fails.
    pub fallback: Option<Box<Fallback>>,
    /// What it does beside its checks.
    pub shape: Shape,
}

impl Route {
    /// A route to a service in this process that decides itself whom it serves: a caller who is known is
    /// passed on, one who is not passes too.
    pub fn in_process(name: &str, path: PathPattern, service: impl Into<Target>) -> Self {
        Self {
            name: name.into(),
            matcher: Matcher::path(path),
            priority: 0,
            auth: Policy::optional([AuthMethod::Jwt, AuthMethod::ApiKey, AuthMethod::Session]),
            requirement: Requirement::default(),
            assurance: Assurance::default(),
            client_sans: Box::default(),
            limits: Rules::default(),
            target: service.into(),
            strip_prefix: None,
            preserve_host: true,
            forward_credentials: true,
            max_body: None,
            timeout: None,
            pause: None,
            queue: None,
            importance: Importance::Critical,
            fallback: None,
            shape: Shape::default(),
        }
    }
}

impl Route {
    /// The same route under another path, below which `prefix` takes the place of everything before the
    /// pattern's `{*rest}`; without one, `prefix` is the whole path.
    #[must_use]
    pub fn also_at(self, name: &str, path: PathPattern, prefix: &str) -> Self {
        let request = Some(RequestEdits::onto(prefix, &path));
        let matcher = Matcher { path, ..self.matcher };
        Self { name: name.into(), matcher, shape: Shape { request, ..self.shape }, ..self }
    }
}

/// A route with its recorder.
pub(crate) struct Entry {
    pub(crate) route: Arc<Route>,
    pub(crate) recorder: Arc<dyn RouteRecorder>,
}

/// What a table is made of.
pub struct TableParts<'a> {
    /// Upstreams and routes as configured.
    pub config: &'a GatewayConfig,
    /// Routes that are not configured: to identity, and to what operations need.
    pub builtin: Vec<Route>,
    /// Prepares labels for every route.
    pub recorder: &'a dyn Recorder,
    /// Data-plane threads: [`crate::workers`].
    pub workers: usize,
    /// Seeds balances.
    pub random: &'a dyn Random,
    /// Tells how long targets are left out.
    pub clock: &'a Arc<dyn Clock>,
    /// Makes names of targets for visitors.
    pub sticky_key: &'a StickyKey,
    /// The table in force, whose upstreams are kept where their configuration is equal, and whose recorders
    /// where the name is.
    pub previous: Option<&'a RouteTable>,
}

/// Routes among which one is looked for.
pub(crate) struct Routes {
    index: Index,
    entries: Vec<Arc<Entry>>,
    /// Where the route of a name is.
    names: HashMap<Arc<str>, usize>,
}

impl Routes {
    fn new(routes: impl Iterator<Item = Arc<Route>>, record: impl Fn(&str) -> Arc<dyn RouteRecorder>) -> Self {
        let entries: Vec<Arc<Entry>> =
            routes.map(|route| Arc::new(Entry { recorder: record(&route.name), route })).collect();
        let index = Index::new(entries.iter().map(|entry| (entry.route.matcher.clone(), entry.route.priority)));
        let names = entries.iter().enumerate().map(|(i, entry)| (entry.route.name.clone(), i)).collect();
        Self { index, entries, names }
    }

    /// The route of this name.
    fn named(&self, name: &str) -> Option<&Arc<Entry>> {
        self.names.get(name).and_then(|i| self.entries.get(*i))
    }

    /// The route of a request.
    pub(crate) fn find(&self, asked: &Asked<'_>) -> Result<&Arc<Entry>, NoRoute> {
        if let Some(i) = self.index.find(asked) {
            return Ok(&self.entries[i]);
        }
        match self.index.allowed(asked) {
            none if none.is_empty() => Err(NoRoute::Unknown),
            methods => Err(NoRoute::Method(methods)),
        }
    }
}

/// All routes, compiled.
pub struct RouteTable {
    routes: Routes,
    forward_auth: Option<ForwardAuth>,
    upstreams: BTreeMap<String, Arc<Upstream>>,
    unmatched: Arc<dyn RouteRecorder>,
    perimeter: Perimeter,
    countries: Option<Arc<Countries>>,
}

/// Why a request has no route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NoRoute {
    /// No route takes the host and path.
    Unknown,
    /// These methods would have found one.
    Method(Vec<Method>),
}

impl RouteTable {
    /// Compiles a table. Everything that is wrong is reported at once, and then nothing is made.
    pub fn build(parts: TableParts<'_>) -> Result<Self, Vec<ConfigProblem>> {
        let problems = parts.config.validate();
        Self::make(parts, problems)
    }

    /// Compiles a table from a configuration that [validation](GatewayConfig::validate) has found nothing wrong
    /// with, which takes longer than compiling it.
    pub fn assemble(parts: TableParts<'_>) -> Result<Self, Vec<ConfigProblem>> {
        Self::make(parts, Vec::new())
    }

    fn make(parts: TableParts<'_>, mut problems: Vec<ConfigProblem>) -> Result<Self, Vec<ConfigProblem>> {
        let TableParts { config, builtin, recorder, workers, random, clock, sticky_key, previous } = parts;
        for (i, route) in config.routes.iter().enumerate() {
            if builtin.iter().any(|own| *own.name == *route.name) {
                problems.push(ConfigProblem::new(
                    format!("routes[{i}].name"),
                    format!("`{}` is the name of a built-in route", route.name),
                    "Give the route another name.",
                ));
            }
        }
        let zone = config.zone.as_deref();
        let making = Making { workers, random, clock, zone, sticky_key };
        let kept = |name: &str| previous.and_then(|table| table.upstreams.get(name));
        let upstreams: BTreeMap<String, Arc<Upstream>> = config
            .upstreams
            .iter()
            .filter_map(|(name, config)| {
                let upstream = match kept(name) {
                    Some(same) if same.is_as(config, zone) => same.clone(),
                    before => match Upstream::new(name, config, making, before.map(|before| &**before)) {
                        Ok(upstream) => Arc::new(upstream),
                        Err(problem) => {
                            problems.push(problem);
                            return None;
                        }
                    },
                };
                Some((name.clone(), upstream))
            })
            .collect();
        let mut findings = Findings::default();
        let countries = previous.and_then(|table| table.countries.as_ref());
        let common = Common::compile(config, &upstreams, countries, &mut findings);
        let perimeter = Perimeter::compile(&config.guard, common.countries.as_ref(), &mut findings);
        let compile = |route| compile(route, &upstreams, &common, previous);
        let configured: Vec<Arc<Route>> = config.routes.iter().filter_map(compile).map(Arc::new).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let builtin = builtin.into_iter().map(|mut route| {
            route.shape.cors = route.shape.cors.or_else(|| common.cors.clone());
            Arc::new(route)
        });
        if let Some(new) = common.countries.as_ref().filter(|new| countries.is_none_or(|old| !Arc::ptr_eq(old, new))) {
            new.watch();
        }
        let forward_auth = config.forward_auth.as_ref().map(|config| {
            // Other proxies are told about routes that somebody has written for them, never about our own.
            let routes = Routes::new(configured.iter().cloned(), |name| recorder.route(&format!("{RECORDED}:{name}")));
            ForwardAuth::new(config, routes, recorder.route(RECORDED))
        });
        // Built-in routes come first: where nothing else decides, they win.
        let served = configured.into_iter().filter(|route| !matches!(route.target, Target::Elsewhere));
        let routes = Routes::new(builtin.chain(served), |name| {
            // Labels of a route that stays are looked up already.
            let known = previous.and_then(|table| table.routes.named(name)).map(|entry| entry.recorder.clone());
            known.unwrap_or_else(|| recorder.route(name))
        });
        let unmatched = previous.map_or_else(|| recorder.route("unmatched"), |table| table.unmatched.clone());
        Ok(Self { routes, forward_auth, upstreams, unmatched, perimeter, countries: common.countries })
    }

    /// The routes of requests.
    pub(crate) const fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Answers other proxies.
    pub(crate) const fn forward_auth(&self) -> Option<&ForwardAuth> {
        self.forward_auth.as_ref()
    }

    /// The route of this name.
    fn entry(&self, name: &str) -> Option<&Arc<Entry>> {
        self.routes.named(name)
    }

    /// What the caches of routes count, by route.
    pub fn caches(&self) -> impl Iterator<Item = (&str, CacheNumbers)> {
        self.routes
            .entries
            .iter()
            .filter_map(|entry| Some((&*entry.route.name, entry.route.shape.cache.as_ref()?.read())))
    }

    /// The route that a request would take, to explain a configuration.
    pub fn explain(&self, asked: &Asked<'_>) -> Option<&Route> {
        self.routes.find(asked).ok().map(|entry| &*entry.route)
    }

    /// What holds for every request.
    pub(crate) const fn perimeter(&self) -> &Perimeter {
        &self.perimeter
    }

    /// Records what has no route.
    pub(crate) const fn unmatched(&self) -> &Arc<dyn RouteRecorder> {
        &self.unmatched
    }

    /// How many routes there are.
    pub const fn len(&self) -> usize {
        self.routes.entries.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.routes.entries.is_empty()
    }

    /// Every upstream.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.upstreams.values()
    }
}

impl fmt::Debug for RouteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteTable").field("routes", &self.len()).finish_non_exhaustive()
    }
}

/// The compiled form of a route. `None` where validation has found something wrong.
fn compile(
    config: &RouteConfig,
    upstreams: &BTreeMap<String, Arc<Upstream>>,
    common: &Common,
    previous: Option<&RouteTable>,
) -> Option<Route> {
    let fallback =
        config.fallback.as_ref().map(|fallback| Fallback::new(fallback, |name| upstreams.get(name).cloned()));
    // What is wrong in there has been found by validation.
    let mut shape = Shape::compile(config, "", common, &mut Findings::default());
    shape.cache = shape.cache.and_then(Arc::into_inner).map(|cache| {
        let before =
            previous.and_then(|table| table.entry(&config.name)).and_then(|entry| entry.route.shape.cache.as_ref());
        Arc::new(cache.after(before.map(|before| &**before)))
    });
    Some(Route {
        name: config.name.as_str().into(),
        matcher: Matcher::compile(&config.matches)?,
        priority: config.priority,
        auth: policy(&config.auth),
        requirement: Requirement {
            permissions: config.permissions.clone(),
            any_role: config.roles.clone(),
            scopes: config.scopes.iter().map(|scope| scope.as_str().into()).collect(),
        },
        assurance: Assurance { acr: config.acr, max_age: config.max_age.map(|age| age.get()) },
        client_sans: config.client_sans.iter().map(|san| san.parse().ok()).collect::<Option<_>>()?,
        limits: Rules::compile([(config.name.as_str(), config.limits.as_slice())]).ok()?,
        target: match &config.upstream {
            Some(name) => Target::Upstream(upstreams.get(name)?.clone()),
            None => Target::Elsewhere,
        },
        strip_prefix: config.strip_prefix.as_deref().map(Into::into),
        preserve_host: config.preserve_host,
        forward_credentials: config.forward_credentials,
        max_body: config.max_body.map(|size| size.bytes()),
        timeout: config.timeout.map(|timeout| timeout.get()),
        pause: config.body_timeout.map(upstream::pause),
        queue: config.concurrency.as_ref().map(|concurrency| queue(&config.name, concurrency, previous)),
        importance: config.importance,
        fallback: match fallback {
            Some(fallback) => Some(Box::new(fallback?)),
            None => None,
        },
        shape,
    })
}

/// The queue of a route: the one it had, where its limits are the same. Whoever is in it stays counted.
fn queue(route: &str, config: &ConcurrencyConfig, previous: Option<&RouteTable>) -> Arc<Queue> {
    let before = previous.and_then(|table| table.entry(route));
    let kept = before.and_then(|entry| entry.route.queue.as_ref()).filter(|queue| queue.config() == config);
    kept.cloned().unwrap_or_else(|| Arc::new(Queue::new(config)))
}

fn policy(config: &AuthConfig) -> Policy {
    let method = |kind: &AuthKind| match kind {
        AuthKind::Jwt => Some(AuthMethod::Jwt),
        AuthKind::ApiKey => Some(AuthMethod::ApiKey),
        AuthKind::Session => Some(AuthMethod::Session),
        AuthKind::Mtls => None,
    };
    match config {
        AuthConfig::None => Policy::none(),
        AuthConfig::Optional => Policy::optional([AuthMethod::Jwt, AuthMethod::ApiKey, AuthMethod::Session]),
        AuthConfig::AnyOf(kinds) => {
            let policy = Policy::required(kinds.iter().filter_map(method));
            if kinds.contains(&AuthKind::Mtls) { policy.with_certificates() } else { policy }
        }
    }
}
