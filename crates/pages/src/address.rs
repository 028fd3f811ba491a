//! The address that a mail was just asked for: kept in the browser, so that the next page can name it and
//! take a code for it, and nothing of it is in an address bar or a log.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use identity::users::Email;

use crate::{cookies, name, visit::Visit};

const COOKIE: &str = "__Host-portcullis_address";
const KEPT: Duration = Duration::from_secs(3_600);

/// Keeps it for an hour.
pub(crate) fn remember(visit: &Visit, email: &Email) {
    visit.set_cookie(cookies::set(COOKIE, &B64.encode(email.as_str()), Some(KEPT)));
}

/// The one that was kept.
pub(crate) fn remembered(visit: &Visit) -> Option<Email> {
    let bytes = B64.decode(cookies::read(visit.headers(), COOKIE)?).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

/// It has served, and is who signs in next.
pub(crate) fn forget_to_sign_in(visit: &Visit) {
    if let Some(email) = remembered(visit) {
        name::remember(visit, email.as_str());
        forget(visit);
    }
}

/// It has served.
pub(crate) fn forget(visit: &Visit) {
    visit.set_cookie(cookies::clear(COOKIE));
}
