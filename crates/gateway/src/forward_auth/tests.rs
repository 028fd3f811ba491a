//! Which request a question is about.

use std::net::Ipv4Addr;

use http::{Request, request::Parts};
use proptest::prelude::*;

use super::{
    REQUEST,
    told::{self, Style},
};
use crate::transform::Client;

fn question(target: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::get(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

/// Style, method, target, host and whether it came over TLS.
fn read(target: &str, fields: &[(&str, &str)]) -> Result<(Style, String, bool), String> {
    let mut parts = question(target, fields);
    let client = Client { ip: Ipv4Addr::LOCALHOST.into(), secure: false };
    match told::read("/forward-auth", &mut parts, client) {
        Ok((client, style)) => {
            let host = parts.headers["host"].to_str().expect("text");
            Ok((style, format!("{} {host} {}", parts.method, parts.uri), client.secure))
        }
        Err(problem) => {
            assert_eq!(problem.kind, REQUEST);
            Err(problem.detail.expect("a detail").into_owned())
        }
    }
}

const FORWARDED: [(&str, &str); 5] = [
    ("host", "portcullis:8080"),
    ("x-forwarded-method", "DELETE"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "shop.test:8443"),
    ("x-forwarded-uri", "/orders/1?all=%20"),
];
const ORIGINAL: [(&str, &str); 3] = [
    ("host", "portcullis:8080"),
    ("x-original-method", "PUT"),
    ("x-original-url", "http://shop.test/orders?q=http://x/"),
];

/// The fields with another value for one of them.
fn with<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|field| if field.0 == name { (name, value) } else { *field }).collect()
}

#[test]
fn each_proxy_is_understood() {
    let asked = |target: &str, fields: &[(&str, &str)]| read(target, fields).expect("it is clear");
    assert_eq!(
        asked("/forward-auth", &FORWARDED),
        (Style::Forwarded, "DELETE shop.test:8443 /orders/1?all=%20".to_owned(), true)
    );
    assert_eq!(
        asked("/forward-auth", &ORIGINAL),
        (Style::Original, "PUT shop.test /orders?q=http://x/".to_owned(), false)
    );
    let envoy = [("host", "shop.test")];
    assert_eq!(
        asked("/forward-auth/orders?x=1", &envoy),
        (Style::Itself, "GET shop.test /orders?x=1".to_owned(), false)
    );
    assert_eq!(asked("/forward-auth/", &envoy).1, "GET shop.test /");
    assert_eq!(asked("http://shop.test/forward-auth/a", &[]).1, "GET shop.test /a");
    let agreed = [&ORIGINAL[..], &[("x-forwarded-proto", "http"), ("x-forwarded-host", "SHOP.test")]].concat();
    assert_eq!(asked("/forward-auth", &agreed).0, Style::Original);
    let socket = with(&FORWARDED, "x-forwarded-proto", "wss");
    assert!(asked("/forward-auth", &socket).2);
}

#[test]
fn what_could_be_another_request_is_refused() {
    let refused = |target: &str, fields: &[(&str, &str)]| {
        let asked = read(target, fields);
        assert!(asked.is_err(), "{target} {fields:?}: {asked:?}");
    };
    refused("/forward-auth", &[("host", "a")]);
    // Two ways at once: one of them is a client's.
    refused("/forward-auth", &[&FORWARDED[..], &ORIGINAL[1..]].concat());
    refused("/forward-auth", &[&FORWARDED[..], &[("x-original-method", "GET")]].concat());
    refused("/forward-auth/public", &FORWARDED);
    refused("/forward-auth/public", &ORIGINAL);
    // Twice, or not at all.
    for (name, value) in &FORWARDED[1..] {
        refused("/forward-auth", &[&FORWARDED[..], &[(*name, *value)]].concat());
        refused("/forward-auth", &FORWARDED.into_iter().filter(|field| field.0 != *name).collect::<Vec<_>>());
    }
    for (name, value) in &ORIGINAL[1..] {
        refused("/forward-auth", &[&ORIGINAL[..], &[(*name, *value)]].concat());
        refused("/forward-auth", &ORIGINAL.into_iter().filter(|field| field.0 != *name).collect::<Vec<_>>());
    }
    let targets = [
        "",
        "orders",
        "http://shop.test/orders",
        "//evil.test/x",
        "/a/../b",
        "/a/%2e%2E/b",
        "/./a",
        "/a//b",
        "/a/..",
        "/a#b",
        "/a b",
        "/a\"",
        "/a`",
        "/a\t",
        "*",
        "/forward-auth",
        "/forward-auth/x",
        "/forward-auth?x",
    ];
    for target in targets {
        refused("/forward-auth", &with(&FORWARDED, "x-forwarded-uri", target));
        let url = format!("http://shop.test{target}");
        refused("/forward-auth", &with(&ORIGINAL, "x-original-url", &url));
    }
    for (name, value) in [
        ("x-forwarded-method", "get"),
        ("x-forwarded-method", "GET /x"),
        ("x-forwarded-method", ""),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-proto", "ftp"),
        ("x-forwarded-host", "a.test, b.test"),
        ("x-forwarded-host", "user@a.test"),
        ("x-forwarded-host", ""),
    ] {
        refused("/forward-auth", &with(&FORWARDED, name, value));
    }
    for url in ["/orders", "shop.test/orders", "ftp://shop.test/", "http://", "http://shop.test", "http://u@shop.test/"]
    {
        refused("/forward-auth", &with(&ORIGINAL, "x-original-url", url));
    }
    refused("/forward-auth", &[&ORIGINAL[..], &[("x-forwarded-proto", "https")]].concat());
    refused("/forward-auth", &[&ORIGINAL[..], &[("x-forwarded-host", "other.test")]].concat());
    for below in ["/../livez", "/%2e%2e/livez", "//livez", "/a/../b", "/forward-auth/x"] {
        refused(&format!("/forward-auth{below}"), &[("host", "shop.test")]);
    }
    refused("/forward-auth/x", &[("host", "a.test"), ("host", "b.test")]);
    refused("http://a.test/forward-auth/x", &[("host", "b.test")]);
}

proptest! {
    /// Whatever a proxy is made to say: what is asked about is what was said, byte for byte, or nothing.
    #[test]
    fn what_is_understood_is_what_was_said(target in "/[ -~]{0,24}") {
        let fields = with(&FORWARDED, "x-forwarded-uri", &target);
        if let Ok((_, asked, _)) = read("/forward-auth", &fields) {
            prop_assert_eq!(asked, format!("DELETE shop.test:8443 {target}"));
        }
    }
}
