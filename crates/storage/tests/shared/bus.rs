//! Messages: to everybody, in order, and never missed without a gap.

use std::time::Duration;

use bytes::Bytes;
use storage::{
    Bus, BusError, BusOptions,
    bus::{Event, MAX_PAYLOAD, MAX_TOPIC, Subscription},
};
use testservers::{PrivateRedis, RedisSpace};

use crate::support::until;

/// A bus of one's own, on either engine.
struct Fixture {
    bus: Bus,
    space: Option<RedisSpace>,
}

impl Fixture {
    async fn local() -> Self {
        Self { bus: Bus::open(&BusOptions::new("local")).await.expect("opens"), space: None }
    }

    async fn redis() -> Self {
        let space = testservers::redis().await;
        Self { bus: open(space.url(), space.prefix()).await, space: Some(space) }
    }

    /// Another node: the same bus through connections of its own.
    async fn another_node(&self) -> Bus {
        match &self.space {
            None => self.bus.clone(),
            Some(space) => open(space.url(), space.prefix()).await,
        }
    }
}

async fn open(url: &str, namespace: &str) -> Bus {
    let options = BusOptions {
        namespace: namespace.to_owned(),
        response_timeout: Duration::from_secs(30),
        ..BusOptions::new(url)
    };
    Bus::open(&options).await.expect("opens")
}

/// A subscription whose first gap was heard: from here on nothing is missed.
async fn listening(bus: &Bus, topic: &str) -> Subscription {
    let mut subscription = bus.subscribe(topic).expect("a topic");
    assert_eq!(subscription.next().await, Event::Gap, "a subscription begins with a gap");
    subscription
}

fn message(payload: impl Into<Bytes>) -> Event {
    Event::Message(payload.into())
}

macro_rules! on_every_engine {
    ($($story:ident)*) => {
        mod local {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(super::Fixture::local().await).await;
            }
        )*}
        mod on_redis {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(super::Fixture::redis().await).await;
            }
        )*}
    };
}

on_every_engine! {
    a_message_reaches_every_subscription_of_its_topic_on_every_node
    messages_come_in_the_order_of_their_publisher
    who_is_too_slow_is_told_and_hears_what_is_newer
    a_subscription_outlives_the_bus_it_came_from
    who_stops_listening_stops_nobody
    what_is_out_of_bounds_is_refused
    the_engine_says_it_is_well
}

async fn a_message_reaches_every_subscription_of_its_topic_on_every_node(on: Fixture) {
    let other = on.another_node().await;
    let mut here = listening(&on.bus, "changes").await;
    let mut here_too = listening(&on.bus, "changes").await;
    let mut there = listening(&other, "changes").await;
    let mut elsewhere = listening(&other, "changes.more").await;
    on.bus.publish("changes", "one").await.expect("sent");
    other.publish("changes", &b"\0\xff"[..]).await.expect("sent");
    other.publish("changes.more", "another topic").await.expect("sent");
    for subscription in [&mut here, &mut here_too, &mut there] {
        // Two publishers: in either order.
        let mut heard = [subscription.next().await, subscription.next().await];
        heard.sort_by_key(|event| *event != message("one"));
        assert_eq!(heard, [message("one"), message(&b"\0\xff"[..])]);
    }
    assert_eq!(elsewhere.next().await, message("another topic"));
}

async fn messages_come_in_the_order_of_their_publisher(on: Fixture) {
    let mut subscription = listening(&on.another_node().await, "t").await;
    for i in 0..200 {
        on.bus.publish("t", i.to_string()).await.expect("sent");
    }
    for i in 0..200 {
        assert_eq!(subscription.next().await, message(i.to_string()));
    }
}

async fn who_is_too_slow_is_told_and_hears_what_is_newer(on: Fixture) {
    let (mut slow, mut quick) = (listening(&on.bus, "t").await, listening(&on.bus, "t").await);
    for i in 0..2_000 {
        on.bus.publish("t", i.to_string()).await.expect("sent");
        assert_eq!(quick.next().await, message(i.to_string()), "the slow one holds nobody up");
    }
    assert_eq!(slow.next().await, Event::Gap);
    let Event::Message(first) = slow.next().await else { panic!("one gap is enough") };
    let first: u32 = std::str::from_utf8(&first).expect("text").parse().expect("a number");
    assert!(first > 0);
    for i in first + 1..2_000 {
        assert_eq!(slow.next().await, message(i.to_string()), "nothing is missing after the gap");
    }
}

async fn a_subscription_outlives_the_bus_it_came_from(on: Fixture) {
    let other = on.another_node().await;
    let mut subscription = listening(&on.bus, "t").await;
    drop(on.bus);
    other.publish("t", "still there").await.expect("sent");
    assert_eq!(subscription.next().await, message("still there"));
}

async fn who_stops_listening_stops_nobody(on: Fixture) {
    on.bus.publish("t", "nobody listens").await.expect("sent");
    let gone = listening(&on.bus, "t").await;
    drop(gone);
    on.bus.publish("t", "nobody listens any more").await.expect("sent");
    let mut subscription = listening(&on.bus, "t").await;
    on.bus.publish("t", "heard").await.expect("sent");
    // On Redis, what was sent before may still be on its way here.
    let mut heard = subscription.next().await;
    while heard == message("nobody listens any more") || heard == message("nobody listens") {
        heard = subscription.next().await;
    }
    assert_eq!(heard, message("heard"));
}

async fn what_is_out_of_bounds_is_refused(on: Fixture) {
    let (longest, too_long) = ("t".repeat(MAX_TOPIC), "t".repeat(MAX_TOPIC + 1));
    for topic in ["", "white space", "every*", "[a-z]", "ä", &too_long] {
        assert!(matches!(on.bus.publish(topic, "").await, Err(BusError::Invalid(_))), "{topic}");
        assert!(matches!(on.bus.subscribe(topic), Err(BusError::Invalid(_))), "{topic}");
    }
    let mut subscription = listening(&on.bus, &longest).await;
    assert!(matches!(on.bus.publish(&longest, vec![0; MAX_PAYLOAD + 1]).await, Err(BusError::Invalid(_))));
    on.bus.publish(&longest, vec![7; MAX_PAYLOAD]).await.expect("the bounds themselves are allowed");
    on.bus.publish(&longest, "").await.expect("and so is nothing");
    assert_eq!(subscription.next().await, message(vec![7; MAX_PAYLOAD]));
    assert_eq!(subscription.next().await, message(""));
}

async fn the_engine_says_it_is_well(on: Fixture) {
    assert_eq!(on.bus.check().await, Ok(()));
    assert_eq!(on.bus.engine_name(), if on.space.is_some() { "redis" } else { "local" });
}

#[tokio::test]
async fn deployments_share_a_redis_by_namespace() {
    let space = testservers::redis().await;
    let ours = open(space.url(), space.prefix()).await;
    let theirs = open(space.url(), &format!("{}x", space.prefix())).await;
    let mut subscription = listening(&ours, "t").await;
    theirs.publish("t", "theirs").await.expect("sent");
    ours.publish("t", "ours").await.expect("sent");
    assert_eq!(subscription.next().await, message("ours"));
}

#[tokio::test]
async fn a_lost_connection_ends_in_a_gap_and_goes_on() {
    let server = PrivateRedis::start().await;
    let bus = open(&server.url(), "n").await;
    let mut subscription = listening(&bus, "t").await;
    for round in ["first", "second"] {
        bus.publish("t", round).await.expect("sent");
        assert_eq!(subscription.next().await, message(round));

        server.kill().await;
        assert!(matches!(bus.publish("t", "lost").await, Err(BusError::Unavailable(_))));
        assert!(matches!(bus.check().await, Err(BusError::Unavailable(_))));
        let mut meanwhile = bus.subscribe("t").expect("subscribing needs no Redis");
        server.start_again().await;

        assert_eq!(subscription.next().await, Event::Gap);
        assert_eq!(meanwhile.next().await, Event::Gap);
        until(async || bus.check().await.is_ok()).await;
    }
}

#[tokio::test]
async fn redis_may_come_later_than_we() {
    let server = PrivateRedis::start().await;
    server.stop().await;
    let bus = open(&server.url(), "n").await;
    let mut subscription = bus.subscribe("t").expect("subscribing needs no Redis");
    server.start_again().await;
    assert_eq!(subscription.next().await, Event::Gap);
    until(async || bus.publish("t", "hello").await.is_ok()).await;
    assert_eq!(subscription.next().await, message("hello"));
}

#[tokio::test]
async fn a_redis_that_hangs_is_noticed_by_those_who_only_listen() {
    let server = PrivateRedis::start().await;
    let moment = Duration::from_millis(50);
    let options = BusOptions { check_interval: moment, ..BusOptions::new(server.url()) };
    let bus = Bus::open(&options).await.expect("opens");
    let mut subscription = listening(&bus, "t").await;
    server.pause().await;
    // What the listening side says, then and while it tries to connect again.
    let noticed = |why: &str| why.contains("does not answer") || why.contains("took too long");
    until(async || matches!(bus.check().await, Err(BusError::Unavailable(why)) if noticed(&why))).await;
    server.resume().await;
    assert_eq!(subscription.next().await, Event::Gap);
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_refused() {
    for url in ["", "Local", "local://", "memory", "http://127.0.0.1:6379"] {
        let outcome = Bus::open(&BusOptions::new(url)).await;
        assert!(matches!(outcome, Err(BusError::Invalid(_))), "{url}: {outcome:?}");
    }
    for namespace in ["", "a:b", "a*"] {
        let options = BusOptions { namespace: namespace.to_owned(), ..BusOptions::new("redis://127.0.0.1:1") };
        let outcome = Bus::open(&options).await;
        assert!(matches!(outcome, Err(BusError::Invalid(_))), "{namespace}: {outcome:?}");
    }
}
