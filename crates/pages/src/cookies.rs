//! Our cookies (RFC 6265), all of them `__Host-`: for this host only, over TLS only, from `/`, and no other
//! host can set them. Browsers make an exception from TLS for `localhost`.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// Most cookie pairs that are looked at.
const MAX_PAIRS: usize = 64;

/// The value of a cookie that was sent.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let fields = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).take(MAX_PAIRS).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// The `Set-Cookie` for a value of our own making. Without `kept` it goes with the browser.
pub(crate) fn set(name: &str, value: &str, kept: Option<Duration>) -> Option<HeaderValue> {
    let age = kept.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
    HeaderValue::try_from(format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")).ok()
}

/// The `Set-Cookie` that takes it back.
pub(crate) fn clear(name: &str) -> Option<HeaderValue> {
    set(name, "", Some(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("ax=0; a=1;b = 2"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3=4; a=5"));
        assert_eq!(read(&headers, "a"), Some("1"), "the first one");
        assert_eq!(read(&headers, "b"), Some("2"));
        assert_eq!(read(&headers, "c"), Some("3=4"));
        assert_eq!(read(&headers, "x"), None);
    }

    #[test]
    fn ours_are_for_this_host_and_not_for_scripts() {
        let text = set("__Host-x", "1", Some(Duration::from_secs(60))).expect("a header");
        assert_eq!(text, "__Host-x=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
        assert!(clear("__Host-x").expect("a header").to_str().expect("text").ends_with("Max-Age=0"));
        assert_eq!(set("__Host-x", "a\nb", None), None);
    }
}
