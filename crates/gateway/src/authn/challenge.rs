//! `WWW-Authenticate`.

use kernel::{
    Problem,
    problem::common::{FORBIDDEN, UNAUTHENTICATED},
};

use super::{NOT_ACCEPTED, REFUSED, SEVERAL};

/// What `WWW-Authenticate` says beside a refusal of the gate's own (RFC 6750 §3), if it is sent. A caller
/// who presented nothing is told no error code, as §3.1 asks. Every 401 has one (RFC 9110 §15.5.2).
pub fn www_authenticate(problem: &Problem) -> Option<&'static str> {
    const NOTHING: &str = "Bearer realm=\"portcullis\"";
    let kind = problem.kind;
    if kind == UNAUTHENTICATED {
        Some(NOTHING)
    } else if kind == REFUSED || kind == NOT_ACCEPTED {
        Some("Bearer realm=\"portcullis\", error=\"invalid_token\"")
    } else if kind == SEVERAL {
        Some("Bearer realm=\"portcullis\", error=\"invalid_request\"")
    } else if kind == FORBIDDEN {
        Some("Bearer realm=\"portcullis\", error=\"insufficient_scope\"")
    } else if problem.status() == 401 {
        Some(NOTHING)
    } else {
        None
    }
}
