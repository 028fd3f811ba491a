//! `[[routes]]`: which requests go where, and what they need.

use std::{collections::BTreeMap, fmt};

use kernel::{Acr, Permission, RoleName, principal::Network};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{ConcurrencyConfig, Duration, FallbackConfig, Importance, Size};
use crate::{
    cache::CacheConfig,
    compress::CompressConfig,
    cors::CorsConfig,
    limit::LimitConfig,
    perimeter::ClientsConfig,
    traffic::{FaultConfig, MirrorConfig, SplitConfig},
    transform::{RequestEditsConfig, ResponseEditsConfig},
    validate::ValidateConfig,
    version::VersionsConfig,
};

/// One route. Closed by default: without `auth`, a caller must be known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// Unique; labels metrics and logs.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,63}$"))]
    pub name: String,
    /// Which requests.
    #[serde(rename = "match")]
    pub matches: MatchConfig,
    /// Among routes that match, the highest priority wins; then the most specific: by host, then path,
    /// then the number of conditions on headers, query and source, then the narrower source, then whether
    /// methods are named.
    #[serde(default)]
    pub priority: i32,
    /// The name of an upstream. Left out only where other proxies forward the requests themselves and ask about
    /// them (`[forward_auth]`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Which credentials are accepted.
    #[serde(default)]
    pub auth: AuthConfig,
    /// Permissions the caller needs, all of them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub permissions: Vec<Permission>,
    /// Roles of which the caller needs at least one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub roles: Vec<RoleName>,
    /// OAuth scopes the caller needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How strong the login behind the credential must be: `1fa` for any, `mfa` for one with a second factor.
    /// Otherwise 401 `auth.step_up_required` (RFC 9470). No API key is a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = ["1fa", "mfa"]))]
    pub acr: Option<Acr>,
    /// How long ago the person may have proven who they are; refused like `acr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Duration>,
    /// Names of which the connection's client certificate needs one, on top of what `auth` asks for:
    /// `dns:api.example.com`, `dns:*.example.com` (any depth below), `uri:spiffe://corp/orders`,
    /// `uri:spiffe://corp/*`, `email:ops@example.com`, `ip:10.0.0.7`. Empty: any certificate, or none.
    #[serde(default)]
    pub client_sans: Vec<String>,
    /// Rate limits; a request must pass all of them.
    #[serde(default)]
    pub limits: Vec<LimitConfig>,
    /// Removed from the front of the path before the upstream sees it: `/orders`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strip_prefix: Option<String>,
    /// Whether the upstream sees the `Host` the client sent, rather than the target's own.
    #[serde(default)]
    pub preserve_host: bool,
    /// Whether the client's own credential is passed on.
    #[serde(default)]
    pub forward_credentials: bool,
    /// Largest request body; the server's `max_body` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body: Option<Size>,
    /// Largest header fields, names and values together; beyond: 431. The server's `max_head` holds in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_head: Option<Size>,
    /// Most header fields; beyond: 431. The server's `max_headers` holds in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_headers: Option<u16>,
    /// Overrides the upstream's `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Overrides the upstream's `body_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_timeout: Option<Duration>,
    /// How many requests of this route may be under way at the same time, beside the upstream's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<ConcurrencyConfig>,
    /// How much the route matters when the gate cannot serve everything (`server.http.shedding`).
    #[serde(default)]
    pub importance: Importance,
    /// What is answered when the upstream fails. Its failure when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FallbackConfig>,
    /// Which clients the route serves, by address and country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<ClientsConfig>,
    /// Which pages of other origins may use the route; `guard.cors` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsConfig>,
    /// What changes about requests before the upstream sees them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestEditsConfig>,
    /// What changes about the upstream's responses before the client sees them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseEditsConfig>,
    /// What requests must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<ValidateConfig>,
    /// Which answers are kept in memory and given again. None when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheConfig>,
    /// Which responses are compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<CompressConfig>,
    /// The versions of the API behind the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<VersionsConfig>,
    /// Shares of the requests that go to other upstreams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<SplitConfig>,
    /// Another upstream that gets a copy of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<MirrorConfig>,
    /// Failures on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultConfig>,
}

impl RouteConfig {
    /// A route for this path with every default.
    pub fn new(name: impl Into<String>, path: impl Into<String>, upstream: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            matches: MatchConfig::path(path),
            priority: 0,
            upstream: Some(upstream.into()),
            auth: AuthConfig::default(),
            permissions: Vec::new(),
            roles: Vec::new(),
            scopes: Vec::new(),
            acr: None,
            max_age: None,
            client_sans: Vec::new(),
            limits: Vec::new(),
            strip_prefix: None,
            preserve_host: false,
            forward_credentials: false,
            max_body: None,
            max_head: None,
            max_headers: None,
            timeout: None,
            body_timeout: None,
            concurrency: None,
            importance: Importance::default(),
            fallback: None,
            clients: None,
            cors: None,
            request: None,
            response: None,
            validate: None,
            cache: None,
            compress: None,
            versions: None,
            split: Vec::new(),
            mirror: None,
            fault: None,
        }
    }
}

/// Which requests a route takes: all parts must match.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchConfig {
    /// `/orders` exactly, `/orders/{id}` with one segment for `{id}`, or `/orders/{*rest}` for `/orders`
    /// and everything below it.
    pub path: String,
    /// Methods; empty means all. `GET` includes `HEAD`.
    #[serde(default)]
    pub methods: Vec<String>,
    /// `api.example.com`, `*.example.com` (any depth below, not itself) or `*`; one or several.
    #[serde(default = "any_host")]
    pub host: OneOrMany,
    /// Header fields and the exact value each must have; `*` is any value. Of a field that comes more than
    /// once, one value is enough.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Query parameters and the exact value each must have, decoded; `*` is any value. Of a parameter that
    /// comes more than once, one value is enough.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Address ranges of clients (`10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`), as far as `trusted_proxies`
    /// vouch for them; empty means all.
    #[serde(default)]
    #[schemars(with = "Vec<NetworkText>")]
    pub sources: Vec<Network>,
}

impl MatchConfig {
    /// Every request for this path.
    pub fn path(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            methods: Vec::new(),
            host: any_host(),
            headers: BTreeMap::new(),
            query: BTreeMap::new(),
            sources: Vec::new(),
        }
    }
}

/// Only for the schema: an address range as text.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "address-range"))]
struct NetworkText(#[expect(dead_code, reason = "only its schema is used")] String);

fn any_host() -> OneOrMany {
    OneOrMany(vec!["*".to_owned()])
}

/// A text or a list of texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OneOrMany(pub Vec<String>);

impl Serialize for OneOrMany {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(s),
            many => many.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, one: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![one.to_owned()]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<OneOrMany, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(OneOrMany)
            }
        }
        d.deserialize_any(Either)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMany".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ]})
    }
}

/// One kind of credential.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// A signed access token in `Authorization: Bearer`.
    Jwt,
    /// An API key in `X-API-Key` or `Authorization: Bearer`.
    ApiKey,
    /// The session cookie.
    Session,
    /// The client certificate of the connection; needs `server.tls.client_ca`. It carries no permissions,
    /// roles or scopes.
    Mtls,
}

impl AuthKind {
    /// Whether a person may have logged in for it.
    pub(crate) const fn is_login(self) -> bool {
        matches!(self, Self::Jwt | Self::Session)
    }
}

/// `auth`: which credentials a route accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AuthConfig {
    /// `"none"`: nobody is asked, and a credential that is sent is not looked at.
    None,
    /// `"optional"`: a caller who is known is passed on, one who is not passes too. For services that
    /// decide themselves.
    Optional,
    /// A list: the caller must present one of these.
    AnyOf(Vec<AuthKind>),
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self::AnyOf(vec![AuthKind::Jwt, AuthKind::ApiKey, AuthKind::Session])
    }
}

impl Serialize for AuthConfig {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => s.serialize_str("none"),
            Self::Optional => s.serialize_str("optional"),
            Self::AnyOf(kinds) => kinds.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for AuthConfig {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = AuthConfig;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"none\", \"optional\", or a list of \"jwt\", \"api_key\", \"session\" and \"mtls\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<AuthConfig, E> {
                match text {
                    "none" => Ok(AuthConfig::None),
                    "optional" => Ok(AuthConfig::Optional),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<AuthConfig, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(AuthConfig::AnyOf)
            }
        }
        d.deserialize_any(Either)
    }
}

impl JsonSchema for AuthConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Auth".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kind = generator.subschema_for::<AuthKind>();
        json_schema!({ "anyOf": [
            { "type": "string", "enum": ["none", "optional"] },
            { "type": "array", "items": kind, "minItems": 1 },
        ]})
    }
}
