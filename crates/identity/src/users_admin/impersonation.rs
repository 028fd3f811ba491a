//! `/api/v1/admin/users/{id}/impersonate`: acting as a user, in order to help.
//!
//! An administrator gets an access token of the user, and nothing that outlives it: no refresh token, no
//! cookie, an hour at most. The token names them (`act`, RFC 8693 §4.1), upstreams are told
//! (`X-Portcullis-Actor`), and every audit entry that follows holds their id. The user gets a mail with the
//! reason, and sees the session in their account, where they can end it.
//!
//! Whoever acts as somebody cannot change that account, and cannot go on to act as somebody else.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use kernel::{Amr, Problem, SessionId, Subject, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ImpersonateUsers, NOT_IMPERSONABLE, OWN_LOGIN,
    target::{manage, target},
};
use crate::{
    Core,
    audit::Action,
    http::{
        Fields, Json, OrEmpty, Path, Permit, Refusal,
        openapi::{Body, Changed, Guarded, Named},
    },
    outbox::{Fate, Letter, Post},
    preferences, roles,
    sessions::{self, NewSession, Owner, Scope, Span},
    templates::Name,
    tokens::{Grant, OwnerView, issue_access},
    users::{UserKind, UserStatus},
};

const IMPERSONATED: Action = Action::new("user.impersonated");

/// For how long, at most.
const LIFE: Duration = Duration::from_secs(3_600);

/// Longest reason, in characters.
const REASON: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(impersonate))
}

/// Why somebody acts as somebody else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Impersonate {
    /// For the person and for the audit log.
    #[serde(default)]
    #[schema(required, max_length = 200, example = "Support case 4711")]
    reason: String,
}

/// A token of somebody else.
#[derive(Debug, Serialize, ToSchema)]
struct Impersonation {
    /// A JWT for `Authorization: Bearer`. Its `act` names you.
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// Seconds until it expires. There is no way to prolong it.
    expires_in: u64,
    /// The session, which the user sees. Logging out with the token ends it.
    #[schema(value_type = uuid::Uuid)]
    session_id: SessionId,
    /// Whose it is.
    user: OwnerView,
}

/// Act as a user
///
/// Needs `users:impersonate`, everything that the user holds, and your own login. The user is told by mail,
/// with your reason, and sees the session.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/impersonate", tag = "users", operation_id = "impersonate_user",
    security(("bearer" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)), request_body = Impersonate,
    responses((status = 200, body = Impersonation), Guarded, Named, Body, Changed))]
async fn impersonate(
    State(core): State<Arc<Core>>,
    permit: Permit<ImpersonateUsers>,
    Path(id): Path<UserId>,
    OrEmpty(body): OrEmpty<Impersonate>,
) -> Result<Json<Impersonation>, Refusal> {
    let mut fields = Fields::new();
    let reason = fields.text("/reason", &body.reason, REASON);
    let reason = fields.finish(reason)?;
    let by = administrator(&permit)?;
    if by == id {
        return Err(NOT_IMPERSONABLE.into());
    }
    let (span, post) = (span(&core), Post::new(&core));
    let session = SessionId::new(core.now(), &*core.random);
    let work = manage(&core, &permit, id, move |tx, cause, user| {
        Box::pin(async move {
            if user.status != UserStatus::Active || user.kind != UserKind::Person {
                return Err(Problem::new(NOT_IMPERSONABLE));
            }
            let new = NewSession {
                id: session,
                user: id,
                cookie_hash: None,
                remember: false,
                scope: Scope::default(),
                ip: cause.ctx.client_ip.to_string(),
                user_agent: String::new(),
                amr: Amr::NONE,
                span,
            };
            sessions::insert(tx, &new, None, cause.now).await?;
            sessions::mark_impersonated(tx, session, by).await?;
            let details = json!({"reason": reason, "session": session});
            cause.record(tx, IMPERSONATED, target(id), details).await?;
            let language = preferences::load(tx).await?.language;
            if let Some(letter) = Letter::to_user(Name::Impersonated, language, &user) {
                post.write(tx, letter.with("reason", reason).at(cause.now), Fate::Send).await?;
            }
            Ok(((roles::of_user(tx, id).await?, user), None))
        })
    });
    let (roles, user) = work.await?;
    core.outbox.wake();
    let access = issue_access(
        &core,
        &Grant {
            tenant: &permit.ctx.tenant,
            subject: Subject::User(id),
            session: Some(session),
            api_key: None,
            roles: &roles,
            scope: "",
            narrowed_to: None,
            authenticated_at: None,
            amr: Amr::NONE,
            impersonator: Some(by),
            email: None,
            not_after: span.absolute,
        },
    )?;
    let owner =
        Owner { id, status: user.status, email: user.email, username: user.username, display_name: user.display_name };
    Ok(Json(Impersonation {
        access_token: access.jwt,
        token_type: "Bearer".into(),
        expires_in: access.expires_in,
        session_id: session,
        user: OwnerView::new(&owner, &roles),
    }))
}

/// The person who asks: not a program, and not somebody who acts as somebody already.
fn administrator(permit: &Permit<ImpersonateUsers>) -> Result<UserId, Problem> {
    let principal = &permit.principal;
    let own = principal.api_key.is_none() && principal.impersonator.is_none();
    principal.subject.user().filter(|_| own).ok_or_else(|| OWN_LOGIN.into())
}

/// As long as the one access token.
fn span(core: &Core) -> Span {
    let end = core.now() + core.settings.tokens.access_ttl.min(LIFE);
    Span { idle: end, absolute: end }
}
