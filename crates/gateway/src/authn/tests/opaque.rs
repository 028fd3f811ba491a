use futures_util::future::join_all;
use kernel::{ApiKeyId, edge::Standing, problem::common::UNAVAILABLE};

use super::*;

const KEY: ApiKeyId = ApiKeyId::from_uuid(Uuid::from_u128(31));

fn gated() -> Gate {
    Gate::with(Identity { gate: Some(tokio::sync::Notify::new()), ..Identity::default() }, Settings::default())
}

impl Gate {
    /// Lets identity answer one question, once somebody has asked.
    async fn open(&self) {
        tokio::task::yield_now().await;
        self.identity.gate.as_ref().expect("a gate").notify_one();
    }
}

#[tokio::test]
async fn a_key_is_asked_for_once_in_either_header() {
    let gate = Gate::new();
    gate.know("key pk_live_a", |_| {});
    for _ in 0..3 {
        let caller = gate.identify(&Call::key("pk_live_a")).await.expect("valid").expect("a caller");
        assert_eq!(caller.subject, Subject::User(ADA));
        gate.identify(&Call::bearer("pk_live_a")).await.expect("valid");
    }
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn a_key_is_no_cookie() {
    let gate = Gate::new();
    gate.know("key pk_live_a", |_| {});
    gate.identify(&Call::key("pk_live_a")).await.expect("valid");
    let cookie = Call::get().header("cookie", "__Host-portcullis_session=pk_live_a");
    assert_eq!(gate.identify(&cookie).await.err(), Some("credentials.refused"));
}

#[tokio::test]
async fn a_burst_of_an_unseen_key_asks_once() {
    let gate = gated();
    gate.know("key pk_live_a", |_| {});
    let call = Call::key("pk_live_a");
    let (callers, ()) = tokio::join!(join_all((0..50).map(|_| gate.identify(&call))), gate.open());
    assert_eq!(callers.iter().filter(|caller| caller.is_ok()).count(), 50);
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn a_burst_of_an_unknown_key_asks_once() {
    let gate = gated();
    let call = Call::key("pk_live_guess");
    let (callers, ()) = tokio::join!(join_all((0..50).map(|_| gate.identify(&call))), gate.open());
    assert!(callers.iter().all(|caller| caller.as_ref().err() == Some(&"credentials.refused")));
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn when_the_asker_goes_away_the_next_one_asks() {
    let gate = gated();
    gate.know("key pk_live_a", |_| {});
    let call = Call::key("pk_live_a");
    let mut first = Box::pin(gate.identify(&call));
    assert!(futures_util::poll!(&mut first).is_pending());
    let mut second = Box::pin(gate.identify(&call));
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    let (caller, ()) = tokio::join!(second, gate.open());
    assert!(caller.is_ok());
    assert_eq!(gate.asked(), 2);
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_minute_or_until_it_expires() {
    let gate = Gate::new();
    gate.know("key pk_live_a", |_| {});
    gate.know("key pk_live_short", |key| key.expires_at = NOW + Duration::from_secs(10));
    let (long, short) = (Call::key("pk_live_a"), Call::key("pk_live_short"));
    for call in [&long, &short] {
        gate.identify(call).await.expect("valid");
    }
    gate.clock.advance(Duration::from_millis(9_999));
    for call in [&long, &short] {
        gate.at_once(call).expect("remembered");
    }
    gate.clock.advance(Duration::from_millis(1));
    assert_eq!(gate.identify(&short).await.err(), Some("credentials.refused"), "expired, whatever identity says");
    gate.clock.advance(Duration::from_secs(50));
    gate.identify(&long).await.expect("valid");
    assert_eq!(gate.asked(), 4, "two at first, the expired one and the one after a minute again");
}

#[tokio::test]
async fn a_refusal_is_forgotten_after_a_second_or_with_the_next_epoch() {
    let gate = Gate::new();
    let call = Call::key("pk_live_new");
    assert_eq!(gate.identify(&call).await.err(), Some("credentials.refused"), "identity's own code is not shown");
    gate.know("key pk_live_new", |_| {});
    assert_eq!(gate.identify(&call).await.err(), Some("credentials.refused"));
    assert_eq!(gate.asked(), 1, "remembered");
    gate.edge.forget_credentials();
    assert!(gate.identify(&call).await.is_ok(), "made meanwhile, and known at once");

    let other = Call::key("pk_live_other");
    assert!(gate.identify(&other).await.is_err());
    gate.know("key pk_live_other", |_| {});
    gate.clock.advance(Duration::from_secs(1));
    assert!(gate.identify(&other).await.is_ok(), "also when the message was lost");
}

#[tokio::test]
async fn an_answer_from_before_the_epoch_is_not_used_after_it() {
    let gate = gated();
    gate.know("key pk_live_a", |_| {});
    let call = Call::key("pk_live_a");
    let mut early = Box::pin(gate.identify(&call));
    assert!(futures_util::poll!(&mut early).is_pending());
    // The change comes while the question is under way, and its answer may not know of it.
    gate.edge.forget_credentials();
    let (answer, ()) = tokio::join!(early, gate.open());
    assert!(answer.is_ok(), "that request began before the change");
    gate.identity.known.lock().clear();
    let (late, ()) = tokio::join!(gate.identify(&call), gate.open());
    assert_eq!(late.err(), Some("credentials.refused"));
    assert_eq!(gate.asked(), 2);
}

#[tokio::test]
async fn what_is_taken_back_is_refused_with_the_next_call() {
    let gate = Gate::new();
    gate.know("key pk_live_a", |key| key.api_key = Some(KEY));
    let call = Call::key("pk_live_a");
    gate.identify(&call).await.expect("valid");
    gate.edge.revocations.revoke_api_key(KEY, Timestamp::MAX);
    assert_eq!(gate.at_once(&call).err(), Some("credentials.refused"));

    let gate = Gate::new();
    gate.know("key pk_live_a", |_| {});
    gate.identify(&call).await.expect("valid");
    gate.edge.revocations.set_standing(ADA, Standing::Disabled, Timestamp::MAX);
    assert_eq!(gate.at_once(&call).err(), Some("credentials.refused"));
}

#[tokio::test]
async fn a_key_works_from_its_networks_only() {
    let gate = Gate::new();
    gate.know("key pk_live_a", |key| key.networks = Arc::new(["10.0.0.0/24".parse().expect("network")]));
    assert!(gate.identify(&Call::key("pk_live_a").at("10.0.0.200")).await.is_ok());
    for elsewhere in ["10.0.1.1", "2001:db8::1"] {
        assert_eq!(gate.at_once(&Call::key("pk_live_a").at(elsewhere)).err(), Some("credentials.network"));
    }
    assert!(gate.at_once(&Call::key("pk_live_a").at("::ffff:10.0.0.7")).is_ok());
}

#[tokio::test]
async fn keys_of_a_suspended_or_unknown_tenant_are_refused() {
    let gate = Gate::new();
    gate.know("key pk_live_s", |key| key.tenant = super::SUSPENDED);
    gate.know("key pk_live_u", |key| key.tenant = TenantId::from_uuid(Uuid::from_u128(99)));
    assert_eq!(gate.identify(&Call::key("pk_live_s")).await.err(), Some("tenant.suspended"));
    assert_eq!(gate.identify(&Call::key("pk_live_u")).await.err(), Some("credentials.refused"));
}

#[tokio::test]
async fn guessing_is_stopped_by_address_and_known_keys_go_on() {
    let settings = Settings { failures: "10/minute".parse().expect("rate"), ..Settings::default() };
    let gate = Gate::with(Identity::default(), settings);
    gate.know("key pk_live_a", |_| {});
    let known = Call::key("pk_live_a");
    gate.identify(&known).await.expect("valid");
    let mut codes = Vec::new();
    for i in 0..20 {
        codes.push(gate.identify(&Call::key(&format!("pk_live_{i}"))).await.err());
    }
    assert!(codes[..10].iter().all(|code| *code == Some("credentials.refused")));
    assert!(codes[10..].iter().all(|code| *code == Some("credentials.attempts")));
    assert_eq!(gate.asked(), 11);
    assert!(gate.at_once(&known).is_ok(), "what is remembered works from there too");
    let elsewhere = Call::key("pk_live_x").at("10.9.9.9");
    assert_eq!(gate.identify(&elsewhere).await.err(), Some("credentials.refused"), "others may try");
    gate.clock.advance(Duration::from_secs(6));
    assert_eq!(gate.identify(&Call::key("pk_live_y")).await.err(), Some("credentials.refused"), "and so may it, later");
}

#[tokio::test]
async fn a_failure_of_identity_is_no_refusal_and_passes_quickly() {
    let gate = Gate::new();
    gate.know("key pk_live_a", |_| {});
    *gate.identity.down.lock() = Some(UNAVAILABLE.into());
    let call = Call::key("pk_live_a");
    assert_eq!(gate.identify(&call).await.err(), Some("unavailable"));
    assert_eq!(gate.identify(&call).await.err(), Some("unavailable"));
    assert_eq!(gate.asked(), 1, "a waiting burst does not ask in turn");
    *gate.identity.down.lock() = None;
    gate.clock.advance(Duration::from_millis(100));
    assert!(gate.identify(&call).await.is_ok());
}

#[tokio::test]
async fn so_many_questions_at_once_and_no_more() {
    let gate = gated();
    let calls: Vec<_> = (0..300).map(|i| Call::key(&format!("pk_live_{i}"))).collect();
    let mut asking: Vec<_> = calls.iter().map(|call| Box::pin(gate.identify(call))).collect();
    let mut turned_away = 0;
    for one in &mut asking {
        if let std::task::Poll::Ready(answer) = futures_util::poll!(one) {
            assert_eq!(answer.err(), Some("unavailable"));
            turned_away += 1;
        }
    }
    assert_eq!((gate.asked(), turned_away), (256, 44));
    drop(asking);
    let (late, ()) = tokio::join!(gate.identify(&calls[299]), gate.open());
    assert_eq!(late.err(), Some("credentials.refused"), "whoever went away made room");
}
