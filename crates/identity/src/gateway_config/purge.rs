//! Forgetting what routes keep of answers, on every node.
//!
//! A purge is a change in the feed like any other: this node has made it when the call returns, the others
//! follow within a second, and a node that was away forgets everything when it comes back.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, gate::Purge};
use serde::Deserialize;
use serde_json::json;
use storage::StoreError;
use utoipa::ToSchema;

use super::{PurgeCache, dto::is_name};
use crate::{
    Core,
    audit::{self, Action, Origin, Target},
    http::{
        Fields, Json, Permit, Refusal,
        openapi::{Body, Guarded},
    },
    publish::{self, Change},
};

const PURGED: Action = Action::new("gateway_cache.purged");

/// Longest path and tag, in bytes.
const MAX_PATH: usize = 1_024;
const MAX_TAG: usize = 256;

/// Which kept answers are to be forgotten: those that fit everything that is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CachePurge {
    /// Answers of this route.
    #[schema(example = "catalogue")]
    route: Option<String>,
    /// Answers to requests for this path, and for what lies below it.
    #[schema(example = "/products/7")]
    path: Option<String>,
    /// Answers that carried this name in `Surrogate-Key` or `Cache-Tag`.
    #[schema(example = "product-7")]
    tag: Option<String>,
    /// Everything, where nothing else is given.
    everything: bool,
}

impl CachePurge {
    fn read(self) -> Result<Purge, Problem> {
        let Self { route, path, tag, everything } = self;
        let mut fields = Fields::new();
        if route.as_ref().is_some_and(|name| !is_name(name)) {
            fields.wrong("/route", "format", "must be the name of a route");
        }
        let is_path = |path: &str| path.starts_with('/') && path.len() <= MAX_PATH && path.bytes().all(|b| b > b' ');
        if path.as_ref().is_some_and(|path| !is_path(path)) {
            fields.wrong("/path", "format", format!("must start with a slash and have at most {MAX_PATH} characters"));
        }
        let is_tag =
            |tag: &str| (1..=MAX_TAG).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        if tag.as_ref().is_some_and(|tag| !is_tag(tag)) {
            fields.wrong("/tag", "format", format!("must be 1 to {MAX_TAG} visible characters without a comma"));
        }
        let purge = Purge { route, path, tag };
        if purge.is_everything() != everything {
            fields.wrong("/everything", "required", "give a route, a path or a tag, or else `everything`");
        }
        fields.check()?;
        Ok(purge)
    }
}

/// Forget kept answers
///
/// On this node when the call returns, on the others within a second. Answers that are being fetched meanwhile are
/// not kept. Needs `cache:purge` in the default tenant.
#[utoipa::path(post, path = "/api/v1/admin/gateway/cache/purge", tag = "gateway", operation_id = "purge_cache",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = CachePurge,
    responses((status = 204), Guarded, Body))]
pub(super) async fn purge_cache(
    State(core): State<Arc<Core>>,
    permit: Permit<PurgeCache>,
    Json(purge): Json<CachePurge>,
) -> Result<StatusCode, Refusal> {
    let purge = purge.read()?;
    let home = core.edge.tenants.load().default_tenant().map(|tenant| tenant.id);
    let home = home.ok_or_else(|| Problem::from(StoreError::Misuse("there is no default tenant")))?;
    let (now, random) = (core.now(), core.random.clone());
    let origin = Origin::Caller(permit.principal.clone(), permit.ctx.0.clone());
    let target = Target::new("gateway_cache", purge.route.as_deref().unwrap_or("all"));
    let entry = origin.entry(PURGED, target).details(json!(purge));
    let seq = core
        .write(home, move |tx| {
            Box::pin(async move {
                audit::record(tx, entry, now, &*random).await?;
                publish::append(tx, &Change::CachePurged { purge }, now).await.map_err(Problem::from)
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
