//! `/api/v1/admin/message-templates`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadSettings, WriteSettings,
    model::{COMMON, Name, Rendered, Source},
    service::{self, Whose},
};
use crate::{
    Core,
    http::{
        Fields, Json, Path, Permit, Refusal,
        openapi::{Body, Guarded, Named},
    },
    language::Language,
};

/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 300;
/// Longest text, in bytes.
const MAX_TEXT: usize = 16 * 1024;
/// Longest HTML, in bytes.
const MAX_HTML: usize = 32 * 1024;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put, delete)).routes(routes!(preview))
}

fn bounded(source: Source) -> Result<Source, Problem> {
    let mut fields = Fields::new();
    for (field, text, longest) in [
        ("/subject", &source.subject, MAX_SUBJECT),
        ("/text", &source.text, MAX_TEXT),
        ("/html", &source.html, MAX_HTML),
    ] {
        if text.trim().is_empty() {
            fields.wrong(field, "required", "must not be empty");
        } else if text.len() > longest {
            fields.wrong(field, "too_long", format!("may have {longest} bytes at most"));
        } else if text.contains('\0') {
            fields.wrong(field, "format", "must not contain U+0000");
        }
    }
    fields.check()?;
    Ok(source)
}

/// A message that can be worded.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateSummary {
    name: Name,
    /// What it may say: values by name.
    values: Vec<&'static str>,
    /// Languages that there are.
    languages: Vec<Language>,
    /// Languages in which the tenant has worded it itself.
    own: Vec<Language>,
}

/// The messages that can be worded.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateList {
    items: Vec<TemplateSummary>,
}

/// List message templates
///
/// Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/message-templates", tag = "messages", operation_id = "list_templates",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = TemplateList), Guarded))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadSettings>) -> Result<Json<TemplateList>, Refusal> {
    let own = service::own(&core, &permit).await?;
    let is_own =
        |name: Name, language: &Language| own.iter().any(|(n, l)| n == name.as_str() && l == language.as_str());
    let summary = |name: Name| TemplateSummary {
        name,
        values: COMMON.iter().chain(name.own_values()).copied().collect(),
        languages: Language::ALL.to_vec(),
        own: Language::ALL.into_iter().filter(|language| is_own(name, language)).collect(),
    };
    Ok(Json(TemplateList { items: Name::ALL.into_iter().map(summary).collect() }))
}

/// A message in one language.
#[derive(Debug, Serialize, ToSchema)]
struct Template {
    #[serde(flatten)]
    source: Source,
    /// Whether it is the default rather than the tenant's own.
    default: bool,
}

/// Read a message template
///
/// The tenant's own, or the default. Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/message-templates/{name}/{language}", tag = "messages",
    operation_id = "get_template", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = Name, Path), ("language" = Language, Path)),
    responses((status = 200, body = Template), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadSettings>,
    Path((name, language)): Path<(Name, Language)>,
) -> Result<Json<Template>, Refusal> {
    let (source, whose) = service::get(&core, &permit, name, language).await?;
    Ok(Json(Template { source, default: whose == Whose::Default }))
}

/// Word a message anew
///
/// It is tried out with sample values first, and refused if it does not work. Holds for every message
/// that is sent from then on. Needs `settings:write`.
#[utoipa::path(put, path = "/api/v1/admin/message-templates/{name}/{language}", tag = "messages",
    operation_id = "put_template", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = Name, Path), ("language" = Language, Path)), request_body = Source,
    responses((status = 200, body = Template), Guarded, Body, Named))]
async fn put(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Path((name, language)): Path<(Name, Language)>,
    Json(source): Json<Source>,
) -> Result<Json<Template>, Refusal> {
    let source = bounded(source)?;
    service::put(&core, &permit, name, language, source.clone()).await?;
    Ok(Json(Template { source, default: false }))
}

/// Go back to the default of a message
///
/// Needs `settings:write`.
#[utoipa::path(delete, path = "/api/v1/admin/message-templates/{name}/{language}", tag = "messages",
    operation_id = "delete_template", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = Name, Path), ("language" = Language, Path)),
    responses((status = 204), Guarded, Named))]
async fn delete(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Path((name, language)): Path<(Name, Language)>,
) -> Result<StatusCode, Refusal> {
    service::reset(&core, &permit, name, language).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Preview a message
///
/// Renders what is given with sample values; stores and sends nothing. Needs `settings:read`.
#[utoipa::path(post, path = "/api/v1/admin/message-templates/{name}/{language}/preview", tag = "messages",
    operation_id = "preview_template", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = Name, Path), ("language" = Language, Path)), request_body = Source,
    responses((status = 200, body = Rendered), Guarded, Body, Named))]
async fn preview(
    _: Permit<ReadSettings>,
    Path((name, _language)): Path<(Name, Language)>,
    Json(source): Json<Source>,
) -> Result<Json<Rendered>, Refusal> {
    Ok(Json(service::preview(name, &bounded(source)?)?))
}
