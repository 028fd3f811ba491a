//! Who is used, as the clock moves.

use std::{sync::Arc, time::Duration};

use kernel::{Clock, ManualClock, Random, Timestamp};

use crate::{
    config::UpstreamConfig,
    upstream::{Failure, Making, StickyKey, Upstream, Wish, target::Target},
};

/// Counts up: balances of tests start alike.
struct Nothing;

impl Random for Nothing {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

struct World {
    clock: Arc<ManualClock>,
    upstream: Upstream,
}

const FAR: Timestamp = Timestamp::from_secs(1_800_000_000);

/// An upstream of targets `t0`, `t1` and so on, with these settings.
fn world(targets: usize, settings: &str) -> World {
    let clock = Arc::new(ManualClock::at(FAR));
    World { upstream: upstream(&clock, targets, settings, None, None), clock }
}

fn upstream(
    clock: &Arc<ManualClock>,
    targets: usize,
    settings: &str,
    zone: Option<&str>,
    before: Option<&Upstream>,
) -> Upstream {
    let urls: Vec<String> = (0..targets)
        .map(|i| format!("{{ url = \"http://t{i}\", zone = \"{}\" }}", if i < 2 { "near" } else { "far" }))
        .collect();
    let text = format!("targets = [{}]\n{settings}", urls.join(", "));
    let config: UpstreamConfig = toml::from_str(&text).expect("it parses");
    let clock: Arc<dyn Clock> = clock.clone();
    let making = Making { workers: 1, random: &Nothing, clock: &clock, zone, sticky_key: &StickyKey::new(&[1; 32]) };
    Upstream::new("u", &config, making, before)
}

impl World {
    fn target(&self, i: usize) -> Arc<Target> {
        self.upstream.group().targets().nth(i).expect("a target").clone()
    }

    /// So many requests to a target fail.
    fn fail(&self, i: usize, times: usize) {
        let target = self.target(i);
        for _ in 0..times {
            self.upstream.report(&target, Err(&Failure::Timeout(target.label.clone())));
        }
    }

    fn pass(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    /// How often each of the first four targets is chosen in so many turns.
    fn turns(&self, count: usize) -> [usize; 4] {
        counted(&self.upstream, count)
    }

    fn ejected(&self, i: usize) -> bool {
        !self.target(i).health.is_available(self.clock.now())
    }
}

fn counted(upstream: &Upstream, count: usize) -> [usize; 4] {
    let mut counts = [0; 4];
    for _ in 0..count {
        let chosen = upstream.next_target(&Wish::default(), &[], &[]).expect("a target");
        let number = chosen.host.strip_prefix('t').and_then(|n| n.parse::<usize>().ok()).expect("t and a number");
        counts[number] += 1;
    }
    counts
}

#[test]
fn failures_in_a_row_eject_and_time_brings_back() {
    let world = world(4, "eject = { consecutive = 3, base_time = \"10s\", max_time = \"35s\", max_ejected = \"50%\" }");
    world.fail(0, 2);
    assert_eq!(world.turns(40), [10; 4], "not enough");
    world.upstream.report(&world.target(0), Err(&Failure::CircuitOpen(Duration::ZERO)));
    world.fail(0, 1);
    assert_eq!(world.turns(30), [0, 10, 10, 10], "what was never sent says nothing, neither good nor bad");
    world.pass(9);
    assert_eq!(world.turns(30)[0], 0);
    world.pass(1);
    assert_eq!(world.turns(40), [10; 4], "the time is up");
    assert_eq!(world.upstream.numbers().ejections, 1);

    // Each further time is longer, up to the longest.
    for length in [20, 35, 35] {
        world.fail(0, 3);
        world.pass(length - 1);
        assert!(world.ejected(0), "{length}");
        world.pass(1);
        assert!(!world.ejected(0), "{length}");
    }
    // A long time well is forgiven.
    world.pass(100);
    world.fail(0, 3);
    world.pass(10);
    assert!(!world.ejected(0));
}

#[test]
fn a_share_of_failures_ejects() {
    let world = world(
        3,
        "eject = { consecutive = 0, error_rate = \"50%\", min_requests = 10, window = \"10s\", on = [\"timeout\"] }",
    );
    let target = world.target(1);
    let ejector = world.upstream.ejector.as_ref().expect("it ejects");
    let count = |failed: bool| ejector.count(&target.health, failed, || world.clock.now());
    for _ in 0..5 {
        assert!(!count(false));
    }
    for _ in 0..4 {
        assert!(!count(true), "too few requests");
    }
    assert!(count(true), "five of ten");
    world.pass(11);
    assert!(!count(true), "what is long ago does not count");
}

#[test]
fn never_are_too_many_ejected_and_never_all() {
    let world = world(4, "eject = { consecutive = 1, max_ejected = \"50%\" }");
    for i in 0..4 {
        world.fail(i, 5);
    }
    assert_eq!((0..4).filter(|i| world.ejected(*i)).count(), 2);
    assert_eq!(world.turns(20), [0, 0, 10, 10]);
    let all = self::world(2, "eject = { consecutive = 1, max_ejected = \"100%\" }");
    all.fail(0, 1);
    all.fail(1, 9);
    assert_eq!((all.ejected(0), all.ejected(1)), (true, false), "one stays");
    let one = self::world(1, "eject = { consecutive = 1, max_ejected = \"100%\" }");
    one.fail(0, 9);
    assert!(!one.ejected(0));
}

#[test]
fn a_clock_that_is_set_back_does_not_lock_a_target_out() {
    let world = world(2, "eject = { consecutive = 1, base_time = \"10s\" }");
    world.fail(0, 1);
    let before = Timestamp::from_secs(FAR.as_secs() - 86_400);
    assert!(world.target(0).health.is_available(before));
}

#[test]
fn checks_take_out_and_bring_back() {
    let world = world(2, "check = { healthy = 2, unhealthy = 3 }");
    let config = world.upstream.config().check.clone().expect("checks");
    let check = |i: usize, passes: bool| {
        let outcome = if passes { Ok(()) } else { Err("refused".to_owned()) };
        let changed = world.target(i).health.checked(outcome, &config, world.clock.now());
        world.upstream.group().refresh(world.clock.now());
        changed
    };
    assert!(!check(0, true));
    assert!(!check(0, false) && !check(0, false));
    assert!(!check(0, true), "two of three failures are forgotten");
    assert!(!check(0, false) && !check(0, false) && check(0, false));
    assert_eq!(world.turns(10), [0, 10, 0, 0]);
    assert!(!check(0, true) && !check(0, false) && !check(0, true) && check(0, true));
    assert_eq!(world.turns(10), [5, 5, 0, 0]);
    // One that has never passed is out at the first failure, and in at the first success.
    assert!(check(1, false));
    assert_eq!(world.turns(10), [10, 0, 0, 0]);
    assert!(check(1, true));
    // When all are down, all are used.
    assert!((0..3).any(|_| check(0, false)) && (0..3).any(|_| check(1, false)));
    assert_eq!(world.turns(10), [5, 5, 0, 0]);
    let numbers = world.upstream.numbers();
    assert_eq!((numbers.targets_available, numbers.panic), (0, 1));
}

#[test]
fn health_is_not_believed_when_too_few_are_fit() {
    let world = world(4, "panic_below = \"50%\"\neject = { consecutive = 1, max_ejected = \"75%\" }");
    world.fail(0, 1);
    world.fail(1, 1);
    assert_eq!(world.turns(10), [0, 0, 5, 5], "half is enough");
    world.fail(2, 1);
    assert_eq!(world.turns(40), [10; 4], "a quarter is not");
}

#[test]
fn a_target_that_comes_back_grows_into_its_share() {
    let world = world(2, "slow_start = \"100s\"\neject = { consecutive = 1, base_time = \"10s\" }");
    assert_eq!(world.turns(200), [100, 100, 0, 0], "at the start nobody is new");
    world.fail(0, 1);
    world.pass(10);
    let mut before = 0;
    for (passed, most) in [(0, 60), (25, 200), (25, 310), (25, 385)] {
        world.pass(passed);
        let [share, ..] = world.turns(800);
        assert!(share >= before && share <= most, "{share} of 800");
        assert!(share > 0, "it is not starved");
        before = share;
    }
    world.pass(25);
    assert_eq!(world.turns(200), [100, 100, 0, 0]);
}

#[test]
fn what_is_known_survives_a_reload_and_what_is_new_starts_slowly() {
    let settings = "slow_start = \"100s\"\neject = { consecutive = 1, base_time = \"60s\" }";
    let world = world(2, settings);
    world.fail(0, 1);
    let longer = upstream(&world.clock, 3, &format!("timeout = \"7s\"\n{settings}"), None, Some(&world.upstream));
    let [ejected, stays, new, _] = counted(&longer, 400);
    assert_eq!(ejected, 0, "still out");
    assert!(stays > 300 && new > 0 && new < 80, "{stays} and {new}");
    world.pass(200);
    assert_eq!(counted(&longer, 300), [100, 100, 100, 0]);
    // Whoever gives up ejecting lets go of those that are out.
    world.fail(1, 1);
    let without = upstream(&world.clock, 2, "", None, Some(&world.upstream));
    assert_eq!(counted(&without, 10), [5, 5, 0, 0]);
}

#[test]
fn the_own_zone_is_preferred_while_enough_of_it_is_fit() {
    let settings = "own_zone_min = \"50%\"\neject = { consecutive = 1, base_time = \"10s\", max_ejected = \"75%\" }";
    let clock = Arc::new(ManualClock::at(FAR));
    let near = |zone| World { upstream: upstream(&clock, 4, settings, zone, None), clock: clock.clone() };
    assert_eq!(near(None).turns(40), [10; 4], "without a zone there is no own one");
    assert_eq!(near(Some("elsewhere")).turns(40), [10; 4]);
    let world = near(Some("near"));
    assert_eq!(world.turns(20), [10, 10, 0, 0]);
    world.fail(0, 1);
    assert_eq!(world.turns(20), [0, 20, 0, 0], "half of the zone is enough");
    world.fail(1, 1);
    assert_eq!(world.turns(20), [0, 0, 10, 10], "none is not");
    world.pass(10);
    assert_eq!(world.turns(20), [10, 10, 0, 0]);
    let strict = "own_zone_min = \"100%\"\neject = { consecutive = 1 }";
    let world = World { upstream: upstream(&clock, 4, strict, Some("near"), None), clock: clock.clone() };
    world.fail(0, 1);
    assert_eq!(world.turns(30), [0, 10, 10, 10], "one of two is less than all: everybody helps");
}

#[test]
fn a_visitor_stays_with_a_target_that_is_fit() {
    let world = world(3, "sticky = { cookie = \"lb\" }\neject = { consecutive = 1, base_time = \"10s\" }");
    let own = world.target(1);
    let wish = Wish { own: own.id, ..Wish::default() };
    let chosen = || world.upstream.next_target(&wish, &[], &[]).expect("a target");
    for _ in 0..5 {
        assert!(Arc::ptr_eq(&chosen(), &own));
    }
    let other = world.upstream.next_target(&wish, &[], std::slice::from_ref(&own)).expect("a target");
    assert!(!Arc::ptr_eq(&other, &own), "one that was passed over is not insisted upon");
    world.fail(1, 1);
    assert!(!Arc::ptr_eq(&chosen(), &own));
    world.pass(10);
    assert!(Arc::ptr_eq(&chosen(), &own));
    // Ids are this installation's, this upstream's and this target's.
    let ids: std::collections::HashSet<_> = world.upstream.group().targets().map(|target| target.id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(world.target(1).id, self::world(3, "sticky = { cookie = \"x\" }").target(1).id, "nodes agree");
}
