use http::{HeaderMap, HeaderValue, Method};
use kernel::{TenantId, edge::Tenant};

use super::*;

fn compile(text: &str) -> (Cors, Vec<String>) {
    let config: CorsConfig = toml::from_str(text).expect("it parses");
    let mut findings = Findings::default();
    let cors = Cors::compile(&config, "c", &[], &mut findings);
    (cors, findings.into_problems().into_iter().map(|p| p.path).collect())
}

fn allowed(cors: &Cors, origin: &str) -> Option<String> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("a value"));
    let mut answer = HeaderMap::new();
    let tenant = Tenant {
        id: TenantId::from_uuid(uuid::Uuid::from_u128(7)),
        slug: "acme".into(),
        name: "Acme".into(),
        hosts: vec!["acme.test".into()],
        issuer: "https://acme.test".into(),
        suspended: false,
    };
    cors.judge(&headers, Some(&tenant)).write(&mut answer);
    answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|v| v.to_str().expect("text").to_owned())
}

#[test]
fn only_the_listed_origins_are_allowed() {
    let (cors, problems) = compile(
        "origins = ['https://app.example.com', 'https://*.example.org', 'http://*.dev.test:3000']\ntenant_hosts = true",
    );
    assert!(problems.is_empty(), "{problems:?}");
    for origin in [
        "https://app.example.com",
        "https://a.example.org",
        "https://a.b.example.org",
        "http://x.dev.test:3000",
        "https://acme.test",
        "https://acme.test:8443",
    ] {
        assert_eq!(allowed(&cors, origin).as_deref(), Some(origin));
    }
    for origin in [
        "null",
        "*",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.test",
        "https://evilapp.example.com",
        "https://example.org",
        "https://.example.org",
        "https://evil.test/.example.org",
        "https://evil.test?.example.org",
        "https://a@x.example.org",
        "https://evilexample.org",
        "http://a.example.org",
        "https://x.dev.test:3000",
        "http://acme.test",
        "https://other.test",
    ] {
        assert_eq!(allowed(&cors, origin), None, "{origin}");
    }
}

#[test]
fn a_star_is_everybody_without_cookies() {
    let (cors, _) = compile("origins = ['*']");
    assert_eq!(allowed(&cors, "https://anybody.test").as_deref(), Some("*"));
    assert_eq!(allowed(&cors, "null").as_deref(), Some("*"));
    assert_eq!(compile("origins = ['*']\ncredentials = true").1, ["c.credentials"]);
}

#[test]
fn mistakes_are_found_at_load() {
    let (_, places) = compile(
        "origins = ['app.example.com', 'https://App.example.com', 'https://a.test/', 'https://a.test:443', 'https://*', 'ftp://a', 'https://a.*.test', 'null']\n\
         methods = ['get']\nheaders = ['*']\nexpose = ['a b']",
    );
    let origins: Vec<String> = (0..8).map(|i| format!("c.origins[{i}]")).collect();
    assert_eq!(places[..8], origins);
    assert_eq!(places[8..], ["c.methods[0]", "c.headers[0]", "c.expose[0]"]);
    assert_eq!(compile("").1, ["c.origins"]);
}

#[test]
fn a_preflight_is_told_what_it_may_do_next() {
    let (cors, _) = compile("origins = ['https://a.test']\nmethods = ['GET', 'PUT']\nheaders = ['X-One', 'X-Two']");
    let ask = |origin: &'static str, method: Method, fields: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static(fields));
        cors.preflight(&method, &headers, None).map(|r| r.status().as_u16()).map_err(|p| p.status())
    };
    assert_eq!(ask("https://a.test", Method::PUT, "x-one, X-Two"), Ok(204));
    assert_eq!(ask("https://a.test", Method::HEAD, ""), Ok(204));
    assert_eq!(ask("https://b.test", Method::PUT, ""), Err(403));
    assert_eq!(ask("https://a.test", Method::DELETE, ""), Err(403));
    assert_eq!(ask("https://a.test", Method::GET, "x-three"), Err(403));
    assert_eq!(ask("https://a.test", Method::GET, "a b"), Err(403));
}
