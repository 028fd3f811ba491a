//! Headers of every page: nothing from elsewhere, nothing inline, nothing kept.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What differs from page to page.
#[derive(Clone, Default, Debug)]
pub(crate) struct Policy {
    /// An origin, beside ours, where a form may end. Browsers judge the redirect that follows it, too.
    pub(crate) form_ends_at: Option<String>,
}

impl Policy {
    /// The content security policy (CSP Level 3).
    fn content_security(&self) -> String {
        let ends = self.form_ends_at.as_ref().map(|origin| format!(" {origin}")).unwrap_or_default();
        format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; \
             font-src 'self'; form-action 'self'{ends}; frame-ancestors 'none'; base-uri 'none'"
        )
    }

    /// Writes them.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        if let Ok(policy) = HeaderValue::try_from(self.content_security()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            // Not `no-referrer`: with it, browsers say `Origin: null` with our own forms. Addresses with
            // tokens stay here all the same.
            (header::REFERRER_POLICY, "same-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), \
                 publickey-credentials-create=(self)",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    }
}
