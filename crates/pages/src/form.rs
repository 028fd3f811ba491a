//! What a form sends: bounded, `application/x-www-form-urlencoded`, and believed only if it is ours.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use http::header;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use identity::{
    http::{Fields, Refusal},
    passwords::too_long,
};
use kernel::{Problem, Secret, problem::common};
use url::form_urlencoded;

use crate::{
    Pages,
    csrf::{self, FORGED},
    visit::Visit,
};

/// Largest form.
const MAX_BODY: usize = 16 * 1024;
/// Most fields: room for a box for each of a tenant's permissions.
const MAX_FIELDS: usize = 320;

/// The fields of a form.
#[derive(Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).take(MAX_FIELDS).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
    }

    /// A field's text, trimmed; nothing where there is no such field.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field's text, as typed: spaces of a password count.
    pub(crate) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.raw(name).to_owned())
    }

    /// Reads a password; whether it is good enough, or right, is identity's to say.
    pub(crate) fn password(&self, fields: &mut Fields, name: &str) -> Secret {
        let password = self.secret(name);
        if password.expose().is_empty() {
            fields.wrong(format!("/{name}"), "required", "");
        } else if too_long(password.expose()) {
            fields.wrong(format!("/{name}"), "too_long", "");
        }
        password
    }

    /// All texts of the boxes of this name that are ticked.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Whether a box is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        !self.raw(name).is_empty()
    }

    fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// A form that a page of ours sent, and who did.
pub(crate) struct Posted {
    pub(crate) visit: Visit,
    pub(crate) form: Form,
}

impl FromRequest<Arc<Pages>> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Arc<Pages>) -> Result<Self, Refusal> {
        let visit = Visit::of(request.extensions())?;
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        {
            return Err(common::MEDIA_TYPE.into());
        }
        if !csrf::is_from_here(&parts.headers, visit.host(), visit.ctx().secure) {
            return Err(Problem::new(FORGED).cause("the request does not come from this origin").into());
        }
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| {
            let kind = if error.is::<LengthLimitError>() { common::TOO_LARGE } else { common::MALFORMED };
            Problem::new(kind).cause(error)
        })?;
        let form = Form::parse(&body.to_bytes());
        if !visit.csrf().accepts(form.text(csrf::FIELD)) {
            return Err(Problem::new(FORGED).cause("the form's token is not the cookie's").into());
        }
        Ok(Self { visit, form })
    }
}

impl std::fmt::Debug for Form {
    /// Names only: values are what people typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let form = Form::parse("email=+ada%40example.com+&password=+a%26b%C3%A9+&remember=on&email=second".as_bytes());
        assert_eq!(form.text("email"), "ada@example.com");
        assert_eq!(form.secret("password").expose(), " a&bé ");
        assert!(form.is_ticked("remember") && !form.is_ticked("other"));
        assert_eq!(format!("{form:?}"), r#"{"email", "password", "remember", "email"}"#);
        let many = Form::parse("a=1&".repeat(1_000).as_bytes());
        assert_eq!(many.0.len(), MAX_FIELDS);
    }
}
