//! Who is counted.

use std::{fmt, str::FromStr};

use http::HeaderName;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::config::OneOrMany;

/// Who is counted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LimitBy {
    /// The client's address; IPv6 by /64.
    Ip,
    /// The caller: a user, or a tenant's own API key.
    User,
    /// The API key, also behind a token that was obtained with it.
    ApiKey,
    /// The tenant, all its callers together.
    Tenant,
    /// All callers of a tenant with exactly the same roles together.
    Role,
    /// Everybody together.
    Route,
    /// The value of a request header. The client chooses it: only for headers that a trusted proxy sets.
    Header(HeaderName),
    /// Several of these together: each combination has a counter of its own.
    All(Box<[LimitBy]>),
}

/// Most parts of a combination.
const MAX_PARTS: usize = 4;

/// Why a text does not say who is counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not something to count by: use ip, user, api_key, tenant, role, route or header:NAME")]
pub struct InvalidLimitBy(String);

impl FromStr for LimitBy {
    type Err = InvalidLimitBy;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidLimitBy(text.chars().take(64).collect());
        Ok(match text {
            "ip" => Self::Ip,
            "user" => Self::User,
            "api_key" => Self::ApiKey,
            "tenant" => Self::Tenant,
            "role" => Self::Role,
            "route" => Self::Route,
            _ => Self::Header(text.strip_prefix("header:").ok_or_else(invalid)?.parse().map_err(|_| invalid())?),
        })
    }
}

impl fmt::Display for LimitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip => f.write_str("ip"),
            Self::User => f.write_str("user"),
            Self::ApiKey => f.write_str("api_key"),
            Self::Tenant => f.write_str("tenant"),
            Self::Role => f.write_str("role"),
            Self::Route => f.write_str("route"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::All(parts) => parts.iter().enumerate().try_for_each(|(i, part)| {
                let plus = if i == 0 { "" } else { "+" };
                write!(f, "{plus}{part}")
            }),
        }
    }
}

impl LimitBy {
    /// A combination of several.
    fn all(mut parts: Vec<Self>) -> Result<Self, &'static str> {
        if parts.len() > MAX_PARTS {
            return Err("at most four things can be counted by together");
        }
        let twice = parts.iter().enumerate().any(|(i, part)| parts[..i].contains(part));
        if twice {
            return Err("the same thing twice in one list counts no more than once: remove one");
        }
        match parts.pop() {
            None => Err("an empty list counts nobody: use ip, user, api_key, tenant, role, route or header:NAME"),
            Some(one) if parts.is_empty() => Ok(one),
            Some(last) => {
                parts.push(last);
                Ok(Self::All(parts.into()))
            }
        }
    }
}

impl Serialize for LimitBy {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All(parts) => parts.serialize(s),
            one => s.collect_str(one),
        }
    }
}

impl<'de> Deserialize<'de> for LimitBy {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let OneOrMany(texts) = OneOrMany::deserialize(d)?;
        let parts = texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect::<Result<_, _>>()?;
        Self::all(parts).map_err(de::Error::custom)
    }
}

impl JsonSchema for LimitBy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LimitBy".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let known = json_schema!({ "type": "string", "enum": ["ip", "user", "api_key", "tenant", "role", "route"] });
        let header = json_schema!({ "type": "string", "pattern": "^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$" });
        json_schema!({ "anyOf": [
            known,
            header,
            { "type": "array", "items": { "anyOf": [known, header] }, "minItems": 1, "maxItems": MAX_PARTS },
        ]})
    }
}
