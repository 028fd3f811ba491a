//! The session cookie (RFC 6265).
//!
//! `__Host-`: the browser sends it to this host only, over TLS only, and no other host can set it.
//! `HttpOnly`: scripts cannot read it. `SameSite=Lax`: other sites' forms and scripts cannot use it.

use std::time::Duration;

use http::HeaderValue;
use kernel::{Problem, Secret, problem::common};

/// Its name. The gateway reads it under the same name.
pub const NAME: &str = "__Host-portcullis_session";

/// The `Set-Cookie` that hands out a session. `max_age`: for a person who asked to be remembered;
/// otherwise the cookie goes with the browser.
pub fn set(value: &Secret, max_age: Option<Duration>) -> Result<HeaderValue, Problem> {
    let kept = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
    let text = format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax{kept}", value.expose());
    let mut header = HeaderValue::from_str(&text).map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The `Set-Cookie` that takes it back.
pub fn clear() -> HeaderValue {
    HeaderValue::from_static("__Host-portcullis_session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}
