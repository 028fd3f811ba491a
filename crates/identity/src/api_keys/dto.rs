//! API keys as JSON.

use std::time::Duration;

use kernel::{ApiKeyId, Problem, Rate, Secret, Timestamp, UserId, principal::Network};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{
    ApiKey, Draft, MAX_LIMITS, MAX_NAME, MAX_NETWORKS, MAX_OVERLAP, MAX_PERMISSIONS, Patch, Status, expiry,
};
use crate::http::{Fields, present};

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyDto {
    #[schema(value_type = uuid::Uuid)]
    id: ApiKeyId,
    /// For people.
    name: String,
    /// The end of the key, to tell it from others.
    #[schema(example = "pk_live_…k3Jx0a")]
    hint: String,
    /// Whose it is; absent: the tenant's own.
    #[schema(value_type = Option<uuid::Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    /// What it is narrowed to; absent: all that its owner may.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<String>>,
    /// Where it may be used from; empty: anywhere.
    #[schema(value_type = Vec<String>, example = json!(["192.0.2.0/24"]))]
    networks: Vec<Network>,
    /// Its own rate limits, on top of those of routes.
    #[schema(value_type = Vec<String>, example = json!(["100/minute"]))]
    limits: Vec<Rate>,
    /// Whether it can be used.
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Absent: it does not expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    /// What replaces it.
    #[schema(value_type = Option<uuid::Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_to: Option<ApiKeyId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

impl ApiKeyDto {
    pub(super) fn new(key: ApiKey, now: Timestamp) -> Self {
        Self {
            id: key.id,
            status: key.status(now),
            name: key.name,
            hint: key.hint,
            user_id: key.owner,
            permissions: key.permissions.map(|all| all.iter().map(|g| g.as_str().to_owned()).collect()),
            networks: key.networks,
            limits: key.limits,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            rotated_to: key.rotated_to,
            revoked_at: key.revoked_at,
        }
    }
}

/// A new API key: the only time that its secret is told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewApiKey {
    /// The key itself. Keep it; it is shown once.
    #[schema(example = "pk_live_…")]
    key: String,
    #[serde(flatten)]
    about: ApiKeyDto,
}

impl NewApiKey {
    pub(super) fn new(secret: &Secret, about: ApiKey, now: Timestamp) -> Self {
        Self { key: secret.expose().clone(), about: ApiKeyDto::new(about, now) }
    }
}

/// An API key to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateApiKey {
    /// For people.
    name: String,
    /// What it may do: permissions and wildcards that you hold yourself. Your own key without this may
    /// do all that you may; a key of the tenant needs it.
    permissions: Option<Vec<String>>,
    /// Where it may be used from; anywhere unless given.
    #[serde(default)]
    networks: Vec<String>,
    /// Its own rate limits.
    #[serde(default)]
    limits: Vec<String>,
    /// When it stops being valid; never unless given.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl CreateApiKey {
    /// A key that may be used from anywhere, as often as its owner.
    pub(super) const fn plain(name: String, permissions: Option<Vec<String>>, expires_at: Option<Timestamp>) -> Self {
        Self { name, permissions, networks: Vec::new(), limits: Vec::new(), expires_at }
    }

    /// `needs_permissions`: a key of the tenant itself has no owner whose permissions it could have.
    pub(super) fn parse(self, needs_permissions: bool, now: Timestamp) -> Result<Draft, Problem> {
        let mut fields = Fields::new();
        let name = fields.text("/name", &self.name, MAX_NAME);
        let permissions =
            self.permissions.as_deref().map(|all| fields.list("/permissions", all, MAX_PERMISSIONS, str::parse));
        if needs_permissions && self.permissions.is_none_or(|all| all.is_empty()) {
            fields.wrong("/permissions", "required", "a key of the tenant needs at least one permission");
        }
        let networks = networks(&mut fields, &self.networks);
        let limits = limits(&mut fields, &self.limits);
        let expires_at = self.expires_at.and_then(|at| fields.keep("/expires_at", "range", expiry(at, now)));
        fields.finish(name.map(|name| Draft { name, permissions, networks, limits, expires_at }))
    }
}

fn networks(fields: &mut Fields, texts: &[String]) -> Vec<Network> {
    fields.list("/networks", texts, MAX_NETWORKS, str::parse)
}

fn limits(fields: &mut Fields, texts: &[String]) -> Vec<Rate> {
    fields.list("/limits", texts, MAX_LIMITS, str::parse)
}

/// What is to change about a key. A field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateApiKey {
    name: Option<String>,
    networks: Option<Vec<String>>,
    limits: Option<Vec<String>>,
    /// `null`: it does not expire.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Timestamp>>,
}

impl UpdateApiKey {
    pub(super) fn parse(self, now: Timestamp) -> Result<Patch, Problem> {
        let mut fields = Fields::new();
        let patch = Patch {
            name: self.name.and_then(|name| fields.text("/name", &name, MAX_NAME)),
            networks: self.networks.map(|all| networks(&mut fields, &all)),
            limits: self.limits.map(|all| limits(&mut fields, &all)),
            expires_at: parse_expiry(&mut fields, self.expires_at, now),
        };
        fields.check()?;
        Ok(patch)
    }
}

fn parse_expiry(fields: &mut Fields, at: Option<Option<Timestamp>>, now: Timestamp) -> Option<Option<Timestamp>> {
    at.map(|at| at.and_then(|at| fields.keep("/expires_at", "range", expiry(at, now))))
}

/// How to replace a key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateApiKey {
    /// Seconds that the old key stays valid beside the new one; 0 unless given, a week at most.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604_800)]
    overlap: u64,
    /// When the new key stops being valid; `null`: never. Unless given, it lives as long as the old one
    /// was made for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Timestamp>>,
}

impl RotateApiKey {
    pub(super) fn parse(self, now: Timestamp) -> Result<(Duration, Option<Option<Timestamp>>), Problem> {
        let mut fields = Fields::new();
        let overlap = Duration::from_secs(self.overlap);
        if overlap > MAX_OVERLAP {
            fields.wrong("/overlap", "range", "may be 604800 seconds (a week) at most");
        }
        let expires_at = parse_expiry(&mut fields, self.expires_at, now);
        fields.check()?;
        Ok((overlap, expires_at))
    }
}
