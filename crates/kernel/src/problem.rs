//! Refusals as values: RFC 9457 problem details with stable codes.
//!
//! Every code is declared once, as a [`ProblemKind`] constant beside its cause, and listed in its
//! room's `PROBLEMS`; the error catalogue in `docs/` is generated from those lists. What the caller
//! may read ([`Problem::detail`]) and what only an operator reads ([`Problem::cause`]) are different
//! fields, so that they cannot be confused.

use std::{borrow::Cow, fmt, time::Duration};

use serde::Serialize;

use crate::{Acr, Assurance};

/// One kind of refusal, declared as a constant.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// Stable, dotted, lower case: `credentials.invalid`. Clients may match on it.
    pub code: &'static str,
    /// HTTP status. Follows who failed: the client 4xx, the upstream 502/503/504, us 500.
    pub status: u16,
    /// One short sentence, the same for every occurrence.
    pub title: &'static str,
    /// What the caller can do about it. Shown in the catalogue, and as `detail` where none is given.
    pub advice: &'static str,
}

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the request body, or the parameter's name.
    pub field: Cow<'static, str>,
    /// Stable code of what is wrong: `required`, `too_long`, `format`, …
    pub code: &'static str,
    /// For people.
    pub message: Cow<'static, str>,
}

/// A refusal on its way to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of refusal.
    pub kind: &'static ProblemKind,
    /// For the caller: this occurrence, without anything secret.
    pub detail: Option<Cow<'static, str>>,
    /// For the operator's log only; never sent.
    pub cause: Option<String>,
    /// Fields that were wrong, when the kind is about fields.
    pub errors: Vec<FieldError>,
    /// When trying again makes sense: sent as `Retry-After`, rounded up to seconds.
    pub retry_after: Option<Duration>,
    /// What the login should have been, when the kind is about that. Boxed: hardly any is.
    pub needed: Option<Box<Assurance>>,
}

impl Problem {
    /// A problem of this kind with the kind's own advice as its detail.
    pub const fn new(kind: &'static ProblemKind) -> Self {
        Self { kind, detail: None, cause: None, errors: Vec::new(), retry_after: None, needed: None }
    }
    /// Says what happened this time, to the caller.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }
    /// Says what happened this time, to the operator.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }
    /// Adds a wrong field.
    #[must_use]
    pub fn field(
        mut self,
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.errors.push(FieldError { field: field.into(), code, message: message.into() });
        self
    }
    /// Says when to try again.
    #[must_use]
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
    /// Says what the login should have been.
    #[must_use]
    pub fn needed(mut self, assurance: Assurance) -> Self {
        self.needed = Some(Box::new(assurance));
        self
    }
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.kind.status
    }
    /// Whether something is wrong with us, which an operator should hear of. Not where there is merely too much to do,
    /// and the caller is asked to come again.
    pub const fn is_fault(&self) -> bool {
        self.status() >= 500 && (self.cause.is_some() || self.retry_after.is_none())
    }
    /// Whole seconds for `Retry-After` (RFC 9110 §10.2.3), rounded up, at least one.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after.map(|d| d.as_secs() + u64::from(d.subsec_nanos() > 0)).map(|s| s.max(1))
    }

    /// The `application/problem+json` document. `request_id` ties it to the logs.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct Document<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            request_id: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
            #[serde(skip_serializing_if = "Option::is_none")]
            acr_values: Option<Acr>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_age: Option<u64>,
        }
        let document = Document {
            // Relative on purpose (RFC 9457 §3.1.1 allows it): it resolves on the deployment itself,
            // which serves the catalogue entry there, also offline.
            r#type: format!("/problems/{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: self.detail.as_deref().unwrap_or(self.kind.advice),
            code: self.kind.code,
            request_id,
            errors: &self.errors,
            acr_values: self.needed.as_ref().and_then(|needed| needed.acr),
            max_age: self.needed.as_ref().and_then(|needed| needed.max_age).map(|age| age.as_secs()),
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code, self.detail.as_deref().unwrap_or(self.kind.title))?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl From<&'static ProblemKind> for Problem {
    fn from(kind: &'static ProblemKind) -> Self {
        Self::new(kind)
    }
}

/// Declares problem kinds and the list of them that the catalogue is generated from.
///
/// ```
/// kernel::problems! {
///     /// The refresh token was used before.
///     pub REUSED = 401 "session.reused" "This session has ended" "Sign in again.";
/// }
/// assert_eq!(PROBLEMS[0].code, "session.reused");
/// ```
#[macro_export]
macro_rules! problems {
    ($($(#[$doc:meta])* $vis:vis $name:ident = $status:literal $code:literal $title:literal $advice:literal;)*) => {
        $($(#[$doc])* $vis const $name: &$crate::ProblemKind = &$crate::ProblemKind {
            code: $code, status: $status, title: $title, advice: $advice,
        };)*
        /// Every kind that is declared here, for the generated catalogue.
        pub const PROBLEMS: &[&$crate::ProblemKind] = &[$($name),*];
    };
}

/// Kinds that any room may need.
pub mod common {
    crate::problems! {
        /// We failed; the log has the cause under the request id.
        pub INTERNAL = 500 "internal" "Something went wrong on our side" "Try again later. If it persists, give the request id to the operator.";
        /// A part we need (database, hashing pool, shared limiter) cannot take the work now.
        pub UNAVAILABLE = 503 "unavailable" "Temporarily unavailable" "Try again after the time in Retry-After.";
        /// The request's body, parameters or headers are not acceptable.
        pub INVALID = 400 "request.invalid" "The request is not valid" "Correct the fields listed in `errors`.";
        /// The body is not JSON, or not the JSON this call takes.
        pub MALFORMED = 400 "request.malformed" "The body could not be read" "Send one JSON object with the documented fields and `Content-Type: application/json`.";
        /// The body is larger than the call accepts.
        pub TOO_LARGE = 413 "request.too_large" "The body is too large" "Send a smaller body.";
        /// Another media type is needed.
        pub MEDIA_TYPE = 415 "request.media_type" "Unsupported media type" "Send `Content-Type: application/json`.";
        /// Nothing here, or nothing the caller may know of.
        pub NOT_FOUND = 404 "not_found" "Not found" "Check the path and the id.";
        /// The path exists, the method does not.
        pub METHOD = 405 "method_not_allowed" "Method not allowed" "Use one of the methods in the Allow header.";
        /// The caller is not known.
        pub UNAUTHENTICATED = 401 "credentials.missing" "Authentication is required" "Send a valid access token, API key or session.";
        /// The login is too old, or too weak, for this.
        pub STEP_UP = 401 "auth.step_up_required" "Prove again who you are" "This needs a recent login, with a second factor or a passkey if you have one. Make yours so at /api/v1/auth/step-up.";
        /// The caller is known and may not do this.
        pub FORBIDDEN = 403 "permission.denied" "Permission denied" "Ask an administrator for the permission named in the detail.";
        /// The thing exists already, or changed meanwhile.
        pub CONFLICT = 409 "conflict" "Conflicts with the current state" "Read the current state and try again.";
    }
}

#[cfg(test)]
mod tests {
    use super::{common::*, *};

    #[test]
    fn too_much_to_do_is_no_fault() {
        let later = Duration::from_secs(1);
        let faults = [
            Problem::new(INTERNAL),
            Problem::new(UNAVAILABLE),
            Problem::new(UNAVAILABLE).retry_after(later).cause("no database"),
        ];
        let none = [Problem::new(UNAVAILABLE).retry_after(later), Problem::new(INVALID).cause("a letter")];
        assert!(faults.iter().all(Problem::is_fault) && !none.iter().any(Problem::is_fault));
    }
}
