//! What is held: running requests, and units of quotas.

use std::collections::HashMap;

use tokio::task::yield_now;

use super::*;

/// A database of quotas in memory. It can be away.
#[derive(Default)]
struct Database {
    taken: Arc<Mutex<HashMap<(String, Timestamp), u32>>>,
    asked: AtomicUsize,
    away: AtomicBool,
}

impl QuotaStore for Database {
    fn reserve(&self, ask: Reserve) -> BoxFuture<'static, Result<Reserved, SharedUnavailable>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (all, away) = (self.taken.clone(), self.away.load(Ordering::SeqCst));
        Box::pin(async move {
            yield_now().await;
            if away {
                return Err(SharedUnavailable("the disk is full".into()));
            }
            let mut all = all.lock();
            let taken = all.entry((ask.period.key, ask.period.starts)).or_default();
            let left = ask.limit - *taken;
            let granted = if left < ask.at_least { 0 } else { left.min(ask.at_most) };
            *taken += granted;
            Ok(Reserved { granted, rest: left - granted })
        })
    }

    fn give_back(&self, units: Vec<(QuotaPeriod, u32)>) -> BoxFuture<'static, Result<(), SharedUnavailable>> {
        let mut all = self.taken.lock();
        for (period, count) in units {
            *all.entry((period.key, period.starts)).or_default() -= count;
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Database {
    fn taken(&self) -> u32 {
        self.taken.lock().values().sum()
    }
}

fn with_database(database: &Arc<Database>, clock: &Arc<ManualClock>, settings: LimitSettings) -> Limits {
    Limits::new(Backend::Local, settings, clock.clone()).with_quotas(database.clone())
}

fn quotas() -> (Arc<Database>, Arc<ManualClock>, Limits) {
    let (database, clock) = (Arc::new(Database::default()), Arc::new(ManualClock::at(NOW)));
    let limits = with_database(&database, &clock, LimitSettings::default());
    (database, clock, limits)
}

async fn allowed(limits: &Limits, rules: &Rules, who: &Who) -> bool {
    limits.take(rules, &who.caller()).await.expect("counted").refusal().is_none()
}

#[test]
fn so_many_run_at_once_and_the_end_of_one_lets_in_the_next() {
    let (limits, _) = limits();
    let rules = rules(r#"{ by = "user", concurrent = 2 }, { by = "ip", rate = "4/minute" }"#);
    let (ada, bob) = (Who::at("10.0.0.1").user(1), Who::at("10.0.0.1").user(2));
    let mut first = take(&limits, &rules, &ada);
    let held = first.permit().expect("a permit");
    let mut headers = HeaderMap::new();
    first.write_headers(&mut headers);
    let policy = "\"user-2-at-once\";q=2;qu=\"concurrent-requests\", \"ip-4/minute\";q=4;w=60";
    assert_eq!(headers["ratelimit-policy"], policy);
    assert_eq!(headers["ratelimit"], "\"user-2-at-once\";r=1, \"ip-4/minute\";r=3;t=61");
    let second = take(&limits, &rules, &ada);
    let refused = take(&limits, &rules, &ada);
    let problem = refused.refusal().expect("refused");
    assert_eq!(problem.detail.as_deref(), Some("The limit `user-2-at-once` (2 at once) is used up."));
    assert_eq!(problem.retry_after_secs(), Some(1));
    let third = take(&limits, &rules, &bob);
    assert!(third.refusal().is_none(), "another user, and the refusal took nothing from the address");
    drop(held);
    assert!(take(&limits, &rules, &ada).refusal().is_none());
    assert!(take(&limits, &rules, &bob).refusal().is_some_and(|p| p.detail.is_some_and(|d| d.contains("4/minute"))));
    drop((second, third, first));
    assert_eq!(limits.stats().keys, 1, "nobody is running: only the address is known");
}

#[test]
fn costs_come_from_the_rule_or_from_a_header_within_bounds() {
    let (limits, _) = limits();
    let rules = rules(r#"{ by = "ip", rate = "100/hour", cost = { header = "x-size", base = 2, max = 50 } }"#);
    let left = |who: &Who| take(&limits, &rules, who).decisions[0].remaining;
    assert_eq!(left(&Who::at("10.0.0.1")), 98, "the base");
    assert_eq!(left(&Who::at("10.0.0.1").header("x-size", "10")), 88);
    for nonsense in ["1", "0", "-5", "many", "1e3"] {
        let before = left(&Who::at("10.0.0.2"));
        assert_eq!(left(&Who::at("10.0.0.2").header("x-size", nonsense)), before - 2, "{nonsense}");
    }
    assert_eq!(left(&Who::at("10.0.0.3").header("x-size", "99999999999")), 50, "the most");
}

#[test]
fn combinations_are_counted_each_by_itself() {
    let (limits, _) = limits();
    let rules = rules(r#"{ by = ["ip", "header:x-device"], rate = "1/minute" }"#);
    let who = |ip: &str, device: &'static str| Who::at(ip).header("x-device", device);
    assert!(passes(&limits, &rules, &who("10.0.0.1", "a")));
    assert!(passes(&limits, &rules, &who("10.0.0.1", "b")) && passes(&limits, &rules, &who("10.0.0.2", "a")));
    assert!(!passes(&limits, &rules, &who("10.0.0.1", "a")));
    assert!(passes(&limits, &rules, &Who::at("10.0.0.1")));
    assert!(!passes(&limits, &rules, &Who::at("10.0.0.1")), "without the header it is the address");
}

#[test]
fn routes_of_one_scope_count_together_each_at_its_cost() {
    let cheap = configs(r#"{ by = "user", rate = "10/minute", scope = "api" }"#);
    let dear = configs(r#"{ by = "user", rate = "10/minute", scope = "api", cost = 7 }"#);
    let [cheap, dear] = [("cheap", cheap), ("dear", dear)].map(|(name, own)| Rules::compile([(name, &*own)]));
    let (cheap, dear) = (cheap.expect("rules"), dear.expect("rules"));
    let (limits, _) = limits();
    let ada = Who::at("10.0.0.1").user(1);
    assert!(passes(&limits, &dear, &ada) && !passes(&limits, &dear, &ada));
    assert_eq!((0..9).filter(|_| passes(&limits, &cheap, &ada)).count(), 3);
}

#[tokio::test]
async fn fifty_at_once_get_exactly_the_quota_and_few_ask_the_database() {
    let (database, clock, limits) = quotas();
    let rules = rules(r#"{ by = "user", quota = "40/day" }"#);
    let ada = Who::at("10.0.0.1").user(1);
    let all = (0..50).map(|_| allowed(&limits, &rules, &ada));
    assert_eq!(futures_util::future::join_all(all).await.iter().filter(|passed| **passed).count(), 40);
    assert_eq!(database.taken(), 40);
    let asked = database.asked.load(Ordering::SeqCst);
    assert!(!allowed(&limits, &rules, &ada).await);
    assert_eq!(database.asked.load(Ordering::SeqCst), asked, "that nothing is left is known for a second");
    let refused = limits.take(&rules, &ada.caller()).await.expect("counted").refusal().expect("refused");
    assert_eq!(refused.detail.as_deref(), Some("The limit `user-40/day` (40/day) is used up."));
    let midnight = kernel::rate::Period::Day.around(NOW.as_micros()).1;
    assert_eq!(refused.retry_after_secs(), u64::try_from(midnight / 1_000_000 - NOW.as_secs()).ok());
    clock.set(Timestamp::from_micros(midnight));
    assert!(allowed(&limits, &rules, &ada).await, "the next day");
}

#[tokio::test]
async fn a_quota_survives_a_restart_and_what_was_set_aside_is_given_back() {
    let (database, clock, limits) = quotas();
    let rules = rules(r#"{ by = "user", quota = "1000/month" }, { by = "ip", rate = "500/day" }"#);
    let ada = Who::at("10.0.0.1").user(1);
    for _ in 0..15 {
        assert!(allowed(&limits, &rules, &ada).await);
    }
    assert_eq!(database.taken(), 20, "a hundredth at a time");
    limits.close().await;
    assert_eq!(database.taken(), 15);
    let restarted = with_database(&database, &clock, LimitSettings::default());
    let taken = restarted.take(&rules, &ada.caller()).await.expect("counted");
    assert_eq!(taken.decisions[0].remaining, 984);
}

#[tokio::test]
async fn without_the_database_quotas_do_as_the_settings_say() {
    let rules = rules(r#"{ by = "user", quota = "4/day" }, { by = "ip", rate = "10/hour" }"#);
    let ada = Who::at("10.0.0.1").user(1);
    for (without_kv, passed) in [(WithoutKv::LocalShare, 2), (WithoutKv::Allow, 10), (WithoutKv::Refuse, 0)] {
        let (database, clock) = (Arc::new(Database::default()), Arc::new(ManualClock::at(NOW)));
        let nodes = NonZeroU32::new(2).expect("two");
        let limits = with_database(&database, &clock, LimitSettings { without_kv, nodes, ..LimitSettings::default() });
        database.away.store(true, Ordering::SeqCst);
        let mut count = 0;
        for _ in 0..20 {
            let taken = limits.take(&rules, &ada.caller()).await;
            count += usize::from(taken.is_ok_and(|taken| taken.refusal().is_none()));
        }
        assert_eq!(count, passed, "{without_kv:?}");
        assert_eq!(database.asked.load(Ordering::SeqCst), 1, "a dead database is left in peace");
        database.away.store(false, Ordering::SeqCst);
        clock.advance(Duration::from_millis(500));
        let taken = limits.take(&rules, &Who::at("10.0.0.2").user(2).caller()).await.expect("counted");
        assert!(taken.refusal().is_none() && database.taken() == 1, "it is back");
    }
}

#[tokio::test]
async fn slots_of_all_nodes_are_one_and_those_that_run_are_renewed() {
    let (redis, clock) = (Arc::new(Redis::default()), Arc::new(ManualClock::at(NOW)));
    let [one, other] = [0, 1].map(|_| Arc::new(node(&redis, &clock, WithoutKv::LocalShare, 2)));
    let rules = rules(r#"{ by = "user", concurrent = 2 }, { by = "ip", rate = "100/minute" }"#);
    let ada = Who::at("10.0.0.1").user(1);
    let mut first = one.take(&rules, &ada.caller()).await.expect("counted");
    let held = first.permit().expect("a permit");
    let _second = other.take(&rules, &ada.caller()).await.expect("counted");
    assert!(!allowed(&one, &rules, &ada).await && !allowed(&other, &rules, &ada).await);
    assert_eq!(redis.inside.lock().len(), 2);
    let keeping = tokio::spawn({
        let one = one.clone();
        async move { one.keep_leases().await }
    });
    while redis.renewed.lock().is_empty() {
        yield_now().await;
    }
    assert_eq!(redis.renewed.lock().len(), 1, "the one that runs here");
    drop(held);
    while redis.inside.lock().len() > 1 {
        yield_now().await;
    }
    assert!(allowed(&other, &rules, &ada).await);
    keeping.abort();
}

#[test]
fn while_the_shared_limiter_is_away_slots_are_this_nodes_share() {
    let (redis, clock) = (Arc::new(Redis::default()), Arc::new(ManualClock::at(NOW)));
    redis.away.store(true, Ordering::SeqCst);
    let rules = rules(r#"{ by = "user", concurrent = 4 }, { by = "user", quota = "100/day" }"#);
    let ada = Who::at("10.0.0.1").user(1);
    for (without_kv, expected) in [(WithoutKv::LocalShare, 2), (WithoutKv::Allow, 10)] {
        let limits = node(&redis, &clock, without_kv, 2);
        let running: Vec<_> = (0..10).map(|_| take(&limits, &rules, &ada)).collect();
        assert_eq!(running.iter().filter(|taken| taken.refusal().is_none()).count(), expected, "{without_kv:?}");
    }
}
