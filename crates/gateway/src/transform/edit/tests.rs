use http::{HeaderMap, Method};
use kernel::{TenantId, edge::Tenant};
use proptest::prelude::*;

use super::*;
use crate::route::PathPattern;

fn compile(text: &str) -> (RequestEdits, Vec<String>) {
    let config: RequestEditsConfig = toml::from_str(text).expect("it parses");
    let path: PathPattern = "/a/{id}/{*rest}".parse().expect("a pattern");
    let scope = Scope { path: &path, rest: Some("rest"), caller: false, body: false };
    let mut findings = Findings::default();
    let edits = RequestEdits::compile(&config, "r", &scope, false, &mut findings);
    (edits, findings.into_problems().into_iter().map(|p| p.path).collect())
}

fn target(text: &str, path: &str, query: Option<&str>) -> Result<String, &'static str> {
    let (edits, problems) = compile(text);
    assert!(problems.is_empty(), "{problems:?}");
    let tenant = Tenant {
        id: TenantId::from_uuid(uuid::Uuid::from_u128(7)),
        slug: "acme".into(),
        name: "Acme".into(),
        hosts: Vec::new(),
        issuer: "https://acme.test".into(),
        suspended: false,
    };
    let facts = Facts {
        path,
        query,
        headers: &HeaderMap::new(),
        method: &Method::GET,
        host: "api.test",
        client_ip: "192.0.2.1".parse().expect("an address"),
        request_id: "r-1",
        route: "orders",
        tenant: &tenant,
        principal: None,
        body: None,
    };
    edits.fill(&facts).map(|f| f.target.expect("it changes").to_string()).map_err(|problem| problem.kind.code)
}

#[test]
fn paths_are_rewritten_and_stay_paths() {
    let path = |template: &str, path| target(&format!("path = '{template}'"), path, Some("q=1"));
    assert_eq!(path("/v2/{tenant}/{path.id}", "/a/x%3By").as_deref(), Ok("/v2/acme/x%3By?q=1"));
    assert_eq!(path("/{path.rest}", "/a/x/b/c").as_deref(), Ok("/b/c?q=1"));
    assert_eq!(path("/x/{path.rest}", "/a/x").as_deref(), Ok("/x/?q=1"), "nothing is left of the rest");
    // Two harmless halves do not make a way up.
    assert_eq!(path("/x/y/.{path.id}", "/a/.").as_deref(), Ok("/x/?q=1"), "and what they make is seen through");
    assert_eq!(path("/x/..{path.id}", "/a/;x"), Err("request.path"));
}

#[test]
fn queries_change_and_the_rest_stays_as_it_was() {
    let edits = "query = { remove = ['debug'], rename = { old = 'new' }, set = { tenant = '{tenant}', who = '{user.id}' }, add = { tag = 'a b' } }";
    let query = |query| target(edits, "/a/x", Some(query));
    assert_eq!(query("a=%2f+1&debug&b&b=2").as_deref(), Ok("/a/x?a=%2f+1&b&b=2&tenant=acme&tag=a%20b"));
    // Every spelling of a name is that name, and what is missing cannot be sent instead.
    assert_eq!(
        query("deb%75g=1&tenant=evil&ten%61nt=evil&who=me&new=x&old=1&old=2").as_deref(),
        Ok("/a/x?new=1&new=2&tenant=acme&tag=a%20b")
    );
    assert_eq!(target("query.remove = ['x']", "/a/x", Some("x=1")).as_deref(), Ok("/a/x"));
}

#[test]
fn mistakes_are_found_at_load() {
    let (_, places) = compile(
        "path = 'x/{header.y}'\n\
         headers.remove = ['Host', 'a b', 'Content-Length']\n\
         headers.rename = { X-A = 'X-Portcullis-User', Connection = 'X-B' }\n\
         headers.set = { 'X-Forwarded-For' = '1', X-C = '{nobody}', X_Request_Id = '1', X-D = \"a\\nb\" }\n\
         headers.add = { Transfer-Encoding = 'chunked' }\n\
         query.set = { a = '{b}' }\n",
    );
    assert_eq!(
        places,
        [
            "r.path",
            "r.path",
            "r.headers.remove[0]",
            "r.headers.remove[1]",
            "r.headers.remove[2]",
            "r.headers.rename.Connection",
            "r.headers.rename.X-A",
            "r.headers.set.X-Forwarded-For",
            "r.headers.set.X_Request_Id",
            "r.headers.add.Transfer-Encoding",
            "r.headers.set.X-C",
            "r.headers.set.X-D",
            "r.query.set.a",
        ]
    );
}

#[test]
fn statuses_without_a_body_stay() {
    let path: PathPattern = "/".parse().expect("a pattern");
    let scope = Scope { path: &path, rest: None, caller: false, body: false };
    for (status, count) in
        [("{ 404 = 410, 500 = 503 }", 0), ("{ 204 = 200 }", 1), ("{ 200 = 304, x = 200, 101 = 200 }", 3)]
    {
        let config: ResponseEditsConfig = toml::from_str(&format!("status = {status}")).expect("it parses");
        let mut findings = Findings::default();
        ResponseEdits::compile(&config, "r", &scope, &mut findings);
        assert_eq!(findings.into_problems().len(), count, "{status}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_in_a_target_or_a_refusal_goes_out(id in "[^/?# ]{1,12}", query in "[^ #]{0,24}") {
        let raw = format!("/a/{id}");
        if let Ok(path) = crate::guard::normalise(&raw) && query.is_ascii() {
            let _ = target("path = '/x.{path.id}'\nquery.add.q = '{query.a}{path.id}'", &path, Some(&query));
        }
    }
}
