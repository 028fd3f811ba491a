//! Refresh tokens: consumed once; and what to make of one that cannot be consumed.

use std::time::Duration;

use futures_util::future::join_all;
use kernel::{SessionId, Timestamp, UserId};
use storage::StoreError;

use super::{model::*, store};
use crate::{
    sessions::{self, Ended, NewSession, Reason, Scope, Span},
    testing::TestCore,
    users::{self, NewUser, UserStatus},
};

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

const HASH: [u8; 32] = [1; 32];

/// A session with one refresh token.
async fn session(node: &TestCore) -> (UserId, SessionId) {
    let (now, core) = (node.core.now(), &node.core);
    let (user, id) = (UserId::new(now, &*core.random), SessionId::new(now, &*core.random));
    let device = kernel::DeviceId::new(now, &*core.random);
    let span = Span::begin(&core.settings.sessions, false, now);
    let new = NewSession {
        id,
        user,
        cookie_hash: None,
        remember: false,
        scope: Scope::default(),
        ip: "192.0.2.1".into(),
        user_agent: String::new(),
        amr: kernel::Amr::NONE,
        span,
    };
    let work = core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            let email = "ada@example.com".parse().map_err(|_| StoreError::Misuse("an address"))?;
            users::create(tx, user, &NewUser::person(email), now).await?;
            sessions::insert(tx, &new, device, now).await?;
            store::insert(tx, HASH, id, span.absolute, now).await
        })
    });
    work.await.map_err(|e: StoreError| e).expect("stored");
    (user, id)
}

async fn consume(node: &TestCore) -> Option<SessionId> {
    let now = node.core.now();
    let work = node.core.store.tenant(node.tenant().id).write(move |tx| Box::pin(store::consume(tx, &HASH, now)));
    work.await.map_err(|e: StoreError| e).expect("asked")
}

#[tokio::test]
async fn of_fifty_that_consume_a_token_one_gets_it() {
    let node = TestCore::start().await;
    let (_, id) = session(&node).await;
    let got: Vec<SessionId> = join_all((0..50).map(|_| consume(&node))).await.into_iter().flatten().collect();
    assert_eq!(got, [id]);
}

/// Each condition by itself keeps the token from being consumed, and none of them uses it up.
#[tokio::test]
async fn a_token_is_consumed_only_while_all_it_stands_on_is_live() {
    let node = TestCore::start().await;
    let (user, id) = session(&node).await;
    let (tenant, now) = (node.tenant().id, node.core.now());
    let status = async |status| {
        let work = node.core.store.tenant(tenant).write(move |tx| Box::pin(users::set_status(tx, user, status, now)));
        assert!(work.await.map_err(|e: StoreError| e).expect("set"));
    };
    status(UserStatus::Disabled).await;
    assert_eq!(consume(&node).await, None, "the user is disabled");
    status(UserStatus::Active).await;
    node.clock.advance(node.core.settings.sessions.idle);
    assert_eq!(consume(&node).await, None, "the session was idle for too long");
    node.clock.set(now);
    assert_eq!(consume(&node).await, Some(id));

    let node = TestCore::start().await;
    let (_, id) = session(&node).await;
    let work = node
        .core
        .store
        .tenant(node.tenant().id)
        .write(move |tx| Box::pin(sessions::revoke_one(tx, id, None, Reason::Admin, now)));
    assert_eq!(work.await.map_err(|e: StoreError| e).expect("revoked").count(), 1);
    assert_eq!(consume(&node).await, None, "the session was revoked");
}
