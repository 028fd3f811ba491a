use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kernel::principal::Network;
use proptest::prelude::*;

use crate::route::{Asked, HostPattern, Index, Matcher, PathPattern, Segment, query};

const SOMEBODY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

fn matcher(host: &str, path: &str, methods: &[&str], header: Option<(&str, &str)>) -> Matcher {
    Matcher {
        hosts: vec![host.parse().expect(host)],
        path: path.parse().expect(path),
        methods: methods.iter().map(|m| m.parse().expect("method")).collect(),
        headers: header
            .into_iter()
            .map(|(name, value)| {
                let value = (value != "*").then(|| value.parse::<HeaderValue>().expect("value"));
                (name.parse::<HeaderName>().expect("name"), value)
            })
            .collect(),
        query: Vec::new(),
        sources: Vec::new(),
    }
}

/// A plain question, without query.
fn asked<'a>(host: &'a str, path: &'a str, method: &'a Method, headers: &'a HeaderMap) -> Asked<'a> {
    Asked { host, path, query: None, method, headers, client: SOMEBODY }
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
}

#[test]
fn the_most_specific_route_wins() {
    let index = Index::new([
        (matcher("*", "/{*rest}", &[], None), 0),                        // 0
        (matcher("*", "/orders/{*rest}", &[], None), 0),                 // 1
        (matcher("*", "/orders/{id}", &[], None), 0),                    // 2
        (matcher("*", "/orders/new", &[], None), 0),                     // 3
        (matcher("*", "/orders/new", &["POST"], None), 0),               // 4
        (matcher("*", "/orders/new", &[], Some(("x-version", "2"))), 0), // 5
        (matcher("*.example.com", "/{*rest}", &[], None), 0),            // 6
        (matcher("*.eu.example.com", "/{*rest}", &[], None), 0),         // 7
        (matcher("api.example.com", "/{*rest}", &[], None), 0),          // 8
        (matcher("*", "/orders/{id}/items/{*rest}", &["GET"], None), 0), // 9
        (matcher("*", "/admin/{*rest}", &[], None), 10),                 // 10
        (matcher("*", "/admin/public", &[], None), 0),                   // 11
    ]);
    let find = |host, path, method: &str, fields: &[(&'static str, &'static str)]| {
        index.find(&asked(host, path, &method.parse().expect("method"), &headers(fields)))
    };
    assert_eq!(find("a.test", "/x", "GET", &[]), Some(0));
    assert_eq!(find("a.test", "/", "GET", &[]), Some(0));
    assert_eq!(find("a.test", "/orders", "GET", &[]), Some(1));
    assert_eq!(find("a.test", "/orders/", "GET", &[]), Some(1));
    assert_eq!(find("a.test", "/orders/7", "GET", &[]), Some(2));
    assert_eq!(find("a.test", "/orders/7/x", "GET", &[]), Some(1));
    assert_eq!(find("a.test", "/orders/new", "GET", &[]), Some(3));
    assert_eq!(find("a.test", "/orders/new", "POST", &[]), Some(4));
    assert_eq!(find("a.test", "/orders/new", "POST", &[("x-version", "2")]), Some(5));
    assert_eq!(find("a.test", "/orders/new", "POST", &[("x-version", "3")]), Some(4));
    assert_eq!(find("example.com", "/orders/7", "GET", &[]), Some(2));
    assert_eq!(find("www.example.com", "/orders/7", "GET", &[]), Some(6));
    assert_eq!(find("a.eu.example.com", "/", "GET", &[]), Some(7));
    assert_eq!(find("api.example.com", "/orders/7", "GET", &[]), Some(8));
    assert_eq!(find("a.test", "/orders/7/items/1", "GET", &[]), Some(9));
    assert_eq!(find("a.test", "/orders/7/items/1", "HEAD", &[]), Some(9), "GET includes HEAD");
    assert_eq!(find("a.test", "/orders/7/items/1", "PUT", &[]), Some(1), "back to the less specific");
    assert_eq!(find("a.test", "/admin/public", "GET", &[]), Some(10), "priority comes before everything");
    assert_eq!(find("www.example.com", "/admin/public", "GET", &[]), Some(10));
}

#[test]
fn what_would_be_allowed_is_known() {
    let index = Index::new([
        (matcher("*", "/a", &["GET"], None), 0),
        (matcher("*", "/{x}", &["PUT", "GET"], None), 0),
        (matcher("*", "/a", &["DELETE"], Some(("x-admin", "*"))), 0),
    ]);
    let allowed = |path, fields: &[(&'static str, &'static str)]| {
        let fields = headers(fields);
        index
            .allowed(&asked("h", path, &Method::PATCH, &fields))
            .iter()
            .map(Method::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(allowed("/a", &[]), "GET HEAD PUT");
    assert_eq!(allowed("/a", &[("x-admin", "1")]), "DELETE GET HEAD PUT");
    assert_eq!(allowed("/a/b", &[]), "");
}

#[test]
fn query_and_source_decide_between_routes_of_one_path() {
    let with = |query: &[(&str, Option<&str>)], sources: &[&str], methods: &[&str]| Matcher {
        query: query.iter().map(|(name, value)| ((*name).into(), value.map(Into::into))).collect(),
        sources: sources.iter().map(|s| s.parse().expect("range")).collect(),
        ..matcher("*", "/a", methods, None)
    };
    let index = Index::new([
        (with(&[], &[], &[]), 0),                              // 0
        (with(&[("v", Some("2"))], &[], &[]), 0),              // 1
        (with(&[("v", None), ("debug", None)], &[], &[]), 0),  // 2
        (with(&[], &["10.0.0.0/8", "2001:db8::/32"], &[]), 0), // 3
        (with(&[], &["10.1.0.0/16"], &[]), 0),                 // 4
        (with(&[("v", Some("2"))], &["10.0.0.0/8"], &[]), 0),  // 5
        (with(&[("q", Some("a b&c"))], &[], &["GET"]), 0),     // 6
        (with(&[("v", Some("0"))], &[], &["DELETE"]), 9),      // 7
        (with(&[("v", Some(""))], &[], &["DELETE"]), 9),       // 8
    ]);
    let none = HeaderMap::new();
    let find = |query, client: &str, method: &Method| {
        let client = client.parse().expect("an address");
        index.find(&Asked { host: "h", path: "/a", query, method, headers: &none, client })
    };
    let get = |query, client| find(query, client, &Method::GET);
    assert_eq!(get(None, "192.0.2.7"), Some(0));
    assert_eq!(get(Some("v=2"), "192.0.2.7"), Some(1));
    assert_eq!(get(Some("x=1&v=2"), "192.0.2.7"), Some(1));
    assert_eq!(get(Some("v=1&v=2"), "192.0.2.7"), Some(1), "one of several values is enough");
    assert_eq!(get(Some("%76=%32"), "192.0.2.7"), Some(1), "another spelling is the same parameter");
    assert_eq!(get(Some("v=22"), "192.0.2.7"), Some(0));
    assert_eq!(get(Some("v=2&debug"), "192.0.2.7"), Some(2), "two conditions before one");
    assert_eq!(get(Some("q=a+b%26c"), "192.0.2.7"), Some(6));
    assert_eq!(get(None, "10.2.0.1"), Some(3));
    assert_eq!(get(None, "10.1.0.1"), Some(4), "the narrower range");
    assert_eq!(get(None, "::ffff:10.1.0.1"), Some(4), "whatever the spelling of the address");
    assert_eq!(get(None, "2001:db8::1"), Some(3));
    assert_eq!(get(None, "2001:db9::1"), Some(0));
    assert_eq!(get(Some("v=2"), "10.1.0.1"), Some(5));
    assert_eq!(find(Some("v=0"), "192.0.2.7", &Method::DELETE), Some(7));
    assert_eq!(find(Some("v"), "192.0.2.7", &Method::DELETE), Some(8), "a name alone has an empty value");
}

#[test]
fn broken_escapes_stand_for_themselves() {
    for (query, name, value, expected) in [
        ("a=%", "a", "%", true),
        ("a=%4", "a", "%4", true),
        ("a=%zz", "a", "%zz", true),
        ("a=%41", "a", "A", true),
        ("a=b=c", "a", "b=c", true),
        ("&&a=1&", "a", "1", true),
        ("a=%c3%a9", "a", "é", true),
        ("=1", "a", "1", false),
        ("", "a", "", false),
    ] {
        assert_eq!(query::has(Some(query), name, Some(value)), expected, "{query}");
    }
}

/// So many routes of every shape: on hosts, paths, and told apart by one condition alone.
fn table(count: usize) -> Index {
    let shapes = (0..count).map(|n| match n % 6 {
        0 => matcher(&format!("h{n}.test"), "/{*rest}", &[], None),
        1 => matcher("*", &format!("/s{n}/{{id}}/x"), &["GET"], None),
        2 => matcher(&format!("*.d{n}.test"), "/a/{*rest}", &[], None),
        3 => matcher("*", "/one", &[], Some(("x-tenant", &n.to_string()))),
        4 => Matcher { query: vec![("v".into(), Some(n.to_string().into()))], ..matcher("*", "/one", &[], None) },
        _ => Matcher {
            sources: vec![format!("10.{}.{}.0/24", n / 256, n % 256).parse().expect("range")],
            ..matcher("*", "/one", &[], None)
        },
    });
    Index::new(shapes.map(|matcher| (matcher, 0)))
}

#[test]
fn five_thousand_routes_cost_what_sixty_do() {
    let (few, many) = (table(60), table(5_000));
    let fields = headers(&[("x-tenant", "33")]);
    let none = HeaderMap::new();
    let from = |client: &str| client.parse::<IpAddr>().expect("an address");
    let ask = |host, path, query, headers, client: &str| Asked {
        host,
        path,
        query,
        method: &Method::GET,
        headers,
        client: from(client),
    };
    for (asked, found) in [
        (ask("h30.test", "/x/y", None, &none, "192.0.2.7"), Some(30)),
        (ask("h", "/s31/7/x", None, &none, "192.0.2.7"), Some(31)),
        (ask("w.d32.test", "/a/b", None, &none, "192.0.2.7"), Some(32)),
        (ask("h", "/one", None, &fields, "192.0.2.7"), Some(33)),
        (ask("h", "/one", Some("v=34"), &none, "192.0.2.7"), Some(34)),
        (ask("h", "/one", None, &none, "10.0.35.9"), Some(35)),
        (ask("h", "/one", None, &none, "192.0.2.7"), None),
        (ask("h", "/nothing/here", None, &none, "192.0.2.7"), None),
    ] {
        let (mut small, mut large) = (0, 0);
        assert_eq!(few.search(&asked, &mut small), found, "{asked:?}");
        assert_eq!(many.search(&asked, &mut large), found, "{asked:?}");
        assert_eq!(small, large, "{asked:?}");
        assert!(large < 24, "{large} steps for {asked:?}");
    }
}

/// The order of the documentation, one rule after the other, over all routes.
fn naive(rules: &[(Matcher, i32)], asked: &Asked<'_>) -> Option<usize> {
    let host_rank = |pattern: &HostPattern| match pattern {
        HostPattern::Any => 0,
        HostPattern::Below(suffix) => 1 + suffix.len(),
        HostPattern::Exact(_) => usize::MAX,
    };
    let path_rank = |pattern: &PathPattern| {
        let mut rank: Vec<u8> =
            pattern.segments.iter().map(|s| if matches!(s, Segment::Literal(_)) { 3 } else { 2 }).collect();
        rank.push(u8::from(!pattern.prefix));
        rank
    };
    let wide = |network: &Network| network.prefix() + if network.address().is_ipv4() { 96 } else { 0 };
    let sent = |name: &str, value: Option<&str>| {
        let mut pairs = asked.query.unwrap_or("").split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.any(|(n, v)| n == name && value.is_none_or(|value| value == v))
    };
    rules
        .iter()
        .enumerate()
        .filter(|(_, (m, _))| m.path.matches(asked.path))
        .filter(|(_, (m, _))| {
            m.methods.is_empty()
                || m.methods.contains(asked.method)
                || (*asked.method == Method::HEAD && m.methods.contains(&Method::GET))
        })
        .filter(|(_, (m, _))| {
            m.headers.iter().all(|(n, v)| asked.headers.get(n).is_some_and(|sent| v.as_ref().is_none_or(|v| v == sent)))
        })
        .filter(|(_, (m, _))| m.query.iter().all(|(n, v)| sent(n, v.as_deref())))
        .filter(|(_, (m, _))| m.sources.is_empty() || m.sources.iter().any(|s| s.contains(asked.client)))
        .filter_map(|(i, (m, priority))| {
            let host = m.hosts.iter().filter(|h| h.matches(asked.host)).map(host_rank).max()?;
            let conditions = m.headers.len() + m.query.len() + usize::from(!m.sources.is_empty());
            let narrow = m.sources.iter().map(wide).min().unwrap_or(0);
            let specific = (conditions, narrow, !m.methods.is_empty());
            Some((*priority, host, path_rank(&m.path), specific, std::cmp::Reverse(i)))
        })
        .max()
        .map(|best| best.4.0)
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", ""]);
    (prop::collection::vec(segment, 1..3)).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn any_matcher() -> impl Strategy<Value = (Matcher, i32)> {
    // Few paths, so that many rules share one and are filed by their conditions.
    let segment = prop::sample::select(vec!["a", "b", "{x}"]);
    let path = (prop::collection::vec(segment, 0..3), any::<bool>()).prop_map(|(segments, prefix)| {
        let mut path: String = segments.iter().map(|s| format!("/{s}")).collect();
        if prefix {
            path.push_str("/{*rest}");
        }
        if path.is_empty() { "/".to_owned() } else { path }
    });
    let hosts =
        prop::collection::vec(prop::sample::select(vec!["*", "*", "x.test", "*.test", "*.x.test", "y.x.test"]), 1..3);
    let methods = prop::collection::vec(prop::sample::select(vec!["GET", "POST", "PUT"]), 0..3);
    let header = prop::option::of(prop::sample::select(vec![("v", "1"), ("v", "2"), ("v", "*"), ("w", "1")]));
    let query = prop::sample::select(vec![
        vec![],
        vec![],
        vec![("q", Some("1"))],
        vec![("q", Some("2"))],
        vec![("q", None), ("r", Some("1"))],
    ]);
    let ranges = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32"];
    let sources = prop::collection::vec(prop::sample::select(ranges.to_vec()), 0..3);
    (path, hosts, methods, header, query, sources, 0..3).prop_map(
        |(path, hosts, methods, header, query, sources, priority)| {
            let mut made = matcher("*", &path, &methods, header);
            made.hosts = hosts.iter().map(|h| h.parse().expect("host")).collect();
            made.query = query.iter().map(|(name, value)| ((*name).into(), value.map(Into::into))).collect();
            made.sources = sources.iter().map(|s| s.parse().expect("range")).collect();
            (made, priority)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_index_agrees_with_the_naive_matcher(
        rules in prop::collection::vec(any_matcher(), 0..64),
        requests in prop::collection::vec((
            prop::sample::select(vec!["x.test", "y.x.test", "z.x.test", "other", ".test"]),
            any_path(),
            prop::sample::select(vec![None, Some("q=1"), Some("q=2&q=1"), Some("q=3&r=1")]),
            prop::sample::select(vec![Method::GET, Method::HEAD, Method::POST, Method::DELETE]),
            prop::sample::select(vec![vec![], vec![("v", "1")], vec![("v", "2"), ("w", "1")]]),
            prop::sample::select(vec!["10.1.2.3", "10.2.2.2", "192.0.2.1", "2001:db8::1", "::1"]),
        ), 1..16),
    ) {
        let index = Index::new(rules.clone());
        for (host, path, query, method, fields, client) in requests {
            let headers = headers(&fields);
            let client = client.parse().expect("an address");
            let asked = Asked { host, path: &path, query, method: &method, headers: &headers, client };
            prop_assert_eq!(index.find(&asked), naive(&rules, &asked), "{:?}", asked);
        }
    }

    /// What is said to be unreachable is never found.
    #[test]
    fn an_overshadowed_route_is_never_found(
        rules in prop::collection::vec(any_matcher(), 2..12),
        host in prop::sample::select(vec!["x.test", "y.x.test", "z.x.test", "other"]),
        path in any_path(),
        query in prop::sample::select(vec![None, Some("q=1"), Some("q=3&r=1")]),
        method in prop::sample::select(vec![Method::GET, Method::HEAD, Method::POST, Method::DELETE]),
        fields in prop::sample::select(vec![vec![], vec![("v", "1")], vec![("v", "2"), ("w", "1")]]),
        client in prop::sample::select(vec!["10.1.2.3", "192.0.2.1", "2001:db8::1"]),
    ) {
        let index = Index::new(rules.clone());
        let headers = headers(&fields);
        let client = client.parse().expect("an address");
        let asked = Asked { host, path: &path, query, method: &method, headers: &headers, client };
        if let Some(found) = index.find(&asked) {
            let (matcher, _) = &rules[found];
            let methods: Vec<Option<&Method>> =
                if matcher.methods.is_empty() { vec![None] } else { matcher.methods.iter().map(Some).collect() };
            let reachable = matcher
                .hosts
                .iter()
                .any(|host| methods.iter().any(|method| index.overshadows(found, host, *method).is_none()));
            prop_assert!(reachable, "{:?} finds {}", asked, found);
        }
    }
}

#[test]
fn what_is_taken_from_another_route_is_known_beforehand() {
    let paths =
        ["/{*rest}", "/ui/{*rest}", "/ui", "/ui/", "/ui/a", "/{x}/a", "/ui/{x}", "/{x}", "/{x}/{*rest}", "/api/a"];
    let hosts = ["*", "*.test", "*.a.test", "b.a.test"];
    let conditions: [(&[&str], _); 4] = [(&[], None), (&["GET"], None), (&["POST"], None), (&[], Some(("x-a", "1")))];
    let mut rules = Vec::new();
    for path in paths {
        for host in hosts {
            for (methods, header) in conditions {
                rules.extend([0, 1].map(|priority| (matcher(host, path, methods, header), priority)));
            }
        }
    }
    let fields = [headers(&[]), headers(&[("x-a", "1")])];
    let mut questions = Vec::new();
    for host in ["c", "c.test", "c.a.test", "b.a.test"] {
        for path in ["/", "/ui", "/ui/", "/ui/a", "/ui/b", "/ui/a/b", "/c", "/c/a", "/c/d", "/api/a"] {
            for method in [&Method::GET, &Method::POST] {
                questions.extend(fields.iter().map(|fields| asked(host, path, method, fields)));
            }
        }
    }
    let fits = |matcher: &Matcher, asked: &Asked<'_>| {
        matcher.hosts[0].matches(asked.host) && matcher.path.matches(asked.path) && matcher.takes(asked)
    };
    let ours: Vec<_> =
        rules.iter().filter(|(ours, priority)| ours.hosts == [HostPattern::Any] && *priority == 0).collect();
    for (made, priority) in &rules {
        for (ours, _) in &ours {
            let index = Index::new([(ours.clone(), 0), (made.clone(), *priority)]);
            let taken = questions.iter().find(|asked| index.find(asked) == Some(1) && fits(ours, asked));
            assert_eq!(made.takes_from(*priority, ours, 0), taken.is_some(), "{made:?} {priority} {ours:?} {taken:?}");
        }
    }
}
