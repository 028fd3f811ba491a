//! A passkey as second factor: the page carries what the browser asks it for, the form what it has signed.

use axum::response::Response;
use identity::{
    auth::{self, Answer},
    http::Refusal,
    passkeys::INVALID,
};
use kernel::Problem;

use super::{Waiting, judge, start_again, who};
use crate::{ceremony, form::Posted, view::View, visit::Visit};

/// The page that asks for one.
pub(super) async fn question(visit: &Visit, waiting: &Waiting) -> Result<View, Problem> {
    let who = who(visit, waiting);
    let begun = auth::begin_passkey(&visit.pages().core, visit.ctx(), &who, visit.origin().as_ref()).await?;
    Ok(ceremony::asks(View::new("mfa/passkey.html"), &begun))
}

pub(super) async fn answer(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| !waiting.enrol) else {
        return Ok(start_again(&visit, Some(&form)));
    };
    let answer = ceremony::answer(&form, INVALID)
        .map(|(ceremony, credential)| Answer::Passkey { ceremony, credential: Box::new(credential) });
    judge(&visit, &form, &waiting, "passkey", answer).await
}
