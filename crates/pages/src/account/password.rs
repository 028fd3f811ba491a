//! A new password, for whoever knows the present one.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    auth::{self, PasswordChange},
    http::{Fields, Refusal},
    passwords::too_long,
    users::{ReadProfile, WriteProfile},
};
use kernel::Problem;

use super::{own::Own, page};
use crate::{
    Pages,
    form::{Form, Posted},
    notice::Notice,
    view::View,
};

const SECTION: &str = "account/password";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account/password", get(ask).post(change))
}

fn view(email: Option<String>) -> View {
    page("account/password.html", SECTION).with("email", email)
}

async fn ask(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    Ok(own.visit.show(view(own.user().await?.email)))
}

fn read(form: &Form) -> Result<PasswordChange, Problem> {
    let mut fields = Fields::new();
    for name in ["current_password", "new_password"] {
        let typed = form.secret(name);
        if typed.expose().is_empty() {
            fields.wrong(format!("/{name}"), "required", "");
        } else if too_long(typed.expose()) {
            fields.wrong(format!("/{name}"), "too_long", "");
        }
    }
    fields.check()?;
    Ok(PasswordChange { current: form.secret("current_password"), new: form.secret("new_password") })
}

async fn change(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let changed = match read(&form) {
        Ok(change) => auth::change_password(own.core(), visit.ctx(), &own.permit.principal, change, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::PasswordChanged)),
        Err(problem) if problem.status() < 500 => Ok(visit.show(view(own.user().await?.email).refused(problem))),
        Err(problem) => Err(problem.into()),
    }
}
