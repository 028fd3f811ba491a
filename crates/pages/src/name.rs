//! Who is signing in: kept in the browser from the first step to the second, so that the second is a page that can be
//! reloaded and come back to, and nothing of it is in an address bar or a log. It opens nothing.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use identity::users::Login;

use crate::{cookies, visit::Visit};

const COOKIE: &str = "__Host-portcullis_name";
const KEPT: Duration = Duration::from_secs(600);

/// Keeps it for ten minutes.
pub(crate) fn remember(visit: &Visit, name: &str) {
    visit.set_cookie(cookies::set(COOKIE, &B64.encode(name), Some(KEPT)));
}

/// The one that was kept.
pub(crate) fn remembered(visit: &Visit) -> Option<String> {
    let bytes = B64.decode(cookies::read(visit.headers(), COOKIE)?).ok()?;
    String::from_utf8(bytes).ok().filter(|name| !name.is_empty() && name.len() <= Login::MAX_LEN)
}

/// They are in.
pub(crate) fn forget(visit: &Visit) {
    if remembered(visit).is_some() {
        visit.set_cookie(cookies::clear(COOKIE));
    }
}
