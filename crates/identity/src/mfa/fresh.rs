//! Whether a login is recent and strong enough for what must not be done with a stolen session. Pure.

use std::time::Duration;

use kernel::{Acr, Principal, Problem, Timestamp};

use super::{NO_LOGIN, STEP_UP};

/// How long ago the person may have proved who they are.
const RECENT: Duration = Duration::from_secs(10 * 60);

/// Asks for a recent login, with a second factor or a passkey from whoever is [held](crate::strength) by one:
/// otherwise a stolen password would be the way to a factor that works for ever.
pub fn require_fresh(principal: &Principal, held: bool, now: Timestamp) -> Result<(), Problem> {
    let Some(acr) = principal.amr.acr() else { return Err(NO_LOGIN.into()) };
    let strong = !held || acr >= Acr::Mfa;
    if strong && now.since(principal.authenticated_at) <= RECENT { Ok(()) } else { Err(STEP_UP.into()) }
}
