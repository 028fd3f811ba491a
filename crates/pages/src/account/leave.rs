//! Deleting one's account: asked about, confirmed by typing who one is, and done after a recent sign-in only.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    http::{Fields, Refusal},
    leaving, sessions,
    users::{ReadProfile, User, WriteProfile},
};
use kernel::{Problem, problem::common};

use super::{own::Own, page, step_up};
use crate::{Pages, form::Posted, notice::Notice, view::View};

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account/privacy/delete", get(ask).post(leave))
}

/// What is to be typed.
fn login(user: User) -> String {
    user.email.or(user.username).unwrap_or_else(|| user.id.to_string())
}

fn view(login: &str, typed: &str) -> View {
    page("account/leave.html", "account/privacy").with("login", login).with("typed", typed)
}

async fn ask(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    if !own.visit.preferences().await?.account_deletion {
        return Err(Problem::new(common::NOT_FOUND).into());
    }
    Ok(own.visit.show(view(&login(own.user().await?), "")))
}

async fn leave(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let login = login(own.user().await?);
    let mut fields = Fields::new();
    if !form.text("login").eq_ignore_ascii_case(&login) {
        fields.wrong("/login", "not_the_same", "");
    }
    let left = match fields.check() {
        Ok(()) => leaving::leave(own.core(), &own.permit, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match left {
        Ok(()) => {
            visit.set_cookie(Some(sessions::cookie::clear()));
            Ok(visit.go_saying(&visit.url("login"), Notice::AccountDeleted))
        }
        Err(problem) if problem.kind == common::STEP_UP => Ok(step_up(&visit)),
        Err(problem) if matches!(problem.status(), 400 | 409) => {
            Ok(visit.show(view(&login, form.text("login")).refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}
