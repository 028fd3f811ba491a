//! Setting up a second factor, on the way in and in the account: what both ask for and show.
//!
//! The key of an app travels with the form as the address that the app scans, so that the page can be drawn again
//! after a wrong code. Nothing is drawn from anything else.

use base64::{Engine as _, engine::general_purpose::STANDARD as B64};
use identity::{
    http::Fields,
    mfa::{self, Enrolment, SecondProof},
    users::Phone,
};
use kernel::{Problem, Secret};

use crate::{form::Form, once::Once, view::View, visit::Visit};

/// Longest address for an app that is shown again.
const MAX_URI: usize = 4_096;
/// What every such address begins with.
const SCHEME: &str = "otpauth://totp/";

/// What an app scans; empty for a phone.
pub(crate) fn uri(enrolment: &Enrolment) -> &str {
    enrolment.totp.as_ref().map_or("", |totp| &totp.otpauth_uri)
}

/// The values of `parts/first_code.html`, by what an app scans: without one, the code was sent to a phone.
pub(crate) fn first_code(view: View, uri: &str) -> View {
    let uri = Some(uri).filter(|uri| uri.starts_with(SCHEME) && uri.len() <= MAX_URI);
    view.with("uri", uri)
        .with("qr", uri.and_then(mfa::qr).map(|svg| B64.encode(svg)))
        .with("secret", uri.and_then(|uri| uri.split_once("secret=")).map(|(_, rest)| grouped(rest)))
}

/// Four characters at a time are typed with fewer mistakes.
fn grouped(rest: &str) -> String {
    let chars: Vec<char> = rest.chars().take_while(|c| *c != '&').collect();
    chars.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// The values of `parts/backup_codes.html`: the codes, whose they are, and a file of both. On paper or in a folder, codes
/// alone would belong to nobody.
pub(crate) fn backup_codes(view: View, visit: &Visit, once: &Once) -> View {
    let whose = [visit.product(), once.name.clone()].into_iter().filter(|text| !text.is_empty());
    let whose = whose.collect::<Vec<_>>().join(", ");
    let file = format!("{}\n{whose}\n\n{}\n", visit.words().get("codes-made-title"), once.texts.join("\n"));
    view.with("codes", once.texts.clone()).with("whose", whose).with("file", B64.encode(file))
}

/// Whether the form that came back was about an app.
pub(crate) fn is_app(form: &Form) -> bool {
    form.text("uri").starts_with(SCHEME)
}

/// Reads a phone's number.
pub(crate) fn phone(form: &Form) -> Result<Phone, Problem> {
    let mut fields = Fields::new();
    let phone = fields.keep("/phone", "format", form.text("phone").parse::<Phone>());
    fields.finish(phone)
}

/// Reads a code. People copy codes with spaces.
pub(crate) fn code(form: &Form) -> Result<Secret, Problem> {
    let code: String = form.secret("code").expose().chars().filter(|c| !c.is_whitespace()).collect();
    let mut fields = Fields::new();
    if code.is_empty() {
        fields.wrong("/code", "required", "");
    } else if code.len() > SecondProof::MAX_LEN {
        fields.wrong("/code", "too_long", "");
    }
    fields.check()?;
    Ok(Secret::new(code))
}
