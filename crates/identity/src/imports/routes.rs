//! `/api/v1/admin/users/import`, `…/imports`, `…/export`.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, StatusCode, header};
use kernel::{Problem, TenantId, problem::common};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Export, ExportHashes, ExportUsers, Format, Import, Mode, Options, RowProblem, Spool, Starter, export, store,
};
use crate::{
    Core,
    http::{
        Json, Page, PageQuery, Path, Permit, Query, Refusal, Right, Window,
        openapi::{Body as WithBody, Changed, Guarded, Named, Parsed},
    },
    users_admin::{CreateUsers, ReadUsers, UpdateUsers},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(errors))
        .routes(routes!(download))
}

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StartQuery {
    /// How the file is written; by its `Content-Type` unless given.
    format: Option<Format>,
    /// What is done about users who are there already: `create` skips them, `upsert` brings them up to date.
    #[serde(default)]
    mode: Mode,
    /// Try everything and keep nothing.
    #[serde(default)]
    dry_run: bool,
    /// Mail new people without a password a link to choose one.
    #[serde(default)]
    invite: bool,
}

fn format_of(headers: &HeaderMap) -> Result<Format, Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "text/csv" => Ok(Format::Csv),
        "application/jsonl" | "application/x-ndjson" | "application/x-jsonlines" => Ok(Format::Jsonl),
        _ => Err(Problem::new(common::MEDIA_TYPE).detail("Send `text/csv` or `application/jsonl`, or say ?format.")),
    }
}

fn require<R: Right>(core: &Core, permit: &crate::http::Caller) -> Result<(), Problem> {
    match core.edge.access.load().permits(&permit.principal, R::permission()) {
        true => Ok(()),
        false => Err(Problem::new(common::FORBIDDEN).detail(format!("This needs the permission {}.", R::NAME))),
    }
}

/// Import users
///
/// The body is the file, of 256 MiB at most. It is worked on in the background; `Location` tells how far it is.
/// Needs `users:create`; to bring users up to date, `users:update`; to give roles, `roles:assign` and everything
/// they grant.
#[utoipa::path(post, path = "/api/v1/admin/users/import", tag = "users", operation_id = "import_users",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(StartQuery),
    request_body(content = String, content_type = "text/csv", description = "CSV, or a JSON object a line"),
    responses((status = 202, body = Import, headers(("Location" = String))), Guarded, WithBody, Changed))]
async fn start(
    State(core): State<Arc<Core>>,
    permit: Permit<CreateUsers>,
    Query(query): Query<StartQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Import>), Refusal> {
    // It goes on when nobody acts as anybody any more.
    permit.in_person()?;
    if query.mode == Mode::Upsert {
        require::<UpdateUsers>(&core, &permit)?;
    }
    let format = query.format.map_or_else(|| format_of(&headers), Ok)?;
    let options = Options { format, mode: query.mode, dry_run: query.dry_run, invite: query.invite };
    let tenant = permit.principal.tenant;
    let mut spool = Spool::begin(&core, tenant, options, Starter::from(&*permit.principal)).await?;
    if let Err(refused) = receive(&mut spool, body).await {
        spool.give_up().await?;
        return Err(refused.into());
    }
    let id = spool.finish(Some(&permit.ctx)).await?;
    let import = find(&core, tenant, id).await?;
    let location = format!("/api/v1/admin/users/imports/{id}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(import)))
}

async fn receive(spool: &mut Spool<'_>, body: Body) -> Result<(), Problem> {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| Problem::new(common::MALFORMED).detail("The body ended early.").cause(e))?;
        spool.push(&piece).await?;
    }
    Ok(())
}

fn import_id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| common::NOT_FOUND.into())
}

async fn find(core: &Core, tenant: TenantId, id: Uuid) -> Result<Import, Problem> {
    core.read(tenant, move |tx| Box::pin(store::load(tx, id))).await?.ok_or_else(|| common::NOT_FOUND.into())
}

/// List imports
///
/// Newest first; of the last 30 days. Needs `users:create`.
#[utoipa::path(get, path = "/api/v1/admin/users/imports", tag = "users", operation_id = "list_imports",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(PageQuery),
    responses((status = 200, body = Page<Import>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<CreateUsers>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Import>>, Refusal> {
    let window = Window::try_from(&query)?;
    let tenant = permit.principal.tenant;
    let found = core.read(tenant, move |tx| Box::pin(store::latest(tx, window.before, window.fetch()))).await?;
    Ok(Json(Page::new(found, window, |import| import.id)))
}

/// Read an import
///
/// How far it is and what became of its records. Needs `users:create`.
#[utoipa::path(get, path = "/api/v1/admin/users/imports/{id}", tag = "users", operation_id = "get_import",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Import), Guarded, Named))]
async fn read(
    State(core): State<Arc<Core>>,
    permit: Permit<CreateUsers>,
    Path(id): Path<String>,
) -> Result<Json<Import>, Refusal> {
    Ok(Json(find(&core, permit.principal.tenant, import_id(&id)?).await?))
}

/// Which part of the report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ErrorsQuery {
    /// Of later lines than this one.
    #[serde(default)]
    after: i64,
}

/// A part of a report.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// What is wrong, by line.
    items: Vec<RowProblem>,
    /// `after` of the next part; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<i64>,
}

/// Entries of a part.
const PART: i64 = 1_000;

/// Read what was wrong in an import
///
/// By line; the first 10 000. Needs `users:create`.
#[utoipa::path(get, path = "/api/v1/admin/users/imports/{id}/errors", tag = "users", operation_id = "list_import_errors",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = Uuid, Path), ErrorsQuery),
    responses((status = 200, body = Report), Guarded, Named, Parsed))]
async fn errors(
    State(core): State<Arc<Core>>,
    permit: Permit<CreateUsers>,
    Path(id): Path<String>,
    Query(query): Query<ErrorsQuery>,
) -> Result<Json<Report>, Refusal> {
    let (tenant, id) = (permit.principal.tenant, import_id(&id)?);
    find(&core, tenant, id).await?;
    let mut items = core.read(tenant, move |tx| Box::pin(store::errors(tx, id, query.after, PART + 1))).await?;
    let mut next_after = None;
    if items.len() > usize::try_from(PART).unwrap_or(usize::MAX) {
        // A line's problems stay together: the last line of a full part comes with the next one.
        let last = items.last().map_or(0, |problem| problem.line);
        items.retain(|problem| problem.line < last);
        next_after = Some(last - 1);
    }
    Ok(Json(Report { items, next_after }))
}

/// What comes along.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Include {
    /// The hashes of passwords.
    PasswordHash,
}

/// How to export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// As what.
    format: Format,
    /// What comes along besides.
    #[param(inline)]
    include: Option<Include>,
}

/// Export users
///
/// All users who are not deleted, newest first, in the columns that an import reads. Needs `users:read` and
/// `users:export`; for the hashes of passwords, `password_hashes:export`, which only `super_admin` has by itself.
#[utoipa::path(get, path = "/api/v1/admin/users/export", tag = "users", operation_id = "export_users",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(ExportQuery),
    responses((status = 200, body = String, content_type = "text/csv"), Guarded, Parsed))]
async fn download(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadUsers>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Refusal> {
    require::<ExportUsers>(&core, &permit)?;
    let hashes = query.include.is_some();
    if hashes {
        require::<ExportHashes>(&core, &permit)?;
    }
    let (tenant, export) = (permit.principal.tenant, Export { format: query.format, hashes });
    export::note(&core, tenant, export, Some(&permit.ctx)).await?;
    // The first page before the head: what fails at once is told as a problem.
    let first = export::page(&core, tenant, export, None).await?;
    let (kind, name) = match export.format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"users.csv\""),
        Format::Jsonl => ("application/jsonl", "attachment; filename=\"users.jsonl\""),
    };
    let pages = stream::try_unfold(Some(Next::Page(first)), move |next| {
        let core = core.clone();
        async move {
            let (text, next) = match next {
                None => return Ok(None),
                Some(Next::Page(page)) => page,
                Some(Next::After(before)) => export::page(&core, tenant, export, Some(before)).await?,
            };
            Ok::<_, Problem>(Some((Bytes::from(text), next.map(Next::After))))
        }
    });
    let mut response = Response::new(Body::from_stream(pages));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_DISPOSITION, http::HeaderValue::from_static(name));
    Ok(response)
}

/// What an export writes next.
enum Next {
    /// A page that was read.
    Page(export::Page),
    /// The page after this id.
    After(Uuid),
}
