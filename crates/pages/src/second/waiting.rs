//! A sign-in that waits for a second factor: kept in the browser, as long as the challenge lives.
//!
//! Only the challenge's id opens anything. The rest is what pages show, and is judged anew when it comes back.

use std::time::Duration;

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use identity::{
    auth::Challenge,
    mfa::{Method, Offer},
};
use kernel::Secret;
use serde::{Deserialize, Serialize};

use crate::{cookies, return_to::ReturnTo, view::View, visit::Visit};

const COOKIE: &str = "__Host-portcullis_challenge";

/// What a sign-in waits for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    id: String,
    /// What it may be answered with.
    pub(crate) offers: Vec<Offer>,
    /// They have to set up a first factor.
    pub(crate) enrol: bool,
    return_to: Option<String>,
}

impl Waiting {
    /// Begins to wait.
    pub(crate) fn begin(visit: &Visit, challenge: Challenge, to: Option<&ReturnTo>) {
        let waiting = Self {
            id: challenge.id.expose().clone(),
            offers: challenge.methods,
            enrol: challenge.enrolment_required,
            return_to: to.map(|to| to.as_str().to_owned()),
        };
        let Ok(text) = serde_json::to_vec(&waiting) else { return };
        visit.set_cookie(cookies::set(COOKIE, &B64.encode(text), Some(Duration::from_secs(challenge.expires_in))));
    }

    /// What the browser waits for.
    pub(crate) fn of(visit: &Visit) -> Option<Self> {
        let bytes = B64.decode(cookies::read(visit.headers(), COOKIE)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// It is over.
    pub(crate) fn end(visit: &Visit) {
        visit.set_cookie(cookies::clear(COOKIE));
    }

    /// The challenge.
    pub(crate) fn id(&self) -> Secret {
        Secret::new(self.id.clone())
    }

    /// Where to, once they are in.
    pub(crate) fn return_to(&self, visit: &Visit) -> Option<ReturnTo> {
        visit.judge(self.return_to.as_deref()?)
    }

    /// Shows a page of this sign-in, whose form may end where they wanted to go.
    pub(crate) fn show(&self, visit: &Visit, view: View) -> Response {
        visit.show(view.then(self.return_to(visit).as_ref()))
    }

    /// The way that is asked for: the one they chose, else the first.
    pub(crate) fn method(&self, name: &str) -> Option<&Offer> {
        chosen(&self.offers, name)
    }
}

/// The way that has this name, else the first.
pub(crate) fn chosen<'o>(offers: &'o [Offer], chosen: &str) -> Option<&'o Offer> {
    offers.iter().find(|offer| name(offer.method) == chosen).or_else(|| offers.first())
}

/// The method that has this name.
pub(crate) fn method(named: &str) -> Option<Method> {
    [Method::Totp, Method::Sms, Method::BackupCode].into_iter().find(|method| name(*method) == named)
}

/// A method's name in addresses and fields.
pub(crate) const fn name(method: Method) -> &'static str {
    match method {
        Method::Totp => "totp",
        Method::Sms => "sms",
        Method::BackupCode => "backup_code",
        Method::Passkey => "passkey",
    }
}
