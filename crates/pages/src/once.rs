//! What is shown once, on the page after the one that made it: an API key, backup codes.
//!
//! It travels in a cookie, sealed, so that neither the browser's store nor anybody who copies it holds the
//! secret; bound to the session that made it; and gone with the page that shows it. Reloading that page does not
//! show it again and makes nothing anew.

use std::time::Duration;

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use identity::vault::Purpose;
use kernel::{Problem, SessionId, problem::common};
use serde::{Deserialize, Serialize};

use crate::{cookies, visit::Visit};

const COOKIE: &str = "__Host-portcullis_once";
/// Longer than any redirect takes.
const KEPT: Duration = Duration::from_secs(60);

/// A secret on its way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Once {
    /// Which page it is for: a section's address.
    pub(crate) page: String,
    /// What it belongs to, such as a key's name.
    pub(crate) name: String,
    /// The secrets.
    pub(crate) texts: Vec<String>,
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Once").field("page", &self.page).finish_non_exhaustive()
    }
}

/// Bound to the session.
fn context(session: Option<SessionId>) -> Vec<u8> {
    session.map(|id| id.uuid().as_bytes().to_vec()).unwrap_or_default()
}

impl Once {
    /// Gives it to the browser and sends it to the page.
    pub(crate) fn go(&self, visit: &Visit) -> Result<Response, Problem> {
        self.give(visit, visit.principal().and_then(|principal| principal.session))?;
        Ok(visit.go(&visit.url(&self.page)))
    }

    /// Gives it to the browser for this session, which may have begun just now.
    pub(crate) fn give(&self, visit: &Visit, session: Option<SessionId>) -> Result<(), Problem> {
        let internal = |cause: String| Problem::new(common::INTERNAL).cause(cause);
        let plain = serde_json::to_vec(self).map_err(|e| internal(e.to_string()))?;
        let core = &visit.pages().core;
        let sealed = core.vault.seal(Purpose::ShownOnce, &context(session), &plain, &*core.random);
        let sealed = sealed.map_err(|e| internal(e.to_string()))?;
        visit.set_cookie(cookies::set(COOKIE, &B64.encode(sealed), Some(KEPT)));
        Ok(())
    }

    /// What the browser was given for this page. It does not get it again.
    pub(crate) fn take(visit: &Visit, page: &str) -> Option<Self> {
        let sealed = B64.decode(cookies::read(visit.headers(), COOKIE)?).ok()?;
        visit.set_cookie(cookies::clear(COOKIE));
        let session = visit.principal().and_then(|principal| principal.session);
        let plain = visit.pages().core.vault.open(Purpose::ShownOnce, &context(session), &sealed).ok()?;
        let once: Self = serde_json::from_slice(plain.expose()).ok()?;
        (once.page == page).then_some(once)
    }
}
