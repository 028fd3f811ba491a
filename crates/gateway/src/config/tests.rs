use kernel::Algorithm;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    upstreams: BTreeMap<String, UpstreamConfig>,
    #[serde(default)]
    routes: Vec<RouteConfig>,
    #[serde(default)]
    guard: GuardConfig,
}

fn parse(text: &str) -> Result<GatewayConfig, toml::de::Error> {
    toml::from_str(text).map(|File { upstreams, routes, guard }| GatewayConfig {
        guard,
        upstreams,
        routes,
        ..GatewayConfig::default()
    })
}

fn problems(text: &str) -> Vec<(String, String)> {
    parse(text).expect("it parses").validate().into_iter().map(|p| (p.path, p.message)).collect()
}

/// Word for word from the product's interface.
const DOCUMENTED: &str = r#"
[upstreams.orders]
targets = ["http://127.0.0.1:9001", { url = "http://127.0.0.1:9002", weight = 2 }]
balance = "round_robin"
timeout = "5s"

[[routes]]
name = "orders"
match = { path = "/orders/{*rest}", methods = ["GET", "POST"], host = "*" }
upstream = "orders"
auth = ["jwt", "api_key", "session"]
permissions = ["orders:read"]
limits = [{ by = "user", rate = "60/minute", algorithm = "sliding_window" }]
"#;

#[test]
fn the_documented_example_is_valid() {
    let config = parse(DOCUMENTED).expect("it parses");
    assert_eq!(config.validate(), []);
    let upstream = &config.upstreams["orders"];
    assert_eq!((upstream.targets[0].weight, upstream.targets[1].weight), (1, 2));
    assert_eq!(upstream.timeout, Duration::from_secs(5));
    let route = &config.routes[0];
    assert_eq!(route.auth, AuthConfig::default());
    assert_eq!(route.limits[0].algorithm, Algorithm::SlidingWindow);
    assert_eq!(route.max_body, None);
}

#[test]
fn a_route_is_closed_unless_it_says_otherwise() {
    let route = |auth: &str| {
        parse(&format!("[[routes]]\nname = \"r\"\nmatch = {{ path = \"/\" }}\nupstream = \"u\"\n{auth}"))
            .map(|c| c.routes[0].auth.clone())
    };
    let all = AuthConfig::AnyOf(vec![AuthKind::Jwt, AuthKind::ApiKey, AuthKind::Session]);
    assert_eq!(route("").expect("ok"), all);
    assert_eq!(route("auth = \"none\"").expect("ok"), AuthConfig::None);
    assert_eq!(route("auth = \"optional\"").expect("ok"), AuthConfig::Optional);
    assert!(route("auth = \"non\"").expect_err("a typo opens nothing").to_string().contains("\"none\", \"optional\""));
    assert!(route("auth = [\"jwtt\"]").is_err());
}

#[test]
fn unknown_settings_are_refused() {
    for text in [
        "[upstreams.a]\ntargets = []\nretrys = 3",
        "[[routes]]\nname = \"r\"\nmatch = { path = \"/\", metods = [] }\nupstream = \"u\"",
        "[upstreams.a]\ntargets = [{ url = \"http://a\", wieght = 3 }]",
        "[[routes]]\nname = \"r\"\nmatch = { path = \"/\" }\nupstream = \"u\"\nlimits = [{ by = \"ip\", rate = \"1/s\", x = 1 }]",
    ] {
        let error = parse(text).err().unwrap_or_else(|| panic!("{text} must not parse"));
        assert!(error.to_string().contains("unknown field"), "{error}");
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let found = problems(
        r#"
        [upstreams.bad]
        targets = ["127.0.0.1:80", { url = "http://a/path", weight = 0 }, "http://b", "http://b/", "ftp://c", "http://u:p@d"]
        timeout = "0s"
        [upstreams.none]
        targets = []
        [[routes]]
        name = "Bad Name"
        match = { path = "orders", methods = ["get", "TRACE"], host = ["API.example.com"], headers = { "x y" = "1" } }
        upstream = "lost"
        auth = []
        scopes = ["a b"]
        [[routes]]
        name = "twin"
        match = { path = "/a/{id}" }
        upstream = "bad"
        auth = "none"
        permissions = ["orders:read"]
        strip_prefix = "/b"
        [[routes]]
        name = "twin"
        match = { path = "/a/{other}" }
        upstream = "bad"
        "#,
    );
    let places: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        places,
        [
            "upstreams.bad.targets[0]",
            "upstreams.bad.targets[1]",
            "upstreams.bad.targets[1].weight",
            "upstreams.bad.targets[3]",
            "upstreams.bad.targets[4]",
            "upstreams.bad.targets[5]",
            "upstreams.bad.timeout",
            "upstreams.none.targets",
            "routes[0].name",
            "routes[0].match.path",
            "routes[0].match.host",
            "routes[0].match.methods[0]",
            "routes[0].match.methods[1]",
            "routes[0].match.headers.x y",
            "routes[0].upstream",
            "routes[0].auth",
            "routes[0].scopes[0]",
            "routes[1].auth",
            "routes[1].strip_prefix",
            "routes[2].name",
            "routes[2].match",
        ]
    );
}

#[test]
fn routes_conflict_only_when_nothing_decides() {
    let two = |a: &str, b: &str| {
        let found = problems(&format!(
            "[upstreams.u]\ntargets = [\"http://a\"]\n\
             [[routes]]\nname = \"a\"\nupstream = \"u\"\n{a}\n[[routes]]\nname = \"b\"\nupstream = \"u\"\n{b}"
        ));
        !found.is_empty()
    };
    let m = |m: &str| format!("match = {{ {m} }}");
    let path = |p: &str| m(&format!("path = \"{p}\""));
    assert!(two(&path("/a/{x}"), &path("/a/{y}")));
    assert!(!two(&path("/a/{x}"), &path("/a/{*y}")));
    assert!(!two(&path("/a"), &path("/a/")));
    assert!(two(&path("/a"), &format!("{}\npriority = 1", path("/a"))), "the first is never reached");
    assert!(!two(&path("/a"), &format!("{}\npriority = 1", m("path = \"/a\", methods = [\"GET\"]"))));
    assert!(two(&m("path = \"/a\", methods = [\"GET\"]"), &m("path = \"/a\", methods = [\"POST\", \"GET\"]")));
    assert!(!two(&m("path = \"/a\", methods = [\"GET\"]"), &path("/a")));
    assert!(!two(&m("path = \"/a\", host = \"x.test\""), &path("/a")));
    assert!(two(&m("path = \"/a\", host = [\"x.test\", \"y.test\"]"), &m("path = \"/a\", host = \"y.test\"")));
    assert!(!two(&m("path = \"/a\", headers = { v = \"1\" }"), &m("path = \"/a\", headers = { v = \"2\" }")));
    assert!(!two(&m("path = \"/a\", query = { v = \"1\" }"), &m("path = \"/a\", query = { v = \"2\" }")));
    assert!(two(&m("path = \"/a\", query = { v = \"1\" }"), &m("path = \"/a\", query = { v = \"1\" }")));
    assert!(two(&m("path = \"/a\", methods = [\"GET\"]"), &m("path = \"/a\", methods = [\"HEAD\"]")));
    let from = |ranges: &str| m(&format!("path = \"/a\", sources = {ranges}"));
    assert!(two(&from("[\"10.0.0.0/8\"]"), &from("[\"11.0.0.0/8\", \"10.2.3.4/8\"]")));
    assert!(!two(&from("[\"10.0.0.0/8\"]"), &from("[\"10.1.0.0/16\"]")), "the narrower wins");
    assert!(!two(&from("[\"10.0.0.0/8\"]"), &from("[\"11.0.0.0/8\"]")));
    assert!(!two(&from("[\"10.0.0.0/8\"]"), &path("/a")));
}

#[test]
fn a_route_that_is_never_reached_is_reported_with_what_is_in_its_way() {
    // Each of these stands above `match = { path = "/a/{id}", methods = ["GET", "POST"] }`.
    let hidden = |above: &[&str], below: &str| {
        let mut text = String::from("[upstreams.u]\ntargets = [\"http://a\"]\n");
        for (n, route) in above.iter().chain([&below]).enumerate() {
            let priority = usize::from(n < above.len());
            text += &format!(
                "[[routes]]\nname = \"r{n}\"\nupstream = \"u\"\npriority = {priority}\nmatch = {{ {route} }}\n"
            );
        }
        let found = parse(&text).expect("it parses").validate();
        found.into_iter().map(|p| (p.path, p.other.expect("the other place"))).collect::<Vec<_>>()
    };
    let below = "path = \"/a/{id}\", methods = [\"GET\", \"POST\"], host = [\"x.test\", \"*.y.test\"]";
    let at = |place: &str, other: &str| vec![(format!("{place}.match"), format!("{other}.match"))];
    for above in [
        &["path = \"/{*rest}\""][..],
        &["path = \"/a/{*rest}\", methods = [\"GET\", \"POST\", \"PUT\"]"],
        &["path = \"/{x}/{y}\", host = [\"x.test\", \"*.test\"]"],
        &["path = \"/a/{x}\", sources = []"],
    ] {
        assert_eq!(hidden(above, below), at("routes[1]", "routes[0]"), "{above:?}");
    }
    // Several together.
    let both = ["path = \"/a/{id}\", methods = [\"GET\"]", "path = \"/{*all}\", methods = [\"POST\"]"];
    assert_eq!(hidden(&both, below), at("routes[2]", "routes[0]"));
    for above in [
        "path = \"/a/{id}/x\"",
        "path = \"/a/1\"",
        "path = \"/a/{id}\", methods = [\"GET\"]",
        "path = \"/a/{id}\", host = \"x.test\"",
        "path = \"/a/{id}\", headers = { v = \"*\" }",
        "path = \"/a/{id}\", query = { v = \"*\" }",
        "path = \"/a/{id}\", sources = [\"0.0.0.0/0\"]",
    ] {
        assert_eq!(hidden(&[above], below), [], "{above}");
    }
    let narrow = "path = \"/a/{*r}\", headers = { v = \"1\" }, sources = [\"10.1.0.0/16\"]";
    assert_eq!(hidden(&["path = \"/a/{*r}\", headers = { v = \"*\" }, sources = [\"10.0.0.0/8\"]"], narrow).len(), 1);
    assert_eq!(hidden(&["path = \"/a/{*r}\", headers = { v = \"2\" }"], narrow), []);
    assert_eq!(hidden(&["path = \"/a/{x}\""], narrow), [], "a prefix is not covered by one segment");
}

#[test]
fn thousands_of_routes_are_compared_in_time_that_grows_with_their_number() {
    let mut config = parse(DOCUMENTED).expect("it parses");
    for n in 0..5_000 {
        let mut route = RouteConfig::new(format!("r{n}"), "/{*rest}", "orders");
        match n % 3 {
            0 => route.matches.host = OneOrMany(vec![format!("h{n}.test")]),
            1 => drop(route.matches.headers.insert("x-tenant".into(), n.to_string())),
            _ => drop(route.matches.query.insert("tenant".into(), n.to_string())),
        }
        route.priority = n % 2;
        config.routes.push(route);
    }
    assert_eq!(config.validate(), []);
}

#[test]
fn what_is_wrong_with_choosing_and_checking_targets_is_reported() {
    let found = problems(
        r#"
        [upstreams.a]
        targets = [{ url = "http://a", zone = "" }]
        hash_by = { cookie = "a b" }
        hash_max_load = 99
        slow_start = "0s"
        check = { host = "h", interval = "1ms", timeout = "0s", healthy = 0 }
        eject = { consecutive = 0, window = "1ms", min_requests = 0, on = [], base_time = "10m" }
        sticky = { cookie = "__Host-lb", same_site = "none", path = "x;y", max_age = "10ms" }
        [upstreams.b]
        targets = ["http://b"]
        check = { path = "healthz", host = "", statuses = [200, 99] }
        sticky = { cookie = "__Host-lb", secure = true }
        [upstreams.c]
        targets = ["http://c"]
        sticky = { cookie = "__Host-portcullis_session" }
        "#,
    );
    let places: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        places,
        [
            "upstreams.a.targets[0].zone",
            "upstreams.a.hash_by",
            "upstreams.a.hash_max_load",
            "upstreams.a.slow_start",
            "upstreams.a.check",
            "upstreams.a.check.interval",
            "upstreams.a.check.timeout",
            "upstreams.a.check.healthy",
            "upstreams.a.eject",
            "upstreams.a.eject.window",
            "upstreams.a.eject.min_requests",
            "upstreams.a.eject.on",
            "upstreams.a.eject.max_time",
            "upstreams.a.sticky.cookie",
            "upstreams.a.sticky.same_site",
            "upstreams.a.sticky.path",
            "upstreams.a.sticky.max_age",
            "upstreams.b.check.path",
            "upstreams.b.check.host",
            "upstreams.b.check.statuses[1]",
            "upstreams.c.sticky.cookie",
            "upstreams.c.sticky.cookie",
            "upstreams.b.sticky.cookie",
        ]
    );
}

#[test]
fn bounds_of_the_server_are_checked() {
    let mut config = GatewayConfig::default();
    assert_eq!(config.validate(), []);
    config.http.head_timeout = Duration::from_secs(0);
    config.http.max_head = Size::from_bytes(10);
    config.http.max_streams = 0;
    let places: Vec<String> = config.validate().into_iter().map(|p| p.path).collect();
    assert_eq!(
        places,
        ["server.http.head_timeout", "server.http.max_head", "server.http.max_target", "server.http.max_streams"]
    );
}

#[test]
fn durations_and_sizes_need_a_unit() {
    for text in ["5", "", "s", "5 s", "-1s", "+1s", "1.5s", "5S", "99999999999999999999s", "40000d", "٣s"] {
        assert!(text.parse::<Duration>().is_err(), "{text}");
    }
    for text in ["5", "", "B", "5 MiB", "5MB", "5mib", "-5B", "99999999999GiB"] {
        assert!(text.parse::<Size>().is_err(), "{text}");
    }
    assert_eq!("15m".parse(), Ok(Duration::from_secs(900)));
    assert_eq!("64MiB".parse(), Ok(Size::from_mib(64)));
    assert_eq!(Duration::from_millis(1_500).to_string(), "1500ms");
    assert_eq!((Duration::default().to_string(), Size::default().to_string()), ("0s".into(), "0B".into()));
}

#[test]
fn a_configuration_survives_being_written_out() {
    let config = parse(DOCUMENTED).expect("it parses");
    let route = toml::to_string(&config.routes[0]).expect("it writes");
    assert_eq!(toml::from_str::<RouteConfig>(&route).expect("it parses"), config.routes[0]);
    let upstream = toml::to_string(&config.upstreams["orders"]).expect("it writes");
    assert_eq!(toml::from_str::<UpstreamConfig>(&upstream).expect("it parses"), config.upstreams["orders"]);
}

#[test]
fn the_schema_knows_every_setting() {
    let schema = serde_json::to_string(&schemars::schema_for!(RouteConfig)).expect("json");
    for word in ["strip_prefix", "forward_credentials", "sliding_window", "optional", "api_key", "max_body"] {
        assert!(schema.contains(word), "{word}");
    }
    let schema = serde_json::to_string(&schemars::schema_for!(UpstreamConfig)).expect("json");
    assert!(schema.contains("weight") && schema.contains("least_request"));
}

proptest! {
    #[test]
    fn durations_print_as_they_parse(millis in 0_u64..=3_000_000_000) {
        let duration = Duration::from_millis(millis);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }
    #[test]
    fn sizes_print_as_they_parse(bytes in 0_u64..=1 << 60) {
        let size = Size::from_bytes(bytes);
        prop_assert_eq!(size.to_string().parse(), Ok(size));
    }
}

#[test]
fn resilience_is_off_unless_asked_for_and_then_sensible() {
    let upstream = |settings: &str| {
        parse(&format!("[upstreams.u]\ntargets = [\"http://a\"]\n{settings}")).map(|c| c.upstreams["u"].clone())
    };
    let plain = upstream("").expect("it parses");
    assert_eq!((&plain.breaker, &plain.retries), (&None, &None));
    let asked = upstream("breaker = {}\nretries = { attempts = 3 }").expect("it parses");
    assert_eq!(asked.breaker, Some(BreakerConfig::default()));
    assert_eq!(asked.retries, Some(RetryConfig { attempts: 3, ..RetryConfig::default() }));
    let troubles = upstream("retries = { on = [\"5xx\", \"429\", \"connect\"] }").expect("it parses").retries;
    let text: Vec<String> = troubles.expect("retries").on.iter().map(ToString::to_string).collect();
    assert_eq!(text, ["5xx", "429", "connect"]);
    for wrong in ["on = [\"200\"]", "on = [\"6xx\"]", "budget = \"120%\"", "budget = 20", "tries = 2"] {
        assert!(upstream(&format!("retries = {{ {wrong} }}")).is_err(), "{wrong}");
    }
}

#[test]
fn resilience_that_cannot_work_is_refused() {
    let found = problems(
        "[upstreams.u]\ntargets = [\"http://a\"]\n\
         breaker = { window = \"1ms\", min_requests = 0, probes = 61, error_rate = \"0%\", open_for = \"0s\", on = [] }\n\
         retries = { attempts = 1, methods = [\"POST\"], max_body = \"1GiB\", backoff = \"2s\", per_try_timeout = \"0s\" }",
    );
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "upstreams.u.breaker.on",
            "upstreams.u.breaker.window",
            "upstreams.u.breaker.min_requests",
            "upstreams.u.breaker.probes",
            "upstreams.u.breaker.error_rate",
            "upstreams.u.breaker.open_for",
            "upstreams.u.retries.attempts",
            "upstreams.u.retries.methods[0]",
            "upstreams.u.retries.max_body",
            "upstreams.u.retries.max_backoff",
            "upstreams.u.retries.per_try_timeout",
        ]
    );
}

#[test]
fn a_fallback_is_one_thing_or_the_other() {
    let route = |fallback: &str| {
        problems(&format!(
            "[upstreams.u]\ntargets = [\"http://a\"]\n[[routes]]\nname = \"r\"\nmatch = {{ path = \"/\" }}\nupstream = \"u\"\n\
             fallback = {{ {fallback} }}"
        ))
        .into_iter()
        .map(|(path, _)| path)
        .collect::<Vec<_>>()
    };
    assert!(route("status = 200, body = \"[]\"").is_empty());
    assert!(route("upstream = \"u\"").is_empty());
    assert_eq!(route(""), ["routes[0].fallback"]);
    assert_eq!(route("upstream = \"u\", status = 200"), ["routes[0].fallback"]);
    assert_eq!(route("upstream = \"v\""), ["routes[0].fallback.upstream"]);
    assert_eq!(route("status = 100"), ["routes[0].fallback.status"]);
    assert_eq!(route("status = 204, body = \"x\""), ["routes[0].fallback.body"]);
    assert_eq!(
        route("status = 200, headers = { content-length = \"1\" }"),
        ["routes[0].fallback.headers.content-length"]
    );
    assert_eq!(route("status = 200, on = []"), ["routes[0].fallback.on"]);
    let found = problems(
        "[upstreams.u]\ntargets = [\"http://a\"]\nconcurrency = { max = 0, queue = 9000000, queue_timeout = \"0s\" }",
    );
    assert_eq!(found.len(), 3, "{found:?}");
}
