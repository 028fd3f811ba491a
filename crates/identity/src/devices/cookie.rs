//! The cookie that a browser is recognised by (RFC 6265): 32 random bytes that mean nothing elsewhere.
//!
//! With the attributes of the session's, but kept for 400 days, the longest that browsers keep any, and past
//! the end of every session. Each login renews it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use kernel::{Problem, Random, Secret, problem::common, random};

/// Its name.
pub const NAME: &str = "__Host-portcullis_device";

/// How long browsers keep it after a login, and how long a device is remembered after it was seen.
pub const KEPT: Duration = Duration::from_secs(400 * 86_400);

/// A new value.
pub(super) fn fresh(random: &dyn Random) -> Secret {
    Secret::new(B64.encode(random::bytes::<32>(random)))
}

/// The value that came with a request. `None`: none, several, or none of ours.
pub(super) fn read(headers: &HeaderMap) -> Option<Secret> {
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == NAME)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) if B64.decode(value).is_ok_and(|bytes| bytes.len() == 32) => {
            Some(Secret::new(value.to_owned()))
        }
        _ => None,
    }
}

/// The `Set-Cookie` that hands it out, or renews it.
pub(super) fn set(value: &Secret) -> Result<HeaderValue, Problem> {
    let (age, value) = (KEPT.as_secs(), value.expose());
    let text = format!("{NAME}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}");
    let mut header = HeaderValue::from_str(&text).map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    header.set_sensitive(true);
    Ok(header)
}
