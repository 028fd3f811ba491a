//! `/api/v1/authz/check`.

use std::sync::Arc;

use axum::extract::State;
use kernel::{Problem, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Reason, model::Question, service};
use crate::{
    Core,
    http::{
        Caller, Fields, Json, Refusal,
        openapi::{Body, Guarded},
    },
};

/// Most questions at once.
const MAX_QUESTIONS: usize = 100;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(check)).routes(routes!(batch))
}

/// May this subject do that?
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    /// Id of a user; the caller unless given.
    #[schema(value_type = Option<uuid::Uuid>)]
    subject: Option<String>,
    #[schema(example = "content:edit")]
    permission: String,
    /// What it is about, where that matters.
    resource: Option<Resource>,
}

/// A resource of the application's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resource {
    /// Id of the user it belongs to: permissions that end in `:own` count for it.
    #[schema(value_type = Option<uuid::Uuid>)]
    owner: Option<String>,
}

impl Check {
    fn parse(self, fields: &mut Fields, at: &str) -> Option<Question> {
        let mut id = |field: &str, text: Option<String>| match text {
            None => Some(None),
            Some(text) => match text.parse::<UserId>() {
                Ok(id) => Some(Some(id)),
                Err(_) => {
                    fields.wrong(format!("{at}{field}"), "format", "must be the id of a user");
                    None
                }
            },
        };
        let subject = id("/subject", self.subject);
        let owner = id("/resource/owner", self.resource.and_then(|r| r.owner));
        let permission = fields.keep(format!("{at}/permission"), "format", self.permission.parse());
        Some(Question { subject: subject?, permission: permission?, owner: owner? })
    }
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct Checked {
    allowed: bool,
    reason: Reason,
}

impl From<Reason> for Checked {
    fn from(reason: Reason) -> Self {
        Self { allowed: reason.allows(), reason }
    }
}

/// Several questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckBatch {
    /// 1 to 100.
    checks: Vec<Check>,
}

/// Their answers, in the order of the questions.
#[derive(Debug, Serialize, ToSchema)]
struct CheckedBatch {
    results: Vec<Checked>,
}

/// Ask whether a subject may do something
///
/// About oneself, or with `authz:check` about any user of the tenant.
#[utoipa::path(post, path = "/api/v1/authz/check", tag = "authorization", operation_id = "authz_check",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = Check,
    responses((status = 200, body = Checked), Guarded, Body))]
async fn check(
    State(core): State<Arc<Core>>,
    caller: Caller,
    Json(body): Json<Check>,
) -> Result<Json<Checked>, Refusal> {
    let mut fields = Fields::new();
    let question = body.parse(&mut fields, "");
    let question = fields.finish(question)?;
    let reasons = service::check(&core, &caller, vec![question]).await?;
    Ok(Json(reasons.into_iter().next().unwrap_or(Reason::NotGranted).into()))
}

/// Ask several questions at once
///
/// About oneself, or with `authz:check` about any users of the tenant.
#[utoipa::path(post, path = "/api/v1/authz/check/batch", tag = "authorization", operation_id = "authz_check_batch",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = CheckBatch,
    responses((status = 200, body = CheckedBatch), Guarded, Body))]
async fn batch(
    State(core): State<Arc<Core>>,
    caller: Caller,
    Json(body): Json<CheckBatch>,
) -> Result<Json<CheckedBatch>, Refusal> {
    let questions = parse_all(body.checks)?;
    let reasons = service::check(&core, &caller, questions).await?;
    Ok(Json(CheckedBatch { results: reasons.into_iter().map(Into::into).collect() }))
}

fn parse_all(checks: Vec<Check>) -> Result<Vec<Question>, Problem> {
    let mut fields = Fields::new();
    if !(1..=MAX_QUESTIONS).contains(&checks.len()) {
        fields.wrong("/checks", "range", format!("must have 1 to {MAX_QUESTIONS} entries"));
        return Err(fields.into_problem());
    }
    let parse = |(i, check): (usize, Check)| check.parse(&mut fields, &format!("/checks/{i}"));
    let questions = checks.into_iter().enumerate().filter_map(parse).collect();
    fields.check()?;
    Ok(questions)
}
