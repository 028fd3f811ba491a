//! The routes that are there without being written: to identity, to the pages, to what operations ask.
//!
//! They are ordinary routes of the one pipeline, so what limits, logs and counts APIs does it for
//! `/api/v1/auth/login` too. Identity decides itself what its callers may do.

use gateway::{
    authn::Policy,
    authz::Requirement,
    limit::{InvalidRules, LimitBy, LimitConfig, LimitWhen, Rules},
    route::{Matcher, PathPattern, Route, Target},
};
use http::Method;
use identity::imports;
use kernel::{AuthMethod, Rate};

use crate::config::IdentityLimits;

/// The services that the built-in routes lead to.
pub(super) struct Services {
    pub identity: Target,
    pub pages: Target,
    pub people: Target,
    pub operations: Target,
}

impl Services {
    /// None: for whoever only wants to know which requests are ours.
    const fn none() -> Self {
        Self {
            identity: Target::Elsewhere,
            pages: Target::Elsewhere,
            people: Target::Elsewhere,
            operations: Target::Elsewhere,
        }
    }
}

/// Which requests are ours.
pub(super) fn ours() -> Result<Vec<Matcher>, BuiltinError> {
    let routes = builtin(&Services::none(), &IdentityLimits::default())?;
    Ok(routes.into_iter().map(|route| route.matcher).collect())
}

const EVERY_METHOD: [AuthMethod; 3] = [AuthMethod::Jwt, AuthMethod::ApiKey, AuthMethod::Session];

/// Why the built-in routes cannot be made. The configuration's rules refuse before.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinError {
    /// A path of ours is no pattern: a defect.
    #[error("the built-in path {0} is not a pattern")]
    Path(&'static str),
    /// The limits cannot be used together.
    #[error("identity.limits cannot be used together: {0}")]
    Limits(#[from] InvalidRules),
}

/// Limits in front of identity, by scope. Limits of one scope count together on every route.
struct Scopes {
    everything: Vec<LimitConfig>,
    login: Vec<LimitConfig>,
    signup: Vec<LimitConfig>,
    recovery: Vec<LimitConfig>,
}

impl Scopes {
    fn new(limits: &IdentityLimits) -> Self {
        let each = |rates: &[Rate], by: LimitBy, when: LimitWhen| -> Vec<LimitConfig> {
            rates.iter().map(|rate| LimitConfig { when, ..LimitConfig::new(by.clone(), *rate) }).collect()
        };
        let mut everything = each(&limits.ip, LimitBy::Ip, LimitWhen::Always);
        everything.extend(each(&limits.user, LimitBy::User, LimitWhen::Authenticated));
        Self {
            everything,
            login: each(&[limits.login], LimitBy::Ip, LimitWhen::Always),
            signup: each(&[limits.signup], LimitBy::Ip, LimitWhen::Always),
            recovery: each(&[limits.recovery], LimitBy::Ip, LimitWhen::Always),
        }
    }
    fn everything(&self) -> Result<Rules, InvalidRules> {
        Rules::compile([("identity", self.everything.as_slice())])
    }
    /// The same limits, counted for themselves.
    fn apart(&self, scope: &str) -> Result<Rules, InvalidRules> {
        Rules::compile([(scope, self.everything.as_slice())])
    }
    fn with(&self, scope: &str, own: &[LimitConfig]) -> Result<Rules, InvalidRules> {
        Rules::compile([(scope, own), ("identity", self.everything.as_slice())])
    }
}

/// Whether the limits in front of identity can be used together.
pub(crate) fn check_limits(limits: &IdentityLimits) -> Result<(), InvalidRules> {
    let scopes = Scopes::new(limits);
    scopes.with("login", &scopes.login)?;
    scopes.with("recovery", &scopes.recovery)?;
    scopes.with("signup", &scopes.signup).map(drop)
}

/// The names of the built-in routes.
pub(super) const NAMES: &[&str] = &[
    "identity",
    "user-import",
    "register",
    "login",
    "refresh",
    "well-known",
    "unversioned",
    "unversioned-register",
    "unversioned-login",
    "unversioned-refresh",
    "passkey-login-start",
    "unversioned-passkey-login-start",
    "passkey-login",
    "unversioned-passkey-login",
    "password-policy",
    "unversioned-password-policy",
    "verification-resend",
    "unversioned-verification-resend",
    "verification",
    "unversioned-verification",
    "password-reset",
    "unversioned-password-reset",
    "password-reset-confirm",
    "unversioned-password-reset-confirm",
    "email-change-confirm",
    "unversioned-email-change-confirm",
    "invitation-accept",
    "unversioned-invitation-accept",
    "mfa",
    "unversioned-mfa",
    "mfa-sms",
    "unversioned-mfa-sms",
    "mfa-passkey-start",
    "unversioned-mfa-passkey-start",
    "mfa-passkey",
    "unversioned-mfa-passkey",
    "mfa-enrol-totp",
    "unversioned-mfa-enrol-totp",
    "mfa-enrol-sms",
    "unversioned-mfa-enrol-sms",
    "welcome",
    "docs",
    "problems",
    "openapi",
    "livez",
    "readyz",
    "health",
    "metrics",
    "ui",
    "ui-assets",
    "ui-branding",
    "ui-preview",
    "ui-login",
    "ui-signup",
    "ui-verification-resend",
    "ui-password-reset",
    "ui-mfa-sms",
    "ui-mfa-enrol-sms",
];

/// Calls that anybody may make, and that are decided by nothing or by what is in the body: name, path, the same without a
/// version, and whether it asks for a mail, which has a limit of its own.
const BY_MAIL: &[(&str, &str, &str, &str, bool)] = &[
    (
        "password-policy",
        "/api/v1/auth/password-policy",
        "unversioned-password-policy",
        "/api/auth/password-policy",
        false,
    ),
    (
        "verification-resend",
        "/api/v1/auth/verify-email/resend",
        "unversioned-verification-resend",
        "/api/auth/verify-email/resend",
        true,
    ),
    ("verification", "/api/v1/auth/verify-email", "unversioned-verification", "/api/auth/verify-email", false),
    ("password-reset", "/api/v1/auth/password-reset", "unversioned-password-reset", "/api/auth/password-reset", true),
    (
        "password-reset-confirm",
        "/api/v1/auth/password-reset/confirm",
        "unversioned-password-reset-confirm",
        "/api/auth/password-reset/confirm",
        false,
    ),
    (
        "email-change-confirm",
        "/api/v1/auth/change-email/confirm",
        "unversioned-email-change-confirm",
        "/api/auth/change-email/confirm",
        false,
    ),
    (
        "invitation-accept",
        "/api/v1/auth/invitation/accept",
        "unversioned-invitation-accept",
        "/api/auth/invitation/accept",
        false,
    ),
    ("mfa", "/api/v1/auth/mfa", "unversioned-mfa", "/api/auth/mfa", false),
    ("mfa-sms", "/api/v1/auth/mfa/sms/send", "unversioned-mfa-sms", "/api/auth/mfa/sms/send", true),
    (
        "mfa-passkey-start",
        "/api/v1/auth/mfa/passkey/start",
        "unversioned-mfa-passkey-start",
        "/api/auth/mfa/passkey/start",
        false,
    ),
    (
        "mfa-passkey",
        "/api/v1/auth/mfa/passkey/finish",
        "unversioned-mfa-passkey",
        "/api/auth/mfa/passkey/finish",
        false,
    ),
    ("mfa-enrol-totp", "/api/v1/auth/mfa/enrol/totp", "unversioned-mfa-enrol-totp", "/api/auth/mfa/enrol/totp", false),
    ("mfa-enrol-sms", "/api/v1/auth/mfa/enrol/sms", "unversioned-mfa-enrol-sms", "/api/auth/mfa/enrol/sms", true),
];

/// Forms of people's pages that do what calls with a limit of their own do: name, path, and the scope whose
/// counters they share, so that pages are no way around it. A stale cookie is in nobody's way: nobody looks at it.
const FORMS: &[(&str, &str, &str)] = &[
    ("ui-login", "/ui/login/password", "login"),
    ("ui-signup", "/ui/signup", "signup"),
    ("ui-verification-resend", "/ui/verify-email/resend", "recovery"),
    ("ui-password-reset", "/ui/reset-password", "recovery"),
    ("ui-mfa-sms", "/ui/mfa/sms", "recovery"),
    ("ui-mfa-enrol-sms", "/ui/mfa/enrol/sms", "recovery"),
];

/// The pages that people see.
fn people(services: &Services, scopes: &Scopes) -> Result<Vec<Route>, BuiltinError> {
    let route = |name: &str, path: &'static str, auth: Policy, limits: Rules| -> Result<Route, BuiltinError> {
        let pattern: PathPattern = path.parse().map_err(|_| BuiltinError::Path(path))?;
        Ok(Route { auth, limits, ..Route::in_process(name, pattern, services.people.clone()) })
    };
    let mut routes = vec![
        route("ui", "/ui/{*rest}", Policy::optional([AuthMethod::Session]), scopes.everything()?)?,
        // In memory, and kept by browsers for ever.
        route("ui-assets", "/ui/assets/{*rest}", Policy::none(), Rules::default())?,
        // Kept by browsers as well, but images are in the database. They count for themselves: a page with all of
        // them must not use up what signing in needs.
        route("ui-branding", "/ui/branding/{*rest}", Policy::none(), scopes.apart("branding")?)?,
        // Nobody looks at who looks: the link decides.
        route("ui-preview", "/ui/preview/{*rest}", Policy::none(), scopes.apart("branding")?)?,
    ];
    for (name, path, scope) in FORMS.iter().copied() {
        let limits = match scope {
            "login" => scopes.with(scope, &scopes.login),
            "signup" => scopes.with(scope, &scopes.signup),
            _ => scopes.with(scope, &scopes.recovery),
        };
        let mut route = route(name, path, Policy::none(), limits?)?;
        // Looking at a form costs nothing.
        route.matcher.methods = vec![Method::POST];
        routes.push(route);
    }
    Ok(routes)
}

/// Every built-in route.
pub(super) fn builtin(services: &Services, limits: &IdentityLimits) -> Result<Vec<Route>, BuiltinError> {
    let scopes = Scopes::new(limits);
    let route = |name: &str, path: &'static str, service: &Target| -> Result<Route, BuiltinError> {
        let path: PathPattern = path.parse().map_err(|_| BuiltinError::Path(path))?;
        Ok(Route::in_process(name, path, service.clone()))
    };
    let identity = |name: &str, path: &'static str, auth: Policy, limits: Rules| -> Result<Route, BuiltinError> {
        Ok(Route { auth, limits, ..route(name, path, &services.identity)? })
    };
    let optional = || Policy::optional(EVERY_METHOD);
    // A stale credential must not keep anybody from getting a new one, so where credentials are handed
    // out nobody looks at those that come along.
    let blind = Policy::none;

    let mut routes = vec![
        identity("identity", "/api/v1/{*rest}", optional(), scopes.everything()?)?,
        Route {
            max_body: Some(imports::MAX_BYTES),
            ..identity("user-import", "/api/v1/admin/users/import", optional(), scopes.everything()?)?
        },
        identity("register", "/api/v1/auth/register", blind(), scopes.with("signup", &scopes.signup)?)?,
        identity("login", "/api/v1/auth/login", blind(), scopes.with("login", &scopes.login)?)?,
        identity("refresh", "/api/v1/auth/refresh", blind(), scopes.everything()?)?,
        // A page may begin before anybody wants to sign in, so that counts as no login.
        identity("passkey-login-start", "/api/v1/auth/passkey/start", blind(), scopes.everything()?)?,
        identity("passkey-login", "/api/v1/auth/passkey/finish", blind(), scopes.with("login", &scopes.login)?)?,
        // Every verifier asks for the keys, many from behind one address. The answer is in memory.
        identity("well-known", "/.well-known/{*rest}", blind(), Rules::default())?,
    ];
    // Identity's calls without a version are those of the default version. They count against the same
    // limits: another spelling is no second try.
    let unversioned = [
        ("identity", "unversioned", "/api/auth/{*rest}", "/api/v1/auth"),
        ("register", "unversioned-register", "/api/auth/register", "/api/v1/auth/register"),
        ("login", "unversioned-login", "/api/auth/login", "/api/v1/auth/login"),
        ("refresh", "unversioned-refresh", "/api/auth/refresh", "/api/v1/auth/refresh"),
        ("refresh", "unversioned-passkey-login-start", "/api/auth/passkey/start", "/api/v1/auth/passkey/start"),
        ("login", "unversioned-passkey-login", "/api/auth/passkey/finish", "/api/v1/auth/passkey/finish"),
    ];
    for (of, name, path, onto) in unversioned {
        let (auth, limits) = match of {
            "register" => (blind(), scopes.with("signup", &scopes.signup)?),
            "login" => (blind(), scopes.with("login", &scopes.login)?),
            "refresh" => (blind(), scopes.everything()?),
            _ => (optional(), scopes.everything()?),
        };
        let pattern: PathPattern = path.parse().map_err(|_| BuiltinError::Path(path))?;
        routes.push(identity(name, path, auth, limits)?.also_at(name, pattern, onto));
    }
    for (name, path, unversioned, short, asks) in BY_MAIL.iter().copied() {
        let limits = || match asks {
            true => scopes.with("recovery", &scopes.recovery),
            false => scopes.everything(),
        };
        routes.push(identity(name, path, blind(), limits()?)?);
        let pattern: PathPattern = short.parse().map_err(|_| BuiltinError::Path(short))?;
        routes.push(identity(unversioned, short, blind(), limits()?)?.also_at(unversioned, pattern, path));
    }
    for (name, path) in [
        ("welcome", "/"),
        ("docs", "/docs/{*rest}"),
        ("problems", "/problems/{*rest}"),
        ("openapi", "/api/v1/openapi.json"),
    ] {
        routes.push(Route { auth: blind(), ..route(name, path, &services.pages)? });
    }
    for (name, path) in [("livez", "/livez"), ("readyz", "/readyz")] {
        routes.push(Route { auth: blind(), ..route(name, path, &services.operations)? });
    }
    routes.push(route("health", "/health", &services.operations)?);
    let metrics = Requirement { permissions: vec![permission("metrics:read")?], ..Requirement::default() };
    routes.push(Route {
        auth: Policy::required(EVERY_METHOD),
        requirement: metrics,
        ..route("metrics", "/metrics", &services.operations)?
    });
    routes.extend(people(services, &scopes)?);
    for route in &mut routes {
        if route.name.as_ref() == "welcome" {
            route.matcher = Matcher { methods: vec![Method::GET, Method::HEAD], ..route.matcher.clone() };
        }
    }
    Ok(routes)
}

fn permission(name: &'static str) -> Result<kernel::Permission, BuiltinError> {
    name.parse().map_err(|_| BuiltinError::Path(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_names_of_our_routes_are_known() {
        let built = builtin(&Services::none(), &IdentityLimits::default()).expect("the built-in routes");
        let built: BTreeSet<&str> = built.iter().map(|route| &*route.name).collect();
        assert_eq!(built, NAMES.iter().copied().collect());
    }
}
