use http::{HeaderMap, HeaderValue};

use super::*;
use crate::{config::Findings, route::PathPattern, shape::Common};

const TWO: &str = "default = '2'\n[known.1]\ndeprecated = '2026-01-01'\nsunset = '2026-06-30T12:00:00+02:00'\n\
                   docs = 'https://docs.test/v1'\nsuccessor = 'https://api.test/v2'\n[known.2]\n[known.'1.1']\n";

fn compile(path: &str, text: &str) -> (Option<Versions>, Vec<String>) {
    let config: VersionsConfig = toml::from_str(text).expect("it parses");
    let path: PathPattern = path.parse().expect("a pattern");
    let mut findings = Findings::default();
    let versions = Versions::compile(&config, "v", &path, &Common::default(), &mut findings);
    (versions, findings.into_problems().into_iter().map(|p| p.path).collect())
}

fn choose(
    versions: &Versions,
    path: &str,
    fields: &[(&'static str, &'static str)],
) -> Result<(String, String), &'static str> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    let chosen = versions.choose(path, &headers, Timestamp::EPOCH).map_err(|problem| problem.kind.code)?;
    Ok((chosen.version.name.to_string(), chosen.path.unwrap_or_else(|| path.to_owned())))
}

#[test]
fn a_version_is_named_in_path_header_or_media_type() {
    let (versions, problems) = compile("/api/{*rest}", TWO);
    let versions = versions.expect("it compiles");
    assert_eq!(problems, Vec::<String>::new());
    let is = |path, fields: &[_], version: &str, stripped: &str| {
        assert_eq!(choose(&versions, path, fields), Ok((version.into(), stripped.into())), "{path} {fields:?}");
    };
    is("/api/orders", &[], "2", "/api/orders");
    is("/api", &[], "2", "/api");
    is("/api/v1/orders/v2", &[], "1", "/api/orders/v2");
    is("/api/v1", &[], "1", "/api");
    is("/api/v1/", &[], "1", "/api/");
    is("/api/v1.1/x", &[], "1.1", "/api/x");
    is("/api/video/x", &[], "2", "/api/video/x");
    is("/api/x", &[("api-version", "1")], "1", "/api/x");
    is("/api/x", &[("api-version", " v1.1 ")], "1.1", "/api/x");
    is("/api/x", &[("accept", "text/html, application/json; version=1")], "1", "/api/x");
    is("/api/x", &[("accept", "application/vnd.acme.v1.1+json")], "1.1", "/api/x");
    is("/api/x", &[("accept", "application/vnd.acme.views+json")], "2", "/api/x");
    // The first place that names one counts, and the path is clean in any case.
    is("/api/v1/x", &[("api-version", "2")], "1", "/api/x");
    for (path, fields) in [
        ("/api/v9/x", vec![]),
        ("/api/v1x/x", vec![]),
        ("/api/x", vec![("api-version", "9")]),
        ("/api/x", vec![("api-version", "")]),
        ("/api/x", vec![("accept", "a/b;version=9")]),
    ] {
        assert_eq!(choose(&versions, path, &fields), Err("version.unknown"), "{path} {fields:?}");
    }
}

#[test]
fn an_answer_says_how_long_its_version_lives() {
    let (versions, _) = compile("/{*rest}", TWO);
    let versions = versions.expect("it compiles");
    let answer = |path: &str| {
        let mut headers = HeaderMap::new();
        let none = HeaderMap::new();
        versions.choose(path, &none, Timestamp::EPOCH).expect("it exists").write(&mut headers);
        let list: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
        list
    };
    assert_eq!(
        answer("/v1/x"),
        [
            "deprecation: @1767225600",
            "sunset: Tue, 30 Jun 2026 10:00:00 GMT",
            "link: <https://docs.test/v1>; rel=\"deprecation\"",
            "link: <https://docs.test/v1>; rel=\"sunset\"",
            "link: <https://api.test/v2>; rel=\"successor-version\"",
            "vary: api-version, accept",
        ]
    );
    assert_eq!(answer("/v2/x"), ["vary: api-version, accept"]);
}

#[test]
fn a_version_may_end_at_its_sunset() {
    let text = "by = ['path']\ndefault = '1'\n[known.1]\nsunset = '2026-06-30'\nrefuse_after_sunset = true\n";
    let (versions, _) = compile("/{*rest}", text);
    let versions = versions.expect("it compiles");
    let sunset = Timestamp::from_secs(1_782_777_600);
    let at = |now| versions.choose("/x", &HeaderMap::new(), now).map(|_| ()).map_err(|p| p.kind.code);
    assert_eq!(at(Timestamp::from_secs(sunset.as_secs() - 1)), Ok(()));
    assert_eq!(at(sunset), Err("version.gone"));
}

#[test]
fn mistakes_are_found_at_load() {
    let (_, places) = compile(
        "/orders/{id}",
        "by = ['path', 'cookie', 'header:a b']\ndefault = '3'\n[known.v1]\ndeprecated = 'soon'\nsunset = '2026-13-01'\n\
         docs = 'a>b'\nupstream = 'lost'\n[known.2]\nrefuse_after_sunset = true\n",
    );
    assert_eq!(
        places,
        [
            "v.by[1]",
            "v.by[2]",
            "v.default",
            "v.known.2.refuse_after_sunset",
            "v.known.v1",
            "v.known.v1.deprecated",
            "v.known.v1.sunset",
            "v.known.v1.docs",
            "v.known.v1.upstream",
        ]
    );
    assert_eq!(compile("/orders/{id}", "by = ['path']\ndefault = '1'\n[known.1]\n").1, ["v.by[0]"]);
}
