//! `[routes.request]` and `[routes.response]`, as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::JsonEditsConfig;

/// What changes about requests before the upstream sees them. Values are templates: `{path.id}`,
/// `{header.X-Client}`, `{query.page}`, `{user.id}`, `{user.roles}`, `{user.scopes}`, `{tenant}`,
/// `{tenant.id}`, `{request_id}`, `{client_ip}`, `{host}`, `{method}`, `{route}`; `{{` is a brace.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestEditsConfig {
    /// The path that the upstream is asked for, made of what is part of every request:
    /// `/v2/customers/{tenant}/orders/{path.id}`. Not together with `strip_prefix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Header fields. Those that the gate itself writes (`Host`, framing, `X-Forwarded-*`,
    /// `X-Portcullis-*`, `X-Request-Id` and what concerns one connection) cannot be touched.
    #[serde(skip_serializing_if = "EditsConfig::is_empty")]
    pub headers: EditsConfig,
    /// The JSON body. Requests without a body stay without one; a body that is not JSON is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonEditsConfig>,
    /// Query parameters.
    #[serde(skip_serializing_if = "EditsConfig::is_empty")]
    pub query: EditsConfig,
}

/// What changes about an upstream's responses before the client sees them. Refusals of the gate itself
/// stay as they are. Values are templates over the request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResponseEditsConfig {
    /// Statuses to send instead: `{ 404 = 410 }`. Those without a body (1xx, 204, 205, 304) stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub status: BTreeMap<String, u16>,
    /// The JSON body. A response that claims to be JSON and is not becomes a 502; others stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonEditsConfig>,
    /// Header fields, apart from those that the gate itself writes.
    #[serde(skip_serializing_if = "EditsConfig::is_empty")]
    pub headers: EditsConfig,
}

/// Changes to named values, in this order: remove, rename, set, add.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EditsConfig {
    /// Names that are taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Old names and the new names their values get. What had the new name is replaced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Names and their only value. Where the template has no value, the name is taken away, so that nobody
    /// can send it in its place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Names and a further value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, String>,
}

impl EditsConfig {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.rename.is_empty() && self.set.is_empty() && self.add.is_empty()
    }
}
