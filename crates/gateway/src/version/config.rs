//! `[routes.versions]`, as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The versions of an API behind one route.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionsConfig {
    /// Where a request names its version, the first that does counts: `path` (the segment `v2` where the
    /// route's `{*rest}` begins), `header:NAME`, or `media_type` (`Accept: application/json;version=2` or
    /// `application/vnd.example.v2+json`).
    #[serde(default = "everywhere")]
    pub by: Vec<String>,
    /// The version of requests that name none. It must be one of `known`.
    pub default: String,
    /// Whether the upstream is asked without the version's segment in the path.
    #[serde(default = "yes")]
    pub strip: bool,
    /// Each version by its name, without the `v`: `[routes.versions.known.2]`.
    pub known: BTreeMap<String, VersionConfig>,
}

/// One version.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VersionConfig {
    /// The upstream of this version; the route's when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Since when it is deprecated, `2026-01-31` or with a time as in RFC 3339: sent as `Deprecation`
    /// (RFC 9745).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// When it will end: sent as `Sunset` (RFC 8594).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset: Option<String>,
    /// Whether requests are refused with 410 once `sunset` has come.
    pub refuse_after_sunset: bool,
    /// A page about the deprecation: sent as `Link` with `rel="deprecation"`, and `rel="sunset"` where there
    /// is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// Where the next version is: sent as `Link` with `rel="successor-version"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

fn everywhere() -> Vec<String> {
    ["path", "header:API-Version", "media_type"].map(str::to_owned).into()
}

const fn yes() -> bool {
    true
}
