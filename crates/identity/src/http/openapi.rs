//! How refusals look in the OpenAPI document.

use utoipa::{IntoResponses, ToSchema};

/// A refusal: `application/problem+json` (RFC 9457).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what kernel::Problem writes")]
pub struct ProblemDocument {
    /// Where the kind is described, relative to the server.
    #[schema(example = "/problems/permission.denied")]
    r#type: String,
    /// The same for every occurrence of the kind.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: String,
    /// Stable: clients may match on it.
    #[schema(example = "permission.denied")]
    code: String,
    /// Ties the refusal to the logs.
    request_id: String,
    /// Wrong fields, where the refusal is about fields.
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
    /// How strong the login must be, where the refusal is about that (RFC 9470): `1fa` or `mfa`.
    #[schema(required = false, example = "mfa")]
    acr_values: Option<String>,
    /// How many seconds old it may be, likewise.
    #[schema(required = false, example = 600)]
    max_age: Option<u64>,
}

/// One wrong field.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what kernel::FieldError writes")]
pub struct FieldProblem {
    /// JSON Pointer (RFC 6901) into the body, or the parameter's name.
    field: String,
    /// Stable code of what is wrong.
    code: String,
    /// For people.
    message: String,
}

/// What every call that needs a caller may answer besides its own.
#[derive(Debug, IntoResponses)]
pub enum Guarded {
    /// No or no valid credential.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(ProblemDocument),
    /// The caller may not.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// Too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    Limited(ProblemDocument),
    /// Overloaded, or the database is away.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// What a call that reads a body or parameters may answer.
#[derive(Debug, IntoResponses)]
pub enum Parsed {
    /// A field or parameter is wrong.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemDocument),
}

/// What a call that reads a JSON body may answer on top.
#[derive(Debug, IntoResponses)]
pub enum Body {
    /// A field or parameter is wrong.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemDocument),
    /// The body is larger than the call accepts.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body is not `application/json`.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(ProblemDocument),
}

/// What a call about one thing may answer.
#[derive(Debug, IntoResponses)]
pub enum Named {
    /// Nothing here, or nothing the caller may know of.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
}

/// What a change may answer.
#[derive(Debug, IntoResponses)]
pub enum Changed {
    /// The current state does not allow it.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemDocument),
}
