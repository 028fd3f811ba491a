//! Proof that a form was made by us, for the browser that sends it back.
//!
//! A random secret is in a cookie that no other host can set (`__Host-`), and in every form. Both must
//! agree, so nobody can make a browser sign in as somebody else, either. Beside that, the browser itself
//! must not say that another site caused the request (Fetch Metadata, else `Origin`, RFC 6454).
//!
//! In a form the secret is under a mask that differs each time, so that a compressed page tells nothing
//! about it by its length (BREACH).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::{HeaderMap, header};
use kernel::{Random, random};
use subtle::ConstantTimeEq as _;
use url::Url;

/// The cookie with the secret.
pub(crate) const COOKIE: &str = "__Host-portcullis_form";
/// The field of every form.
pub(crate) const FIELD: &str = "csrf";

const LEN: usize = 32;

kernel::problems! {
    /// Another site may have caused the request, or cookies are not kept, or the form is very old.
    pub(crate) FORGED = 403 "form.refused" "The form was not accepted" "Allow cookies for this site, open the page again, and send the form from there.";
}

/// A browser's secret.
#[derive(Clone)]
pub(crate) struct Csrf {
    secret: [u8; LEN],
    /// Whether the browser has yet to be told.
    is_new: bool,
}

impl Csrf {
    /// The one that the browser has, or a new one.
    pub(crate) fn of(cookie: Option<&str>, random: &dyn Random) -> Self {
        let known = cookie.and_then(|text| B64.decode(text).ok()).and_then(|bytes| bytes.try_into().ok());
        match known {
            Some(secret) => Self { secret, is_new: false },
            None => Self { secret: random::bytes(random), is_new: true },
        }
    }

    /// The cookie's value, where it has to be set.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.is_new.then(|| B64.encode(self.secret))
    }

    /// For a form: differs each time.
    pub(crate) fn token(&self, random: &dyn Random) -> String {
        let mask: [u8; LEN] = random::bytes(random);
        let mut token = [0; 2 * LEN];
        token[..LEN].copy_from_slice(&mask);
        token[LEN..].copy_from_slice(&xor(&mask, &self.secret));
        B64.encode(token)
    }

    /// Whether a form's token is this browser's. Never for a browser that sent no cookie.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        let Ok(token) = B64.decode(token) else { return false };
        let Ok(token) = <[u8; 2 * LEN]>::try_from(token) else { return false };
        let (mask, masked) = token.split_at(LEN);
        let sent = xor(mask, masked);
        !self.is_new && bool::from(sent.ct_eq(&self.secret))
    }
}

fn xor(a: &[u8], b: &[u8]) -> [u8; LEN] {
    let mut out = [0; LEN];
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = a ^ b;
    }
    out
}

/// Whether the browser says that a page of ours caused the request, or the person themselves. `host` and
/// `secure` are how we were reached.
pub(crate) fn is_from_here(headers: &HeaderMap, host: &str, secure: bool) -> bool {
    let only = |name: &str| {
        let mut values = headers.get_all(name).into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value.to_str().ok()),
            (None, _) => Ok(None),
            _ => Err(()),
        }
    };
    match (only("sec-fetch-site"), only(header::ORIGIN.as_str())) {
        (Err(()), _) | (_, Err(())) => false,
        (Ok(Some(site)), _) => matches!(site, "same-origin" | "none"),
        (Ok(None), Ok(Some(origin))) => {
            let own = Url::parse(&format!("{}://{host}", if secure { "https" } else { "http" }));
            let their = Url::parse(origin);
            own.ok().zip(their.ok()).is_some_and(|(own, their)| own.origin() == their.origin())
        }
        (Ok(None), Ok(None)) => false,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use kernel::OsRandom;

    use super::*;

    #[test]
    fn a_token_is_for_the_browser_that_has_the_cookie() {
        let random = OsRandom::new();
        let new = Csrf::of(None, &random);
        let cookie = new.cookie().expect("to be set");
        assert!(!new.accepts(&new.token(&random)), "not before the browser has the cookie");
        let known = Csrf::of(Some(&cookie), &random);
        assert_eq!(known.cookie(), None);
        let (one, two) = (new.token(&random), known.token(&random));
        assert_ne!(one, two);
        assert!(known.accepts(&one) && known.accepts(&two));
        let other = Csrf::of(None, &random);
        assert!(!known.accepts(&other.token(&random)));
        for wrong in ["", "AAAA", "!", &cookie, &one[1..]] {
            assert!(!known.accepts(wrong), "{wrong}");
        }
        assert!(Csrf::of(Some("short"), &random).cookie().is_some(), "a broken cookie is replaced");
    }

    #[test]
    fn the_browser_must_say_that_the_page_is_ours() {
        let says = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, HeaderValue::from_static(value));
            }
            is_from_here(&headers, "id.example.com", true)
        };
        assert!(says(&[("sec-fetch-site", "same-origin")]) && says(&[("sec-fetch-site", "none")]));
        assert!(says(&[("origin", "https://id.example.com")]) && says(&[("origin", "https://ID.example.com:443")]));
        for wrong in [
            &[][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://id.example.com")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null")],
            &[("origin", "http://id.example.com")],
            &[("origin", "https://id.example.com:8443")],
            &[("origin", "https://id.example.com.evil.example")],
        ] {
            assert!(!says(wrong), "{wrong:?}");
        }
    }
}
