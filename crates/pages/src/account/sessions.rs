//! Where one is signed in.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    http::Refusal,
    sessions::{self, Reason, Session},
    users::{ReadProfile, WriteProfile},
};
use kernel::{Problem, SessionId, Timestamp, problem::common};
use minijinja::{Value, context};

use super::{Sure, called, own::Own, page, sure, when};
use crate::{Pages, form::Posted, notice::Notice, texts::Words};

const SECTION: &str = "account/sessions";
const OTHERS: Sure =
    Sure { title: "sessions-others-title", text: "sessions-others-text", submit: "sessions-others-submit" };

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/account/sessions", get(list).post(end))
        .route("/ui/account/sessions/others", get(ask_others).post(end_others))
}

/// The caller's live sessions.
pub(super) async fn of<R>(own: &Own<R>) -> Result<Vec<Session>, Problem> {
    let (user, now) = (own.id, own.core().now());
    own.core().read(own.permit.principal.tenant, move |tx| Box::pin(sessions::list(tx, user, now))).await
}

fn row(session: &Session, current: Option<SessionId>, words: &Words, now: Timestamp) -> Value {
    let device = match session.impersonator {
        Some(_) => words.get("sessions-impersonated"),
        None => called(session.device_name.as_deref().unwrap_or(&session.user_agent), words),
    };
    context! {
        id => session.id.to_string(),
        device => device,
        ip => session.ip.clone(),
        current => current == Some(session.id),
        remember => session.remember,
        since => when::ago(words, now, session.created_at),
        seen => when::ago(words, now, session.last_seen_at),
    }
}

async fn list(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    let (all, words, now) = (of(&own).await?, own.visit.words(), own.core().now());
    let current = own.permit.principal.session;
    let others = all.iter().any(|session| current != Some(session.id));
    // The one that asks stands first.
    let (mine, theirs): (Vec<_>, Vec<_>) = all.iter().partition(|session| current == Some(session.id));
    let rows: Vec<Value> = mine.into_iter().chain(theirs).map(|s| row(s, current, &words, now)).collect();
    Ok(own.visit.show(page("account/sessions.html", SECTION).with("sessions", rows).with("others", others)))
}

async fn end(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let id: SessionId = form.text("session").parse().map_err(|_| common::NOT_FOUND)?;
    let ended = sessions::end_one(own.core(), visit.ctx(), &own.permit.principal, own.id, id, Reason::Revoked).await?;
    // One that has ended meanwhile is what was asked for.
    let said = if ended { Notice::SessionEnded } else { Notice::SessionGone };
    Ok(visit.go_saying(&visit.url(SECTION), said))
}

async fn ask_others(own: Own<ReadProfile>) -> Response {
    own.visit.show(sure(SECTION, OTHERS, ""))
}

async fn end_others(own: Own<WriteProfile>, Posted { visit, .. }: Posted) -> Result<Response, Refusal> {
    let caller = &own.permit.principal;
    sessions::end_many(own.core(), visit.ctx(), caller, own.id, caller.session, Reason::Revoked).await?;
    Ok(visit.go_saying(&visit.url(SECTION), Notice::SessionsEnded))
}
