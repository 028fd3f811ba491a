use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use crate::route::{HostPattern, Matcher, PathPattern, Segment, index::Index};

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
    }
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
        index.find(host, path, &method.parse().expect("method"), &headers(fields))
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
        index.allowed("h", path, &headers(fields)).iter().map(Method::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(allowed("/a", &[]), "GET HEAD PUT");
    assert_eq!(allowed("/a", &[("x-admin", "1")]), "DELETE GET HEAD PUT");
    assert_eq!(allowed("/a/b", &[]), "");
}

/// The order of the documentation, one rule after the other, over all routes.
fn naive(rules: &[(Matcher, i32)], host: &str, path: &str, method: &Method, fields: &HeaderMap) -> Option<usize> {
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
    rules
        .iter()
        .enumerate()
        .filter(|(_, (m, _))| m.path.matches(path))
        .filter(|(_, (m, _))| {
            m.methods.is_empty()
                || m.methods.contains(method)
                || (*method == Method::HEAD && m.methods.contains(&Method::GET))
        })
        .filter(|(_, (m, _))| {
            m.headers.iter().all(|(n, v)| fields.get(n).is_some_and(|sent| v.as_ref().is_none_or(|v| v == sent)))
        })
        .filter_map(|(i, (m, priority))| {
            let host = m.hosts.iter().filter(|h| h.matches(host)).map(host_rank).max()?;
            Some((*priority, host, path_rank(&m.path), m.headers.len(), !m.methods.is_empty(), std::cmp::Reverse(i)))
        })
        .max()
        .map(|best| best.5.0)
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "c", ""]);
    (prop::collection::vec(segment, 1..4)).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn any_matcher() -> impl Strategy<Value = (Matcher, i32)> {
    let segment = prop::sample::select(vec!["a", "b", "c", "{x}", "{y}"]);
    let path = (prop::collection::vec(segment, 0..4), any::<bool>()).prop_map(|(segments, prefix)| {
        let mut path: String = segments.iter().map(|s| format!("/{s}")).collect();
        if prefix {
            path.push_str("/{*rest}");
        }
        if path.is_empty() { "/".to_owned() } else { path }
    });
    let hosts =
        prop::collection::vec(prop::sample::select(vec!["*", "x.test", "*.test", "*.x.test", "y.x.test"]), 1..3);
    let methods = prop::collection::vec(prop::sample::select(vec!["GET", "POST", "PUT"]), 0..3);
    let header = prop::option::of(prop::sample::select(vec![("v", "1"), ("v", "*"), ("w", "1")]));
    (path, hosts, methods, header, 0..3).prop_map(|(path, hosts, methods, header, priority)| {
        let mut made = matcher("*", &path, &methods, header);
        made.hosts = hosts.iter().map(|h| h.parse().expect("host")).collect();
        (made, priority)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_index_agrees_with_the_naive_matcher(
        rules in prop::collection::vec(any_matcher(), 0..24),
        requests in prop::collection::vec((
            prop::sample::select(vec!["x.test", "y.x.test", "z.x.test", "other", ".test"]),
            any_path(),
            prop::sample::select(vec![Method::GET, Method::HEAD, Method::POST, Method::DELETE]),
            prop::sample::select(vec![vec![], vec![("v", "1")], vec![("v", "2"), ("w", "1")]]),
        ), 1..16),
    ) {
        let index = Index::new(rules.clone());
        for (host, path, method, fields) in requests {
            let fields = headers(&fields);
            prop_assert_eq!(
                index.find(host, &path, &method, &fields),
                naive(&rules, host, &path, &method, &fields),
                "{} {}{}", method, host, path
            );
        }
    }
}
