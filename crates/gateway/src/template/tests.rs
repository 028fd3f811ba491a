use http::{HeaderMap, HeaderValue, Method};
use kernel::{TenantId, edge::Tenant};
use proptest::prelude::*;

use super::*;
use crate::route::PathPattern;

fn tenant() -> Tenant {
    Tenant {
        id: TenantId::from_uuid(uuid::Uuid::from_u128(7)),
        slug: "acme".into(),
        name: "Acme".into(),
        hosts: Vec::new(),
        issuer: "https://acme.test".into(),
        suspended: false,
    }
}

fn pattern(text: &str) -> PathPattern {
    text.parse().expect("a pattern")
}

fn fill(template: &str, place: Place, path: &str, query: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let route = pattern("/a/{id}/{*rest}");
    let scope = Scope { path: &route, rest: Some("rest"), caller: false, body: false };
    let tenant = tenant();
    scope.parse(template).expect("a template").fill(
        place,
        &Facts {
            path,
            query,
            headers,
            method: &Method::GET,
            host: "api.test",
            client_ip: "192.0.2.1".parse().expect("an address"),
            request_id: "r-1",
            route: "orders",
            tenant: &tenant,
            principal: None,
            body: None,
        },
    )
}

#[test]
fn values_are_filled_in() {
    let mut headers = HeaderMap::new();
    headers.insert("x-client", HeaderValue::from_static("web"));
    let fill = |template| fill(template, Place::Text, "/a/b%20c/d/e", Some("q=1%2B1&q=2&empty"), &headers);
    for (template, expected) in [
        ("plain", "plain"),
        ("{{{path.id}}}", "{b c}"),
        ("{path.rest}", "d/e"),
        ("{query.q}/{query.empty}", "1+1/"),
        ("{header.x-client} {tenant} {tenant.id}", "web acme 00000000-0000-0000-0000-000000000007"),
        ("{request_id} {client_ip} {host} {method} {route}", "r-1 192.0.2.1 api.test GET orders"),
    ] {
        assert_eq!(fill(template).as_deref(), Some(expected), "{template}");
    }
    for missing in ["{header.x-other}", "{query.other}", "{user.id}", "{user.roles}", "x{user.scopes}"] {
        assert_eq!(fill(missing), None, "{missing}");
    }
}

#[test]
fn values_are_escaped_for_their_place() {
    let headers = HeaderMap::new();
    let fill = |place, path| fill("{path.id}|{query.q}", place, path, Some("q=a%0D%0Ab/..%3F%26c=%C3%A4"), &headers);
    assert_eq!(fill(Place::Path, "/a/x%3By").as_deref(), Some("x%3By|a%0D%0Ab%2F..%3F%26c%3D%C3%A4"));
    assert_eq!(fill(Place::Query, "/a/x%26y").as_deref(), Some("x%26y%7Ca%0D%0Ab%2F..%3F%26c%3D%C3%A4"));
    assert_eq!(fill(Place::Header, "/a/x%20y").as_deref(), Some("x y|a%0D%0Ab/..?&c=%C3%A4"));
    assert_eq!(fill(Place::Text, "/a/x").as_deref(), Some("x|a\r\nb/..?&c=ä"));
}

#[test]
fn what_is_no_template_is_refused_at_load() {
    let route = pattern("/a/{id}");
    let scope = Scope { path: &route, rest: None, caller: false, body: false };
    for text in ["{", "}", "{path.id", "a}b", "{path.other}", "{path.rest}", "{nothing}", "{user.email}", "{body./a}"] {
        assert!(scope.parse(text).is_err(), "{text}");
    }
    for name in ["X-Portcullis-User", "x_portcullis_user", "X-Forwarded-For", "Connection", "X-Request-Id"] {
        let error = scope.parse(&format!("{{header.{name}}}")).expect_err("a client could forge it");
        assert!(matches!(error, InvalidTemplate::Forgeable(_)), "{error}");
    }
    assert_eq!(scope.parse("a\r\nb"), Err(InvalidTemplate::Control));
    for uncertain in ["/{header.x}", "/{query.x}", "/{user.id}", "/{user.roles}"] {
        assert!(matches!(scope.parse_certain(uncertain), Err(InvalidTemplate::Uncertain(_))), "{uncertain}");
    }
    let known = Scope { caller: true, ..scope };
    assert!(known.parse_certain("/{user.id}/{tenant}/{path.id}").is_ok());
}

proptest! {
    #[test]
    fn no_value_ends_a_header_line(value in "\\PC*|(\r|\n|\0|.)*") {
        let query = format!("q={}", percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC));
        let text = fill("{query.q}", Place::Header, "/a/b", Some(&query), &HeaderMap::new()).expect("it is there");
        prop_assert!(HeaderValue::from_str(&text).is_ok());
    }
    #[test]
    fn no_value_leaves_its_segment(value in ".*") {
        let query = format!("q={}", percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC));
        for place in [Place::Path, Place::Query] {
            let text = fill("{query.q}", place, "/a/b", Some(&query), &HeaderMap::new()).expect("it is there");
            prop_assert!(!text.contains(['/', '?', '#', '&', '=', ' ']), "{}", text);
        }
    }
}
