//! Slots: so many at once, given back, taken over from the dead.

use std::time::Duration;

use futures_util::future::join_all;
use kernel::Algorithm;
use storage::{
    Kv, KvError,
    kv::{Lease, Slot, Take},
};

use crate::support::{Fixture, on_every_engine, until};

on_every_engine! {
    so_many_at_once_and_no_more_under_concurrency
    what_is_given_back_can_be_taken_again
    slots_and_rates_are_taken_together_or_not_at_all
    the_dead_lose_their_slots_and_the_living_keep_them
    slots_out_of_bounds_are_refused
}

const LONG: Duration = Duration::from_hours(1);

const fn slot(key: &str, limit: u32) -> Slot<'_> {
    Slot { key, limit }
}

async fn enters(kv: &Kv, holder: &str, slots: &[Slot<'_>], ttl: Duration) -> bool {
    let decisions = kv.enter(&[], slots, Lease { holder, ttl }).await.expect("decided");
    assert_eq!(decisions.len(), slots.len());
    decisions.iter().all(|decision| decision.allowed)
}

async fn so_many_at_once_and_no_more_under_concurrency(on: Fixture) {
    let nodes = [on.kv.clone(), on.another_node().await];
    let tasks = (0..50).map(|i| {
        let kv = nodes[i % 2].clone();
        tokio::spawn(async move { enters(&kv, &format!("h{i}"), &[slot("k", 20), slot("wide", 1_000)], LONG).await })
    });
    let entered = join_all(tasks).await.into_iter().filter(|entered| *entered.as_ref().expect("no panic")).count();
    assert_eq!(entered, 20);
    let full = on.kv.enter(&[], &[slot("k", 20)], Lease { holder: "one more", ttl: LONG }).await.expect("decided");
    assert_eq!((full[0].allowed, full[0].remaining, full[0].limit), (false, 0, 20));
    assert_eq!(full[0].retry_after, Some(Duration::from_secs(1)));
    let wide = on.kv.enter(&[], &[slot("wide", 1_000)], Lease { holder: "w", ttl: LONG }).await.expect("decided");
    assert_eq!(wide[0].remaining, 979, "who was refused holds nothing anywhere");
}

async fn what_is_given_back_can_be_taken_again(on: Fixture) {
    assert!(enters(&on.kv, "a", &[slot("k", 1)], LONG).await);
    assert!(!enters(&on.kv, "b", &[slot("k", 1)], LONG).await);
    on.kv.leave(&[("k", "b")]).await.expect("done");
    assert!(!enters(&on.kv, "b", &[slot("k", 1)], LONG).await, "nobody gives back another's");
    on.kv.leave(&[("k", "a"), ("unknown", "a")]).await.expect("done");
    on.kv.leave(&[("k", "a")]).await.expect("twice does no harm");
    assert!(enters(&on.kv, "b", &[slot("k", 1)], LONG).await);
    assert!(enters(&on.kv, "c", &[slot("k", 2)], LONG).await, "a raised limit counts those inside");
    assert!(!enters(&on.kv, "d", &[slot("k", 2)], LONG).await);
}

async fn slots_and_rates_are_taken_together_or_not_at_all(on: Fixture) {
    let rate = "2/hour".parse().expect("a rate");
    let takes = [Take { key: "k", rate, algorithm: Algorithm::TokenBucket, cost: 1 }];
    let ask = async |holder: &str| {
        let decisions = on.kv.enter(&takes, &[slot("k", 1)], Lease { holder, ttl: LONG }).await.expect("decided");
        decisions.iter().map(|decision| decision.allowed).collect::<Vec<_>>()
    };
    assert_eq!(ask("a").await, [true, true]);
    assert_eq!(ask("b").await, [true, false], "the slot refuses");
    on.kv.leave(&[("k", "a")]).await.expect("done");
    assert_eq!(ask("b").await, [true, true], "the refusal took nothing from the rate");
    on.kv.leave(&[("k", "b")]).await.expect("done");
    assert_eq!(ask("c").await, [false, true], "the rate refuses");
    assert!(enters(&on.kv, "d", &[slot("k", 1)], LONG).await, "and nothing was held");
}

async fn the_dead_lose_their_slots_and_the_living_keep_them(on: Fixture) {
    let short = Duration::from_secs(1);
    assert!(enters(&on.kv, "dead", &[slot("k", 2)], short).await);
    assert!(enters(&on.kv, "alive", &[slot("k", 2)], short).await);
    on.kv.renew(&[("k", "alive")], LONG).await.expect("done");
    assert!(!enters(&on.kv, "next", &[slot("k", 2)], LONG).await);
    on.pass(short).await;
    until(async || enters(&on.kv, "next", &[slot("k", 2)], LONG).await).await;
    assert!(!enters(&on.kv, "another", &[slot("k", 2)], LONG).await, "the living one is still in");
    on.kv.renew(&[("lost", "alive")], LONG).await.expect("done");
    assert!(!enters(&on.kv, "another", &[slot("lost", 1)], LONG).await, "what was forgotten is held again");
}

async fn slots_out_of_bounds_are_refused(on: Fixture) {
    let many: Vec<String> = (0..17).map(|i| i.to_string()).collect();
    let many: Vec<Slot<'_>> = many.iter().map(|key| slot(key, 1)).collect();
    let holder = "h".repeat(129);
    for (slots, holder, ttl) in [
        (&[slot("", 1)][..], "h", LONG),
        (&[slot("k", 0)], "h", LONG),
        (&[slot("k", 1), slot("k", 2)], "h", LONG),
        (&many, "h", LONG),
        (&[slot("k", 1)], "", LONG),
        (&[slot("k", 1)], &holder, LONG),
        (&[slot("k", 1)], "h", Duration::from_millis(999)),
    ] {
        let refused = on.kv.enter(&[], slots, Lease { holder, ttl }).await;
        assert!(matches!(refused, Err(KvError::Invalid(_))), "{slots:?} {holder} {ttl:?}");
    }
}
