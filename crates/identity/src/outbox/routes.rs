//! `/api/v1/admin/messages`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{MessageId, Problem, Timestamp, UserId, problem::common};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadMessages, WriteMessages, admin,
    model::{Channel, Status},
    store::{Stored, Wanted},
};
use crate::{
    Core,
    http::{
        Fields, Json, Page, Path, Permit, Query, Refusal, Window,
        openapi::{Body, Changed, Guarded, Named, Parsed},
    },
    language::Language,
    users::{Email, Phone},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(test)).routes(routes!(get)).routes(routes!(retry))
}

/// A mail or text message: what became of it, never what it says.
#[derive(Debug, Serialize, ToSchema)]
struct Message {
    #[schema(value_type = uuid::Uuid)]
    id: MessageId,
    channel: Channel,
    /// Which message it is.
    #[schema(example = "verify_email")]
    template: String,
    /// Address or number.
    recipient: String,
    #[schema(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
    status: Status,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next, if it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// What went wrong last.
    last_error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// It is not sent later than this.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was sent or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Stored> for Message {
    fn from(stored: Stored) -> Self {
        Self {
            id: stored.id,
            channel: stored.channel,
            template: stored.template,
            recipient: stored.recipient,
            user_id: stored.user,
            status: stored.status,
            attempts: stored.attempts,
            next_attempt_at: (stored.status == Status::Waiting).then_some(stored.next_at),
            last_error: stored.error,
            created_at: stored.created_at,
            expires_at: stored.expires_at,
            finished_at: stored.finished_at,
        }
    }
}

/// What cannot be an id names nothing.
fn message_id(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| common::NOT_FOUND.into())
}

/// Which messages to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListMessages {
    /// Entries at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those with this status.
    status: Option<Status>,
    /// Only those sent this way.
    channel: Option<Channel>,
}

/// List messages
///
/// Mails and text messages of the last days and what became of them. Needs `messages:read`.
#[utoipa::path(get, path = "/api/v1/admin/messages", tag = "messages", operation_id = "list_messages",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(ListMessages),
    responses((status = 200, body = Page<Message>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadMessages>,
    Query(query): Query<ListMessages>,
) -> Result<Json<Page<Message>>, Refusal> {
    let window = Window::parse(query.limit, query.cursor.as_deref())?;
    let wanted = Wanted { status: query.status, channel: query.channel };
    let messages = admin::list(&core, &permit, wanted, window).await?;
    Ok(Json(Page::new(messages, window, |m| m.id.uuid()).map(Into::into)))
}

/// Read a message
///
/// Needs `messages:read`.
#[utoipa::path(get, path = "/api/v1/admin/messages/{id}", tag = "messages", operation_id = "get_message",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Message), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadMessages>,
    Path(id): Path<String>,
) -> Result<Json<Message>, Refusal> {
    Ok(Json(admin::get(&core, &permit, message_id(&id)?).await?.into()))
}

/// Send a message again
///
/// One that was given up. Needs `messages:write`.
#[utoipa::path(post, path = "/api/v1/admin/messages/{id}/retry", tag = "messages", operation_id = "retry_message",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = Message), Guarded, Named, Changed))]
async fn retry(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteMessages>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Message>), Refusal> {
    let revived = admin::retry(&core, &permit, message_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(revived.into())))
}

/// A test message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestMessage {
    channel: Channel,
    /// Address, or number in international form.
    #[schema(max_length = 254, example = "ada@example.com")]
    to: String,
    /// English unless given.
    language: Option<Language>,
}

impl TestMessage {
    fn recipient(&self) -> Result<String, Problem> {
        let mut fields = Fields::new();
        let to = match self.channel {
            Channel::Mail => fields.keep("/to", "format", self.to.parse::<Email>()).map(|to| to.to_string()),
            Channel::Sms => fields.keep("/to", "format", self.to.parse::<Phone>()).map(|to| to.to_string()),
        };
        fields.finish(to)
    }
}

/// Send a test message
///
/// To see whether mail or text messages arrive; what became of it is told by its id. Needs
/// `messages:write`.
#[utoipa::path(post, path = "/api/v1/admin/messages/test", tag = "messages", operation_id = "send_test_message",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = TestMessage,
    responses((status = 202, body = Message), Guarded, Body))]
async fn test(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteMessages>,
    Json(body): Json<TestMessage>,
) -> Result<(StatusCode, Json<Message>), Refusal> {
    let to = body.recipient()?;
    let written = admin::test(&core, &permit, body.channel, to, body.language.unwrap_or_default()).await?;
    Ok((StatusCode::ACCEPTED, Json(written.into())))
}
