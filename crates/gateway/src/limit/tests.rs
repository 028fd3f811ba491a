use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use http::HeaderMap;
use kernel::{
    Algorithm, AuthMethod, Decision, ManualClock, Principal, Rate, Subject, TenantId, Timestamp, UserId,
    edge::RateLimiter, rate::State,
};
use parking_lot::Mutex;
use uuid::Uuid;

use super::*;

mod held;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(1));

fn rules(toml: &str) -> Rules {
    compile(toml).expect("valid rules")
}

fn configs(toml: &str) -> Vec<LimitConfig> {
    #[derive(serde::Deserialize)]
    struct Route {
        limits: Vec<LimitConfig>,
    }
    toml::from_str::<Route>(&format!("limits = [{toml}]")).expect(toml).limits
}

fn compile(toml: &str) -> Result<Rules, InvalidRules> {
    Rules::compile([("orders", &*configs(toml))])
}

fn limits() -> (Limits, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    let config = LimitSettings { legacy_headers: true, ..LimitSettings::default() };
    (Limits::new(Backend::Local, config, clock.clone()), clock)
}

struct Who {
    ip: IpAddr,
    principal: Option<Principal>,
    headers: HeaderMap,
}

impl Who {
    fn at(ip: &str) -> Self {
        Self { ip: ip.parse().expect(ip), principal: None, headers: HeaderMap::new() }
    }
    fn user(mut self, id: u128) -> Self {
        self.principal = Some(Principal {
            tenant: TENANT,
            subject: Subject::User(UserId::from_uuid(Uuid::from_u128(id))),
            method: AuthMethod::Session,
            session: None,
            token: None,
            api_key: None,
            roles: Arc::default(),
            narrowed_to: None,
            scope: Arc::default(),
            networks: Arc::default(),
            limits: Arc::default(),
            authenticated_at: NOW,
            amr: kernel::Amr::NONE,
            impersonator: None,
            expires_at: NOW + Duration::from_secs(900),
        });
        self
    }
    fn own_limits(mut self, rates: &[&str]) -> Self {
        let rates = rates.iter().map(|rate| rate.parse().expect("rate")).collect();
        self.principal = self.principal.map(|principal| Principal { limits: rates, ..principal });
        self
    }
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("value"));
        self
    }
    fn caller(&self) -> Caller<'_> {
        Caller { client_ip: self.ip, tenant: TENANT, principal: self.principal.as_ref(), headers: &self.headers }
    }
}

/// Polls once: the local path never waits.
fn take<'r>(limits: &Limits, rules: &'r Rules, who: &'r Who) -> Taken<'r> {
    limits.take(rules, &who.caller()).now_or_never().expect("answered at once").expect("counted")
}

fn passes(limits: &Limits, rules: &Rules, who: &Who) -> bool {
    take(limits, rules, who).refusal().is_none()
}

#[test]
fn the_configuration_reads_as_documented() {
    let all = configs(
        r#"{ by = "ip", rate = "100/minute" },
           { by = "header:X-Device", rate = "5/15m", algorithm = "token_bucket", cost = 2, when = "anonymous", name = "device" }"#,
    );
    assert_eq!(all[0], LimitConfig::new(LimitBy::Ip, "100/minute".parse().expect("rate")));
    assert_eq!(all[0].algorithm, Algorithm::SlidingWindow);
    assert_eq!(all[1].by.to_string(), "header:x-device");
    assert_eq!((all[1].cost.most(), all[1].when, all[1].algorithm), (2, LimitWhen::Anonymous, Algorithm::TokenBucket));
    for by in ["ip", "user", "api_key", "tenant", "role", "route", "header:x-device"] {
        assert_eq!(by.parse::<LimitBy>().expect(by).to_string(), by);
    }
    for quota in ["", "5", "0/day", "5/week", "5/hour", "5/2day", "4294967295/month"] {
        assert!(quota.parse::<Quota>().is_err(), "{quota}");
    }
    for by in ["[]", r#"["ip", "ip"]"#, r#"["ip", "user", "role", "route", "tenant"]"#, r#"["cookie"]"#] {
        let read = toml::from_str::<LimitConfig>(&format!("by = {by}\nrate = \"1/second\""));
        assert!(read.is_err(), "{by}");
    }
    let rich = r#"by = ["user", "header:x-device"]
        quota = "500/month"
        cost = { header = "x-size", max = 9 }
        scope = "api""#;
    let rich: LimitConfig = toml::from_str(rich).expect("a quota");
    assert_eq!(rich.by.to_string(), "user+header:x-device");
    let json = serde_json::to_value(&rich).expect("json");
    assert_eq!(serde_json::from_value::<LimitConfig>(json).expect("what was written"), rich);
    for by in ["", "IP", "header:", "header:no spaces", "cookie"] {
        assert!(by.parse::<LimitBy>().is_err(), "{by}");
    }
    let wrong = toml::from_str::<LimitConfig>("by = \"ip\"\nrate = \"1/second\"\nburst = 3").expect_err("unknown key");
    assert!(wrong.to_string().contains("burst"));
    let schema = serde_json::to_string(&schemars::schema_for!(LimitConfig)).expect("json");
    assert!(schema.contains("sliding_window") && schema.contains("\"rate\""));
}

#[test]
fn limits_that_cannot_work_are_refused() {
    use InvalidRules::{CostAboveRate, CostRange, Duplicate, Measure, Name, SameName, Scope, SlotCost, TooMany};
    let refused = |toml: &str| compile(toml).map(|_| ()).expect_err(toml);
    assert_eq!(refused(r#"{ by = "ip", rate = "5/minute", cost = 6 }"#), CostAboveRate("ip-5/minute".into(), 6));
    let same = r#"{ by = "ip", rate = "5/minute" }, { by = "ip", rate = "5/60s" }"#;
    assert_eq!(refused(same), Duplicate("ip-5/minute".into()));
    let same = r#"{ by = "ip", rate = "5/minute", name = "a" }, { by = "ip", rate = "6/minute", name = "a" }"#;
    assert_eq!(refused(same), SameName("a".into()));
    assert!(matches!(refused(r#"{ by = "ip", rate = "5/minute", name = "a\"b" }"#), Name(_)));
    assert_eq!(refused(r#"{ by = "ip" }"#), Measure("ip".into()));
    let both = r#"{ by = ["ip", "user"], rate = "5/minute", quota = "9/day" }"#;
    assert_eq!(refused(both), Measure("ip+user".into()));
    assert_eq!(refused(r#"{ by = "ip", concurrent = 5, cost = 2 }"#), SlotCost("ip-5-at-once".into()));
    let range = r#"{ by = "ip", rate = "9/minute", cost = { header = "x-size", base = 3, max = 2 } }"#;
    assert_eq!(refused(range), CostRange("ip-9/minute".into()));
    let above = r#"{ by = "ip", quota = "9/day", cost = { header = "x-size", max = 10 } }"#;
    assert_eq!(refused(above), CostAboveRate("ip-9/day".into(), 10));
    assert_eq!(refused(r#"{ by = "ip", quota = "9/day", scope = "No" }"#), Scope("No".into()));
    let many: Vec<String> = (1..=11).map(|n| format!(r#"{{ by = "ip", rate = "{n}/minute" }}"#)).collect();
    assert_eq!(refused(&many.join(",")), TooMany(11));
}

#[test]
fn limits_of_one_scope_are_shared_and_made_names_stay_apart() {
    let shared = configs(r#"{ by = "ip", rate = "3/minute" }"#);
    let login = Rules::compile([("identity", &*shared), ("login", &*shared)]).expect("rules");
    let signup = Rules::compile([("identity", &*shared)]).expect("rules");
    assert_eq!(login.policy.as_ref().expect("policy"), "\"ip-3/minute\";q=3;w=60, \"ip-3/minute-2\";q=3;w=60");
    let (limits, _) = limits();
    let ada = Who::at("10.0.0.1");
    assert!(passes(&limits, &login, &ada) && passes(&limits, &login, &ada) && passes(&limits, &signup, &ada));
    assert!(!passes(&limits, &signup, &ada), "the scope `identity` is used up");
    assert!(!passes(&limits, &login, &ada));
}

#[test]
fn everybody_is_counted_by_what_the_rule_names() {
    let (limits, _) = limits();
    for (by, same, other) in [
        ("ip", Who::at("10.0.0.1").user(1), Who::at("10.0.0.2").user(1)),
        ("user", Who::at("10.0.0.2").user(2), Who::at("10.0.0.1").user(3)),
        ("header:x-device", Who::at("10.0.0.9").header("x-device", "a"), Who::at("10.0.0.1").header("x-device", "b")),
    ] {
        let rules = rules(&format!(r#"{{ by = "{by}", rate = "1/minute" }}"#));
        let first = match by {
            "user" => Who::at("10.0.0.1").user(2),
            _ => Who::at("10.0.0.1").user(9).header("x-device", "a"),
        };
        assert!(passes(&limits, &rules, &first), "{by}");
        assert!(!passes(&limits, &rules, &same), "{by}: the same subject");
        assert!(passes(&limits, &rules, &other), "{by}: another subject");
    }
    for by in ["route", "tenant"] {
        let rules = rules(&format!(r#"{{ by = "{by}", rate = "1/minute" }}"#));
        assert!(passes(&limits, &rules, &Who::at("10.0.0.1").user(1)), "{by}");
        assert!(!passes(&limits, &rules, &Who::at("10.0.0.2").user(2)), "{by}");
    }
}

#[test]
fn without_the_subject_it_is_the_address() {
    for by in ["user", "api_key", "role", "header:x-device"] {
        let (limits, _) = limits();
        let rules = rules(&format!(r#"{{ by = "{by}", rate = "1/minute" }}"#));
        assert!(passes(&limits, &rules, &Who::at("10.0.0.1")), "{by}");
        assert!(!passes(&limits, &rules, &Who::at("10.0.0.1")), "{by}");
        assert!(passes(&limits, &rules, &Who::at("10.0.0.2")), "{by}");
        assert!(passes(&limits, &rules, &Who::at("2001:db8::1")), "{by}");
        assert!(!passes(&limits, &rules, &Who::at("2001:db8::2")), "{by}: the same /64");
    }
}

#[test]
fn conditions_choose_the_requests() {
    let (limits, _) = limits();
    let rules = rules(
        r#"{ by = "ip", rate = "1/minute", when = "anonymous" }, { by = "user", rate = "2/minute", when = "authenticated" }"#,
    );
    let (nobody, ada) = (Who::at("10.0.0.1"), Who::at("10.0.0.1").user(1));
    assert!(passes(&limits, &rules, &nobody) && !passes(&limits, &rules, &nobody));
    assert!(passes(&limits, &rules, &ada) && passes(&limits, &rules, &ada) && !passes(&limits, &rules, &ada));
}

#[test]
fn a_credentials_own_limits_come_on_top_and_hold_across_routes() {
    let (limits, clock) = limits();
    let rules = rules(r#"{ by = "ip", rate = "100/minute" }"#);
    let key = Who::at("10.0.0.1").user(1).own_limits(&["2/minute", "3/hour", "2/minute"]);
    assert!(passes(&limits, &rules, &key) && passes(&limits, &Rules::default(), &key));
    let taken = take(&limits, &rules, &key);
    let problem = taken.refusal().expect("refused");
    assert_eq!(problem.detail.as_deref(), Some("The limit `credential-2/minute` (2/minute) is used up."));
    clock.advance(Duration::from_secs(62));
    assert!(passes(&limits, &rules, &key));
    let problem = take(&limits, &rules, &key).refusal().expect("refused by the hour");
    assert!(problem.detail.as_deref().is_some_and(|detail| detail.contains("credential-3/hour")));
    assert!(passes(&limits, &rules, &Who::at("10.0.0.1").user(2)), "somebody else's key has its own");
}

#[test]
fn headers_say_where_the_client_stands() {
    let (limits, _) = limits();
    let rules = rules(r#"{ by = "ip", rate = "2/minute" }, { by = "user", rate = "10/hour", name = "hourly" }"#);
    let ada = Who::at("10.0.0.1").user(1);
    let headers = |taken: &Taken<'_>| {
        let mut headers = HeaderMap::new();
        taken.write_headers(&mut headers);
        headers
    };
    let first = headers(&take(&limits, &rules, &ada));
    assert_eq!(first["ratelimit-policy"], "\"ip-2/minute\";q=2;w=60, \"hourly\";q=10;w=3600");
    assert_eq!(first["ratelimit"], "\"ip-2/minute\";r=1;t=61, \"hourly\";r=9;t=3660");
    assert_eq!((&first["x-ratelimit-limit"], &first["x-ratelimit-remaining"]), (&2.into(), &1.into()));
    take(&limits, &rules, &ada);
    let refused = take(&limits, &rules, &ada);
    let problem = refused.refusal().expect("refused");
    assert_eq!((problem.kind, problem.status()), (EXCEEDED, 429));
    assert_eq!(problem.detail.as_deref(), Some("The limit `ip-2/minute` (2/minute) is used up."));
    assert_eq!(problem.retry_after_secs(), Some(61));
    let told = headers(&refused);
    assert_eq!(told["ratelimit"], "\"ip-2/minute\";r=0;t=61, \"hourly\";r=8;t=3660", "the hour kept what it had");
    assert_eq!(told["x-ratelimit-remaining"], "0");
    assert_eq!(told["x-ratelimit-reset"], (NOW.as_secs() + 62).to_string().as_str());
    assert!(headers(&take(&limits, &Rules::default(), &Who::at("10.0.0.1"))).is_empty());
    let own = Who::at("10.0.0.2").user(2).own_limits(&["7/day"]);
    let policy = &headers(&take(&limits, &rules, &own))["ratelimit-policy"];
    assert!(policy.to_str().expect("text").ends_with("\"credential-7/day\";q=7;w=86400"), "{policy:?}");
}

#[test]
fn identity_counts_by_keys_of_its_own() {
    let (limits, clock) = limits();
    let limiter: &dyn RateLimiter = &limits;
    let take =
        |key: &str, rate: &str| limiter.take(key.into(), rate.parse().expect(rate)).now_or_never().expect("at once");
    assert_eq!(take("login:ada", "2/minute"), Ok(()));
    assert_eq!(take("login:ada", "2/minute"), Ok(()));
    assert_eq!(take("login:ada", "2/minute"), Err(Duration::from_secs(61)));
    assert_eq!(take("login:eve", "2/minute"), Ok(()));
    clock.advance(Duration::from_secs(61));
    assert_eq!(take("login:ada", "2/minute"), Ok(()));
}

/// A shared limiter as Redis is one: plain states by key. It can be away.
#[derive(Default)]
struct Redis {
    states: Mutex<std::collections::HashMap<String, State>>,
    away: AtomicBool,
    asked: AtomicUsize,
    now: Mutex<Timestamp>,
    inside: Mutex<Vec<SharedHold>>,
    renewed: Mutex<Vec<SharedHold>>,
}

impl SharedLimiter for Redis {
    fn renew(&self, held: Vec<SharedHold>) -> BoxFuture<'_, Result<(), SharedUnavailable>> {
        self.renewed.lock().extend(held);
        Box::pin(std::future::ready(Ok(())))
    }

    fn leave(&self, held: Vec<SharedHold>) -> BoxFuture<'_, Result<(), SharedUnavailable>> {
        self.inside.lock().retain(|hold| !held.contains(hold));
        Box::pin(std::future::ready(Ok(())))
    }

    fn take(&self, ask: SharedAsk) -> BoxFuture<'_, Result<Vec<Decision>, SharedUnavailable>> {
        let SharedAsk { takes, slots, holder } = ask;
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.away.load(Ordering::SeqCst) {
                return Err(SharedUnavailable("connection refused".into()));
            }
            let now = self.now.lock().as_micros();
            let mut states = self.states.lock();
            let mut ask = |take: &SharedTake, commit: bool| {
                assert!(take.key.len() == 49 && !take.key.contains("10.0.0.1"), "keys tell nothing: {}", take.key);
                let state = states.entry(take.key.clone()).or_insert_with(|| State::new(take.algorithm));
                if commit { state.take(take.rate, take.cost, now) } else { state.peek(take.rate, take.cost, now) }
            };
            let mut peeked: Vec<Decision> = takes.iter().map(|take| ask(take, false)).collect();
            let mut inside = self.inside.lock();
            peeked.extend(slots.iter().map(|slot| {
                let running = u32::try_from(inside.iter().filter(|hold| hold.key == slot.key).count()).expect("few");
                let (allowed, limit) = (running < slot.limit, slot.limit);
                let remaining = limit.saturating_sub(running + 1);
                Decision { allowed, limit, remaining, reset_after: Duration::ZERO, retry_after: None }
            }));
            if peeked.iter().all(|decision| decision.allowed) {
                for take in &takes {
                    ask(take, true);
                }
                let hold = |slot: &SharedSlot| SharedHold { key: slot.key.clone(), holder: holder.clone() };
                inside.extend(slots.iter().map(hold));
            }
            Ok(peeked)
        })
    }
}

fn node(redis: &Arc<Redis>, clock: &Arc<ManualClock>, without_kv: WithoutKv, nodes: u32) -> Limits {
    *redis.now.lock() = NOW;
    let nodes = NonZeroU32::new(nodes).expect("not zero");
    let config = LimitSettings { without_kv, nodes, ..LimitSettings::default() };
    Limits::new(Backend::Shared(redis.clone()), config, clock.clone())
}

#[test]
fn nodes_that_share_a_limiter_share_the_limit() {
    let (redis, clock) = (Arc::new(Redis::default()), Arc::new(ManualClock::at(NOW)));
    let nodes = [0, 1].map(|_| node(&redis, &clock, WithoutKv::LocalShare, 2));
    let rules = rules(r#"{ by = "ip", rate = "5/minute" }"#);
    let ada = Who::at("10.0.0.1");
    let passed = (0..20).filter(|i| passes(&nodes[i % 2], &rules, &ada)).count();
    assert_eq!(passed, 5);
    let as_identity: &dyn RateLimiter = &nodes[0];
    let rate: Rate = "1/minute".parse().expect("rate");
    assert_eq!(as_identity.take("ada".into(), rate).now_or_never(), Some(Ok(())));
    let as_identity: &dyn RateLimiter = &nodes[1];
    assert!(matches!(as_identity.take("ada".into(), rate).now_or_never(), Some(Err(_))));
}

#[test]
fn while_it_is_away_each_node_allows_its_share_and_one_request_tries_again() {
    let (redis, clock) = (Arc::new(Redis::default()), Arc::new(ManualClock::at(NOW)));
    let limits = node(&redis, &clock, WithoutKv::LocalShare, 2);
    let rules = rules(r#"{ by = "ip", rate = "10/minute" }"#);
    let ada = Who::at("10.0.0.1");
    redis.away.store(true, Ordering::SeqCst);
    assert_eq!((0..20).filter(|_| passes(&limits, &rules, &ada)).count(), 5, "half of ten");
    assert_eq!(redis.asked.load(Ordering::SeqCst), 1, "the dead limiter is left in peace");
    assert!(limits.stats().away && limits.stats().absences == 1);
    clock.advance(Duration::from_millis(500));
    passes(&limits, &rules, &ada);
    passes(&limits, &rules, &ada);
    assert_eq!(redis.asked.load(Ordering::SeqCst), 2, "one tries again");
    redis.away.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_millis(500));
    assert!(passes(&limits, &rules, &ada), "it is back, and knows nothing of the requests meanwhile");
    assert!(!limits.stats().away && limits.stats().absences == 1, "counted once for the whole absence");
    assert_eq!((0..20).filter(|_| passes(&limits, &rules, &ada)).count(), 9);
}

#[test]
fn while_it_is_away_everything_limited_may_be_refused_instead() {
    let (redis, clock) = (Arc::new(Redis::default()), Arc::new(ManualClock::at(NOW)));
    let limits = node(&redis, &clock, WithoutKv::Refuse, 1);
    redis.away.store(true, Ordering::SeqCst);
    let rules = rules(r#"{ by = "ip", rate = "10/minute" }"#);
    let ada = Who::at("10.0.0.1");
    let caller = ada.caller();
    let problem = limits.take(&rules, &caller).now_or_never().expect("at once").expect_err("refused");
    assert_eq!((problem.status(), problem.retry_after_secs()), (503, Some(1)));
    let nothing = Rules::default();
    assert!(limits.take(&nothing, &caller).now_or_never().expect("at once").is_ok(), "what is not limited passes");
    let as_identity: &dyn RateLimiter = &limits;
    let refused = as_identity.take("ada".into(), "1/minute".parse().expect("rate")).now_or_never();
    assert_eq!(refused, Some(Err(Duration::from_secs(1))));
}
