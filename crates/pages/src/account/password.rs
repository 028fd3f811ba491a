//! A new password, for whoever knows the present one.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    auth::{self, PasswordChange},
    http::{Fields, Refusal},
    users::{ReadProfile, WriteProfile},
};
use kernel::Problem;

use super::{at_current_password, own::Own, page};
use crate::{
    Pages,
    form::{Form, Posted},
    new_password,
    notice::Notice,
    view::View,
};

const SECTION: &str = "account/password";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account/password", get(ask).post(change))
}

async fn view<R>(own: &Own<R>) -> Result<View, Problem> {
    let rules = new_password::rules(&own.visit).await?;
    Ok(page("account/password.html", SECTION).with("email", own.user().await?.email).with("rules", rules))
}

async fn ask(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    Ok(own.visit.show(view(&own).await?))
}

fn read(form: &Form) -> Result<PasswordChange, Problem> {
    let mut fields = Fields::new();
    let [current, new] = ["current_password", "new_password"].map(|name| form.password(&mut fields, name));
    fields.check()?;
    Ok(PasswordChange { current, new })
}

async fn change(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let changed = match read(&form) {
        Ok(change) => auth::change_password(own.core(), visit.ctx(), &own.permit.principal, change, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::PasswordChanged)),
        Err(problem) if !problem.is_fault() => Ok(visit.show(view(&own).await?.refused(at_current_password(problem)))),
        Err(problem) => Err(problem.into()),
    }
}
