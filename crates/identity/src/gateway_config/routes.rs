//! `/api/v1/admin/routes`, `/upstreams` and `/config`.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use kernel::{
    Problem,
    gate::{DocumentKey, DocumentKind, Made},
    problem::common,
};
use utoipa::IntoResponses;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Condition, Plan, ReadGate, Wanted, WriteGate,
    dto::{
        self, GatewayConfig, GatewayDiff, GatewayDifference, GatewayDocument, GatewayDocuments, GatewayRevision,
        GatewayRevisions, ReasonQuery, Rollback, Table,
    },
    history, purge,
    service::{self, Intent},
};
use crate::{
    Core,
    audit::Origin,
    http::{
        Fields, Json, Large, PageQuery, Path, Permit, Query, Refusal,
        openapi::{Body, Changed, Guarded, Named, Parsed, ProblemDocument},
        tag,
    },
};

/// Largest configuration, in bytes of JSON.
const MAX_CONFIG: usize = 16 * 1024 * 1024;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(list_routes))
        .routes(routes!(get_route, put_route, delete_route))
        .routes(routes!(list_upstreams))
        .routes(routes!(get_upstream, put_upstream, delete_upstream))
        .routes(routes!(get_config, put_config))
        .routes(routes!(list_revisions))
        .routes(routes!(get_revision))
        .routes(routes!(diff_revision))
        .routes(routes!(roll_back))
        .routes(routes!(purge::purge_cache))
}

/// What a change of the gate may answer on top.
#[derive(Debug, IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
enum Judged {
    /// `If-Match` or `If-None-Match` does not hold.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(ProblemDocument),
    /// The configuration cannot be served; `errors` holds what `portcullis config check` would say.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(ProblemDocument),
}

impl Intent {
    fn of(permit: &Permit<WriteGate>, reason: String) -> Self {
        Self { origin: Origin::Caller(permit.principal.clone(), permit.ctx.0.clone()), reason }
    }
}

fn list(core: &Core, kind: DocumentKind, query: &PageQuery) -> Result<Json<GatewayDocuments>, Refusal> {
    let (limit, after) = dto::window(query.limit, query.cursor.as_deref())?;
    let all = dto::of_kind(kind, core.gate.written(), &core.gate.made());
    let mut rest = all.iter().filter(|(name, _)| after.as_deref().is_none_or(|after| &***name > after)).peekable();
    let items: Vec<_> = rest.by_ref().take(limit).collect();
    let next_cursor = items.last().filter(|_| rest.peek().is_some()).map(|(name, _)| dto::cursor(name));
    let items = items.into_iter().map(|(name, document)| GatewayDocument::new(name, document)).collect();
    Ok(Json(GatewayDocuments { items, next_cursor }))
}

fn get(core: &Core, kind: DocumentKind, name: &str) -> Result<Response, Refusal> {
    let all = dto::of_kind(kind, core.gate.written(), &core.gate.made());
    let document = all.get(name).ok_or(common::NOT_FOUND)?;
    let body = Json(GatewayDocument::new(name, document));
    Ok(match document.revision {
        0 => body.into_response(),
        revision => ([tag(revision)], body).into_response(),
    })
}

async fn put(
    core: &Core,
    permit: &Permit<WriteGate>,
    key: DocumentKey,
    headers: &HeaderMap,
    reason: Option<&str>,
    Table(table): Table,
) -> Result<Response, Refusal> {
    let condition = Condition::read(headers)?;
    let intent = Intent::of(permit, dto::reason("reason", reason)?);
    let mut fields = Fields::new();
    let content = dto::content(&mut fields, "", &key.1, table);
    fields.check()?;
    let existed = core.gate.made().documents.contains_key(&key);
    let made = service::change(core, &intent, &Plan { wanted: Wanted::Put(key.clone(), content), condition }).await?;
    let document = made.documents.get(&key).ok_or_else(|| {
        // Somebody else deleted it a moment later.
        Problem::new(super::BUSY)
    })?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, [tag(document.revision)], Json(GatewayDocument::new(&key.1, document))).into_response())
}

async fn delete(
    core: &Core,
    permit: &Permit<WriteGate>,
    key: DocumentKey,
    headers: &HeaderMap,
    reason: Option<&str>,
) -> Result<StatusCode, Refusal> {
    let condition = Condition::read(headers)?;
    let intent = Intent::of(permit, dto::reason("reason", reason)?);
    service::change(core, &intent, &Plan { wanted: Wanted::Delete(key), condition }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List routes
///
/// Those of the node's configuration file and those that were made. Needs `routes:read` in the default
/// tenant.
#[utoipa::path(get, path = "/api/v1/admin/routes", tag = "gateway", operation_id = "list_routes",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(PageQuery),
    responses((status = 200, body = GatewayDocuments), Guarded, Parsed))]
async fn list_routes(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Query(query): Query<PageQuery>,
) -> Result<Json<GatewayDocuments>, Refusal> {
    list(&core, DocumentKind::Route, &query)
}

/// Read a route
///
/// `ETag` is its revision. Needs `routes:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/routes/{name}", tag = "gateway", operation_id = "get_route",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("name" = String, Path)),
    responses((status = 200, body = GatewayDocument, headers(("ETag" = String))), Guarded, Named))]
async fn get_route(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    get(&core, DocumentKind::Route, &name)
}

/// Make or change a route
///
/// The body is the table of the configuration file, as JSON. It is in force on this node when the call
/// returns. `If-Match` with an `ETag` makes sure that nobody else changed it meanwhile, `If-None-Match: *`
/// that it is new. Needs `routes:write` in the default tenant.
#[utoipa::path(put, path = "/api/v1/admin/routes/{name}", tag = "gateway", operation_id = "put_route",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("name" = String, Path), ReasonQuery),
    request_body = Table,
    responses((status = 200, body = GatewayDocument, headers(("ETag" = String))),
        (status = 201, body = GatewayDocument, headers(("ETag" = String))), Guarded, Body, Changed, Judged))]
async fn put_route(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteGate>,
    Path(name): Path<String>,
    Query(query): Query<ReasonQuery>,
    headers: HeaderMap,
    Json(table): Json<Table>,
) -> Result<Response, Refusal> {
    put(&core, &permit, (DocumentKind::Route, name.into()), &headers, query.reason.as_deref(), table).await
}

/// Delete a route
///
/// Needs `routes:write` in the default tenant.
#[utoipa::path(delete, path = "/api/v1/admin/routes/{name}", tag = "gateway", operation_id = "delete_route",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("name" = String, Path), ReasonQuery),
    responses((status = 204), Guarded, Named, Parsed, Changed, Judged))]
async fn delete_route(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteGate>,
    Path(name): Path<String>,
    Query(query): Query<ReasonQuery>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    delete(&core, &permit, (DocumentKind::Route, name.into()), &headers, query.reason.as_deref()).await
}

/// List upstreams
///
/// Those of the node's configuration file and those that were made. Needs `routes:read` in the default
/// tenant.
#[utoipa::path(get, path = "/api/v1/admin/upstreams", tag = "gateway", operation_id = "list_upstreams",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(PageQuery),
    responses((status = 200, body = GatewayDocuments), Guarded, Parsed))]
async fn list_upstreams(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Query(query): Query<PageQuery>,
) -> Result<Json<GatewayDocuments>, Refusal> {
    list(&core, DocumentKind::Upstream, &query)
}

/// Read an upstream
///
/// `ETag` is its revision. Needs `routes:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/upstreams/{name}", tag = "gateway", operation_id = "get_upstream",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("name" = String, Path)),
    responses((status = 200, body = GatewayDocument, headers(("ETag" = String))), Guarded, Named))]
async fn get_upstream(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    get(&core, DocumentKind::Upstream, &name)
}

/// Make or change an upstream
///
/// The body is the table of the configuration file, as JSON. It is in force on this node when the call
/// returns. `If-Match` with an `ETag` makes sure that nobody else changed it meanwhile, `If-None-Match: *`
/// that it is new. Needs `routes:write` in the default tenant.
#[utoipa::path(put, path = "/api/v1/admin/upstreams/{name}", tag = "gateway", operation_id = "put_upstream",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("name" = String, Path), ReasonQuery),
    request_body = Table,
    responses((status = 200, body = GatewayDocument, headers(("ETag" = String))),
        (status = 201, body = GatewayDocument, headers(("ETag" = String))), Guarded, Body, Changed, Judged))]
async fn put_upstream(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteGate>,
    Path(name): Path<String>,
    Query(query): Query<ReasonQuery>,
    headers: HeaderMap,
    Json(table): Json<Table>,
) -> Result<Response, Refusal> {
    put(&core, &permit, (DocumentKind::Upstream, name.into()), &headers, query.reason.as_deref(), table).await
}

/// Delete an upstream
///
/// Needs `routes:write` in the default tenant.
#[utoipa::path(delete, path = "/api/v1/admin/upstreams/{name}", tag = "gateway", operation_id = "delete_upstream",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("name" = String, Path), ReasonQuery),
    responses((status = 204), Guarded, Named, Parsed, Changed, Judged))]
async fn delete_upstream(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteGate>,
    Path(name): Path<String>,
    Query(query): Query<ReasonQuery>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    delete(&core, &permit, (DocumentKind::Upstream, name.into()), &headers, query.reason.as_deref()).await
}

fn everything(made: &Made) -> Response {
    ([tag(made.revision)], Json(GatewayConfig::from(made))).into_response()
}

/// Read everything that was made
///
/// `ETag` is the last revision. Needs `routes:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/config", tag = "gateway", operation_id = "get_gateway_config",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = GatewayConfig, headers(("ETag" = String))), Guarded))]
async fn get_config(State(core): State<Arc<Core>>, _: Permit<ReadGate>) -> Response {
    everything(&core.gate.made())
}

/// Replace everything that was made
///
/// In one revision, whole or not at all; what is not in the body is deleted. `If-Match` with an `ETag` makes
/// sure that nobody else changed anything meanwhile. Needs `routes:write` in the default tenant.
#[utoipa::path(put, path = "/api/v1/admin/config", tag = "gateway", operation_id = "put_gateway_config",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(ReasonQuery),
    request_body = GatewayConfig,
    responses((status = 200, body = GatewayConfig, headers(("ETag" = String))), Guarded, Body, Changed, Judged))]
async fn put_config(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteGate>,
    Query(query): Query<ReasonQuery>,
    headers: HeaderMap,
    Large(body): Large<MAX_CONFIG, GatewayConfig>,
) -> Result<Response, Refusal> {
    let condition = Condition::read(&headers)?;
    let intent = Intent::of(&permit, dto::reason("reason", query.reason.as_deref())?);
    let wanted = Wanted::Replace(body.parse()?);
    Ok(everything(&*service::change(&core, &intent, &Plan { wanted, condition }).await?))
}

/// List revisions
///
/// The newest first. Needs `routes:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/config/revisions", tag = "gateway", operation_id = "list_gateway_revisions",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(PageQuery),
    responses((status = 200, body = GatewayRevisions), Guarded, Parsed))]
async fn list_revisions(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Query(query): Query<PageQuery>,
) -> Result<Json<GatewayRevisions>, Refusal> {
    let (limit, after) = dto::window(query.limit, query.cursor.as_deref())?;
    let below = after.map_or(i64::MAX, |after| after.parse().unwrap_or(0));
    let count = i64::try_from(limit).unwrap_or(i64::MAX - 1);
    let mut revisions = history::page(&core, below, count + 1).await?;
    let more = revisions.len() > limit;
    revisions.truncate(limit);
    let next_cursor = revisions.last().filter(|_| more).map(|last| dto::cursor(last.number));
    let items = revisions.into_iter().map(|revision| GatewayRevision::new(revision, None)).collect();
    Ok(Json(GatewayRevisions { items, next_cursor }))
}

/// What cannot be a number names no revision.
fn number(text: &str) -> Result<i64, Problem> {
    text.parse().ok().filter(|number| *number >= 0).ok_or_else(|| common::NOT_FOUND.into())
}

/// Read a revision
///
/// With what it changed. Needs `routes:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/config/revisions/{number}", tag = "gateway",
    operation_id = "get_gateway_revision",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("number" = i64, Path)),
    responses((status = 200, body = GatewayRevision), Guarded, Named))]
async fn get_revision(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Path(text): Path<String>,
) -> Result<Json<GatewayRevision>, Refusal> {
    let (revision, changes) = history::one(&core, number(&text)?).await?;
    Ok(Json(GatewayRevision::new(revision, Some(changes))))
}

/// Which revision to compare with.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// The revision to compare with, in either direction; the one before unless given. 0 is before the first.
    from: Option<i64>,
}

/// Compare a revision
///
/// With the one before, or with any other. Needs `routes:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/config/revisions/{number}/diff", tag = "gateway",
    operation_id = "diff_gateway_revision",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("number" = i64, Path), DiffQuery),
    responses((status = 200, body = GatewayDiff), Guarded, Named, Parsed))]
async fn diff_revision(
    State(core): State<Arc<Core>>,
    _: Permit<ReadGate>,
    Path(text): Path<String>,
    Query(query): Query<DiffQuery>,
) -> Result<Json<GatewayDiff>, Refusal> {
    let to = number(&text)?;
    let from = query.from.unwrap_or((to - 1).max(0));
    let changes = history::diff(&core, from, to).await?.into_iter().map(GatewayDifference::from).collect();
    Ok(Json(GatewayDiff { from, to, changes }))
}

/// Bring back a revision
///
/// Makes everything as it was after that revision, as a new revision; 0 is before the first. `If-Match`
/// with an `ETag` makes sure that nobody else changed anything meanwhile. Needs `routes:write` in the
/// default tenant.
#[utoipa::path(post, path = "/api/v1/admin/config/revisions/{number}/rollback", tag = "gateway",
    operation_id = "roll_back_gateway",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("number" = i64, Path)),
    request_body = Rollback,
    responses((status = 200, body = GatewayConfig, headers(("ETag" = String))), Guarded, Body, Named, Changed, Judged))]
async fn roll_back(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteGate>,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Rollback>,
) -> Result<Response, Refusal> {
    let condition = Condition::read(&headers)?;
    let intent = Intent::of(&permit, dto::reason("/reason", body.reason.as_deref())?);
    let made = service::restore(&core, &intent, number(&text)?, &condition).await?;
    Ok(everything(&made))
}
