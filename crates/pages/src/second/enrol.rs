//! Setting up a first factor on the way in, where the tenant asks for one.

use axum::response::Response;
use identity::{
    auth::{self, Answer},
    http::Refusal,
    mfa::{CHALLENGE, Method, SecondProof},
    users::Phone,
};
use kernel::Problem;

use super::{Waiting, enter, start_again, trust_days, who};
use crate::{
    factor,
    form::{Form, Posted},
    view::View,
    visit::Visit,
};

/// Begins with an app.
pub(super) async fn app(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    begin(visit, &form, Ok(None)).await
}

/// Begins with a phone: a code is sent there.
pub(super) async fn phone(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    begin(visit, &form, factor::phone(&form).map(Some)).await
}

/// The address of a form that was sent is no page: the choice is.
pub(super) async fn choose(visit: Visit) -> Response {
    visit.go(&visit.url("mfa"))
}

async fn begin(visit: Visit, form: &Form, phone: Result<Option<Phone>, Problem>) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| waiting.enrol) else {
        return Ok(start_again(&visit, Some(form)));
    };
    let outcome = match phone {
        Ok(phone) => auth::begin_factor(&visit.pages().core, visit.ctx(), &who(&visit, &waiting), phone).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(enrolment) => Ok(waiting.show(&visit, first_code(&visit, factor::uri(&enrolment), false).await?)),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit, Some(form))),
        Err(problem) if !problem.is_fault() => {
            let page = View::new("mfa/choose.html").with("phone", form.text("phone"));
            Ok(waiting.show(&visit, page.refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn first_code(visit: &Visit, uri: &str, trust: bool) -> Result<View, Problem> {
    let view = factor::first_code(View::new("mfa/enrol.html"), uri).with("trust", trust);
    Ok(view.with("trust_days", trust_days(visit).await?))
}

/// The first code shows that it works, and lets them in.
pub(super) async fn confirm(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| waiting.enrol) else {
        return Ok(start_again(&visit, Some(&form)));
    };
    let method = if factor::is_app(&form) { Method::Totp } else { Method::Sms };
    let outcome = match factor::code(&form) {
        Ok(code) => {
            let answer = Answer::Code(SecondProof { method, code });
            let (core, who) = (&visit.pages().core, who(&visit, &waiting));
            auth::answer(core, visit.ctx(), who, answer, form.is_ticked("trust")).await
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(completed) => Ok(enter(&visit, &waiting, completed)?),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit, Some(&form))),
        Err(problem) if !problem.is_fault() => {
            Ok(waiting
                .show(&visit, first_code(&visit, form.text("uri"), form.is_ticked("trust")).await?.refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}
