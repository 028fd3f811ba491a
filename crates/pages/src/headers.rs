//! Headers of every page: nothing from elsewhere, nothing inline, nothing kept.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The policy of a page whose own cannot be said: it may be read, and nothing on it works.
const NOTHING: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'none'; \
                       frame-ancestors 'none'; base-uri 'none'; sandbox allow-same-origin";

/// What differs from page to page.
#[derive(Clone, Default, Debug)]
pub(crate) struct Policy {
    /// An origin, beside ours, where a form may end. Browsers judge the redirect that follows it, too.
    pub(crate) form_ends_at: Option<String>,
    /// Who may show the page in a frame: nobody unless the tenant names origins.
    pub(crate) framed_by: Vec<String>,
    /// Nothing on the page works: it sends no form and runs no script.
    pub(crate) inert: bool,
}

impl Policy {
    /// The content security policy (CSP Level 3).
    fn content_security(&self) -> String {
        let ends = self.form_ends_at.as_ref().map(|origin| format!(" {origin}")).unwrap_or_default();
        let framed_by = if self.framed_by.is_empty() { "'none'".to_owned() } else { self.framed_by.join(" ") };
        let acts = match self.inert {
            false => format!("script-src 'self'; connect-src 'self'; form-action 'self'{ends}"),
            // Of its own origin still: otherwise our style sheets would not be given to it.
            true => "form-action 'none'; sandbox allow-same-origin".to_owned(),
        };
        format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; {acts}; \
             frame-ancestors {framed_by}; base-uri 'none'"
        )
    }

    /// Writes them.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let policy = HeaderValue::try_from(self.content_security()).unwrap_or_else(|error| {
            // What a tenant and a client name is judged before: this is a mistake of ours.
            tracing::error!(%error, policy = ?self, "the policy of a page is no header");
            HeaderValue::from_static(NOTHING)
        });
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // Not `no-referrer`: with it, browsers say `Origin: null` with our own forms. Addresses with
            // tokens stay here all the same.
            (header::REFERRER_POLICY, "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), \
                 publickey-credentials-create=(self)",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // Browsers show no page that is in a sandbox and asks for this (HTML, 7.4.2.2).
        if !self.inert {
            let name = HeaderName::from_static("cross-origin-opener-policy");
            headers.insert(name, HeaderValue::from_static("same-origin"));
        }
        // Older than frame-ancestors, and knows no origins.
        if self.framed_by.is_empty() {
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy_of(policy: &Policy) -> String {
        let mut headers = HeaderMap::new();
        policy.write(&mut headers);
        headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned()
    }

    #[test]
    fn a_page_has_a_policy_whatever_is_named() {
        let fine = policy_of(&Policy { form_ends_at: Some("https://app.example".into()), ..Policy::default() });
        assert!(fine.contains("form-action 'self' https://app.example;"), "{fine}");
        for wrong in ["https://app.example\nX: y", "https://app.example\0"] {
            let ends = Policy { form_ends_at: Some(wrong.into()), ..Policy::default() };
            let framed = Policy { framed_by: vec![wrong.into()], ..Policy::default() };
            assert_eq!([policy_of(&ends), policy_of(&framed)], [NOTHING, NOTHING]);
        }
    }
}
