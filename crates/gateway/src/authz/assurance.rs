//! How well, and how lately, a person must have proven who they are (RFC 9470).
//!
//! Asked of memory on every request, so a login that was good enough a moment ago may be too old with the next one.
//! What no person has proven, an API key and whatever was obtained with one, is never good enough.

use http::{HeaderValue, header};
use kernel::{
    Acr, Assurance, Principal, Problem, Timestamp,
    problem::common::{STEP_UP, UNAUTHENTICATED},
};

use crate::problem::Refusal;

/// Refuses whoever has not proven it well or lately enough, and tells how they could.
pub(crate) fn require(
    asked: &Assurance,
    principal: Option<&Principal>,
    now: impl FnOnce() -> Timestamp,
) -> Result<(), Refusal> {
    if asked.is_empty() {
        return Ok(());
    }
    let principal = principal.ok_or(UNAUTHENTICATED)?;
    let strong = principal.amr.acr().is_some_and(|acr| asked.acr.is_none_or(|least| acr >= least));
    let recent = asked.max_age.is_none_or(|most| now().since(principal.authenticated_at) <= most);
    if strong && recent { Ok(()) } else { Err(refusal(asked)) }
}

fn refusal(asked: &Assurance) -> Refusal {
    let mut challenge = "Bearer realm=\"portcullis\", error=\"insufficient_user_authentication\"".to_owned();
    let mut needed = "This needs a login".to_owned();
    if let Some(acr) = asked.acr {
        challenge += &format!(", acr_values=\"{acr}\"");
        needed += if acr == Acr::Mfa { " with a second factor" } else { " of a person" };
    }
    if let Some(age) = asked.max_age {
        challenge += &format!(", max_age=\"{}\"", age.as_secs());
        needed += &format!(" that is at most {} seconds old", age.as_secs());
    }
    let mut refusal = Refusal::from(Problem::new(STEP_UP).detail(needed + ".").needed(*asked));
    // Made of words and numbers.
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    refusal
}
