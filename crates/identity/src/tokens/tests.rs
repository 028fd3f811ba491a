//! What to make of a refresh token that cannot be consumed.

use std::time::Duration;

use kernel::Timestamp;

use super::model::*;
use crate::sessions::{self, Ended};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const GRACE: Duration = Duration::from_secs(10);

fn judged(used_ago: Option<Duration>, session: Result<(), Ended>) -> Judgement {
    judge(&Unconsumed { used_at: used_ago.map(|ago| NOW - ago), session }, GRACE, NOW)
}

#[test]
fn a_second_use_is_forgiven_within_the_grace_window_only() {
    assert_eq!(judged(Some(Duration::ZERO), Ok(())), Judgement::SameAgain);
    assert_eq!(judged(Some(GRACE - Duration::from_micros(1)), Ok(())), Judgement::SameAgain);
    assert_eq!(judged(Some(GRACE), Ok(())), Judgement::Reuse);
    assert_eq!(judged(Some(Duration::from_secs(86_400)), Ok(())), Judgement::Reuse);
    let without_grace = Unconsumed { used_at: Some(NOW), session: Ok(()) };
    assert_eq!(judge(&without_grace, Duration::ZERO, NOW), Judgement::Reuse, "no window is no forgiveness");
}

#[test]
fn what_has_ended_is_refused_and_not_ended_again() {
    for used in [None, Some(Duration::ZERO), Some(GRACE)] {
        assert_eq!(judged(used, Err(Ended::Revoked)), Judgement::Refused(sessions::ENDED));
        assert_eq!(judged(used, Err(Ended::Expired)), Judgement::Refused(sessions::EXPIRED));
        assert_eq!(judged(used, Err(Ended::Reused)), Judgement::Refused(sessions::REUSED));
    }
    assert_eq!(judged(None, Ok(())), Judgement::Refused(sessions::EXPIRED));
}

#[test]
fn a_refresh_token_does_not_outlive_its_session() {
    let day = Duration::from_secs(86_400);
    assert_eq!(expiry(30 * day, NOW + 7 * day, NOW), NOW + 7 * day);
    assert_eq!(expiry(30 * day, NOW + 90 * day, NOW), NOW + 30 * day);
}
