//! Setting up a first factor on the way in, where the tenant asks for one.

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::STANDARD as B64};
use identity::{
    auth,
    http::{Fields, Refusal},
    mfa::{CHALLENGE, Enrolment, Method},
    users::Phone,
};
use kernel::Problem;

use super::{Waiting, enter, proof, start_again, trust_days, who};
use crate::{
    form::{Form, Posted},
    view::View,
    visit::Visit,
};

/// What every image of ours begins with: nothing else is shown.
const IMAGE: &str = "data:image/svg+xml;base64,";

/// Begins with an app.
pub(super) async fn app(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    begin(visit, &form, Ok(None)).await
}

/// Begins with a phone: a code is sent there.
pub(super) async fn phone(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    let phone = fields.keep("/phone", "format", form.text("phone").parse::<Phone>());
    begin(visit, &form, fields.finish(phone).map(Some)).await
}

async fn begin(visit: Visit, form: &Form, phone: Result<Option<Phone>, Problem>) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| waiting.enrol) else { return Ok(start_again(&visit)) };
    let outcome = match phone {
        Ok(phone) => auth::begin_factor(&visit.pages().core, visit.ctx(), &who(&visit, &waiting), phone).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(enrolment) => Ok(visit.show(begun(&enrolment).with("trust_days", trust_days(&visit).await?))),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit)),
        Err(problem) if problem.status() < 500 => {
            let page = View::new("mfa/choose.html").with("phone", form.text("phone"));
            Ok(visit.show(page.refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn begun(enrolment: &Enrolment) -> View {
    match &enrolment.totp {
        Some(totp) => {
            let image = format!("{IMAGE}{}", B64.encode(&totp.qr_svg));
            View::new("mfa/enrol_totp.html").with("secret", totp.secret.as_str()).with("image", image)
        }
        None => View::new("mfa/enrol_sms.html"),
    }
}

/// The page again, from what its form brought along.
fn again(form: &Form) -> View {
    if form.text("kind") == "sms" {
        return View::new("mfa/enrol_sms.html");
    }
    let image = Some(form.text("image")).filter(|image| image.starts_with(IMAGE)).unwrap_or_default();
    View::new("mfa/enrol_totp.html").with("secret", form.text("secret")).with("image", image)
}

/// The first code shows that it works, and lets them in.
pub(super) async fn confirm(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| waiting.enrol) else { return Ok(start_again(&visit)) };
    let method = if form.text("kind") == "sms" { Method::Sms } else { Method::Totp };
    let outcome = match proof(&form, method) {
        Ok(proof) => {
            auth::answer(&visit.pages().core, visit.ctx(), who(&visit, &waiting), proof, form.is_ticked("trust")).await
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(completed) => Ok(enter(&visit, &waiting, completed)),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit)),
        Err(problem) if problem.status() < 500 => {
            Ok(visit.show(again(&form).with("trust_days", trust_days(&visit).await?).refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}
