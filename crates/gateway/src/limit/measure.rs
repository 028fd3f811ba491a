//! What is counted, and how much of it a request takes.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

use http::{HeaderMap, HeaderName};
use kernel::{Algorithm, Rate, rate::Period};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// So many in a day or month of the calendar, UTC: `10000/month`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Quota {
    /// How many.
    pub limit: NonZeroU32,
    /// In what.
    pub period: Period,
}

/// Why a text is not a quota.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a quota: write a count up to 1000000000, a slash and day or month, such as 10000/month")]
pub struct InvalidQuota(String);

impl FromStr for Quota {
    type Err = InvalidQuota;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (limit, period) = text.split_once('/')?;
            let limit = limit.trim().parse::<NonZeroU32>().ok().filter(|n| n.get() <= 1_000_000_000)?;
            let period = match period.trim() {
                "day" => Period::Day,
                "month" => Period::Month,
                _ => return None,
            };
            Some(Self { limit, period })
        };
        parse().ok_or_else(|| InvalidQuota(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = match self.period {
            Period::Day => "day",
            Period::Month => "month",
        };
        write!(f, "{}/{period}", self.limit)
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}
impl JsonSchema for Quota {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quota".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+ */ *(day|month)$" })
    }
}

/// What one limit counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measure {
    /// Units in a window, or in a period of the calendar.
    Units(Rate, Algorithm),
    /// Requests that are running.
    Slots(u32),
}

impl Measure {
    /// A quota is counted as a rate whose window is the calendar's. Its length is only nominal.
    pub(super) const fn quota(quota: Quota) -> Self {
        let days = match quota.period {
            Period::Day => 1,
            Period::Month => 31,
        };
        let rate = Rate { limit: quota.limit.get(), window: Duration::from_secs(days * 86_400) };
        Self::Units(rate, Algorithm::Calendar(quota.period))
    }

    /// Whether it needs more than a state in memory: to be given back, or to outlive the process.
    pub(super) const fn is_held(self) -> bool {
        matches!(self, Self::Slots(_) | Self::Units(_, Algorithm::Calendar(_)))
    }

    pub(super) const fn limit(self) -> u32 {
        match self {
            Self::Units(rate, _) => rate.limit,
            Self::Slots(limit) => limit,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Units(rate, Algorithm::Calendar(Period::Month)) => write!(f, "{}/month", rate.limit),
            Self::Units(rate, _) => write!(f, "{rate}"),
            Self::Slots(limit) => write!(f, "{limit} at once"),
        }
    }
}

/// How many units one request takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LimitCost {
    /// Always so many.
    Fixed(NonZeroU32),
    /// As many as a request header says.
    Header(HeaderCost),
}

/// A cost that a request header raises.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderCost {
    /// The header that holds a number.
    #[serde(with = "header_name")]
    #[schemars(with = "String", regex(pattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"))]
    pub header: HeaderName,
    /// The cost without the header, and the least with it.
    #[serde(default = "one")]
    pub base: NonZeroU32,
    /// The most that a request may cost.
    pub max: NonZeroU32,
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

mod header_name {
    use super::*;

    pub(super) fn serialize<S: Serializer>(name: &HeaderName, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(name)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<HeaderName, D::Error> {
        String::deserialize(d)?.parse().map_err(|_| de::Error::custom("not the name of a header"))
    }
}

impl LimitCost {
    /// One unit.
    pub const ONE: Self = Self::Fixed(NonZeroU32::MIN);

    /// The most that a request may cost.
    pub(super) const fn most(&self) -> u32 {
        match self {
            Self::Fixed(cost) => cost.get(),
            Self::Header(HeaderCost { base, max, .. }) if base.get() > max.get() => base.get(),
            Self::Header(HeaderCost { max, .. }) => max.get(),
        }
    }

    /// What this request costs. Of several numbers, the highest counts.
    pub(super) fn of(&self, headers: &HeaderMap) -> u32 {
        match self {
            Self::Fixed(cost) => cost.get(),
            Self::Header(HeaderCost { header, base, max }) => {
                let number = |value: &http::HeaderValue| value.to_str().ok()?.trim().parse::<u64>().ok();
                let told = headers.get_all(header).iter().filter_map(number).max().unwrap_or(0);
                let told = u32::try_from(told.min(u64::from(max.get()))).unwrap_or(u32::MAX);
                told.max(base.get())
            }
        }
    }
}

impl Default for LimitCost {
    fn default() -> Self {
        Self::ONE
    }
}

impl Serialize for LimitCost {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(cost) => cost.serialize(s),
            Self::Header(cost) => cost.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for LimitCost {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = LimitCost;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1, or a table with `header` and `max`")
            }
            fn visit_u64<E: de::Error>(self, cost: u64) -> Result<LimitCost, E> {
                let cost = u32::try_from(cost).ok().and_then(NonZeroU32::new);
                cost.map(LimitCost::Fixed).ok_or_else(|| E::invalid_value(de::Unexpected::Other("this number"), &self))
            }
            fn visit_i64<E: de::Error>(self, cost: i64) -> Result<LimitCost, E> {
                self.visit_u64(u64::try_from(cost).unwrap_or(0))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<LimitCost, A::Error> {
                HeaderCost::deserialize(de::value::MapAccessDeserializer::new(map)).map(LimitCost::Header)
            }
        }
        d.deserialize_any(Either)
    }
}

impl JsonSchema for LimitCost {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LimitCost".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let header = generator.subschema_for::<HeaderCost>();
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 4_294_967_295_u32 }, header] })
    }
}
