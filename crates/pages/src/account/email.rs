//! Asking for another e-mail address, which a mail to it confirms.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    http::{Fields, Refusal},
    users::{Email, ReadProfile, WriteProfile},
    verification,
};
use kernel::{Problem, Secret};

use super::{at_current_password, own::Own, page};
use crate::{
    Pages,
    form::{Form, Posted},
    notice::Notice,
    view::View,
};

/// It is reached from there.
const SECTION: &str = "account/profile";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account/email", get(ask).post(change))
}

fn view(email: Option<String>, new_email: &str) -> View {
    page("account/email.html", SECTION).with("email", email).with("new_email", new_email)
}

async fn ask(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    Ok(own.visit.show(view(own.user().await?.email, "")))
}

fn read(form: &Form) -> Result<(Email, Secret), Problem> {
    let mut fields = Fields::new();
    let email = match form.text("new_email") {
        "" => {
            fields.wrong("/new_email", "required", "");
            None
        }
        typed => fields.keep("/new_email", "format", typed.parse::<Email>()),
    };
    let current = form.password(&mut fields, "current_password");
    Ok((fields.finish(email)?, current))
}

async fn change(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let asked = match read(&form) {
        Ok((email, current)) => {
            let caller = &own.permit.principal;
            verification::request_change(own.core(), visit.ctx(), caller, current, email, visit.wish()).await
        }
        Err(problem) => Err(problem),
    };
    match asked {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::EmailAsked)),
        Err(problem) if !problem.is_fault() => {
            let shown = view(own.user().await?.email, form.text("new_email"));
            Ok(visit.show(shown.refused(at_current_password(problem))))
        }
        Err(problem) => Err(problem.into()),
    }
}
