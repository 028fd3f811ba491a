use std::io::Read as _;

use bytes::Bytes;
use http_body_util::BodyExt;

use super::*;

fn compile(text: &str) -> Compression {
    let config: CompressConfig = toml::from_str(text).expect("it parses");
    let mut findings = Findings::default();
    let compiled = Compression::compile(&config, "c", &mut findings);
    assert_eq!(findings.into_problems(), []);
    compiled
}

fn accepts(text: &'static str) -> Option<&'static str> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
    compile("").accepted(&headers, false).0.map(Algorithm::name)
}

#[test]
fn the_client_says_what_it_likes_best() {
    for (text, best) in [
        ("gzip", Some("gzip")),
        ("x-gzip", Some("gzip")),
        ("gzip, br, zstd", Some("zstd")),
        ("GZIP;q=1.0, br;q=0.9, zstd;q=0.5", Some("gzip")),
        ("gzip;q=0.5, br ; q=0.501", Some("br")),
        ("*", Some("zstd")),
        ("*;q=0.1, zstd;q=0, gzip;q=0.2", Some("gzip")),
        ("*;q=0", None),
        ("gzip;q=0, br;q=0.000", None),
        ("gzip;q=2, br;q=x, zstd;q=0.1234", None),
        ("identity", None),
        ("", None),
    ] {
        assert_eq!(accepts(text), best, "{text}");
    }
    assert_eq!(compile("").accepted(&HeaderMap::new(), false).0, None);
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br"));
    assert_eq!(compile("").accepted(&headers, true).0, None, "not for known callers");
    assert_eq!(compile("authenticated = true").accepted(&headers, true).0, Some(Algorithm::Br));
}

fn answer(fields: &[(&'static str, &'static str)], body: &[u8]) -> Response<Body> {
    let mut response = Response::new(Body::Full(Bytes::copy_from_slice(body)));
    for (name, value) in fields {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}

fn decode(algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match algorithm {
        Algorithm::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        Algorithm::Br => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut text),
        Algorithm::Zstd => zstd::stream::read::Decoder::new(bytes).and_then(|mut d| d.read_to_end(&mut text)),
    }
    .expect("it decodes");
    text
}

#[tokio::test]
async fn what_is_compressed_comes_back_whole() {
    let json = ("content-type", "application/json; charset=utf-8");
    for algorithm in [Algorithm::Gzip, Algorithm::Br, Algorithm::Zstd] {
        let text: Vec<u8> =
            (0..20_000_u32).flat_map(|i| format!("{{\"n\":{}}}", i * 7919 % 1000).into_bytes()).collect();
        let mut response =
            answer(&[json, ("etag", "\"x\""), ("accept-ranges", "bytes"), ("content-length", "1")], &text);
        compile("").apply(&Accepted(Some(algorithm)), &Method::GET, &mut response);
        let headers = response.headers().clone();
        assert_eq!(headers[header::CONTENT_ENCODING], algorithm.name());
        assert_eq!(
            (headers[header::ETAG].as_bytes(), headers[header::VARY].as_bytes()),
            (&b"W/\"x\""[..], &b"accept-encoding"[..])
        );
        assert!(!headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::ACCEPT_RANGES));
        let sent = response.into_body().collect().await.expect("it reads").to_bytes();
        assert!(sent.len() < text.len() / 2);
        assert_eq!(decode(algorithm, &sent), text);
    }
}

#[test]
fn much_is_left_as_it_is() {
    let text = vec![b'x'; 2_000];
    let changes = |status: u16, fields: &[(&'static str, &'static str)], body: &[u8]| {
        let mut response = answer(fields, body);
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        compile("").apply(&Accepted(Some(Algorithm::Gzip)), &Method::GET, &mut response);
        assert_eq!(response.headers().contains_key(header::VARY), response.headers().contains_key("content-encoding"));
        response.headers().get("content-encoding").is_some_and(|coding| coding == "gzip")
    };
    let html = ("content-type", "text/html");
    assert!(changes(200, &[html], &text) && changes(404, &[html], &text));
    assert!(!changes(200, &[html], &text[..1_000]) && !changes(206, &[html], &text) && !changes(304, &[html], &text));
    for fields in [
        &[("content-type", "image/png")][..],
        &[("content-type", "text/event-stream; charset=utf-8")],
        &[],
        &[html, ("content-range", "bytes 0-1/2")],
        &[html, ("cache-control", "max-age=5, No-Transform")],
    ] {
        assert!(!changes(200, fields, &text), "{fields:?}");
    }
    let mut encoded = answer(&[html, ("content-encoding", "br")], &text);
    compile("").apply(&Accepted(Some(Algorithm::Gzip)), &Method::GET, &mut encoded);
    assert_eq!(encoded.headers()["content-encoding"], "br");
    let mut plain = answer(&[html], &text);
    compile("").apply(&Accepted(None), &Method::GET, &mut plain);
    assert!(plain.headers().contains_key(header::VARY), "who accepts nothing is told that it depends");
}

#[test]
fn mistakes_are_found_at_load() {
    let config: CompressConfig =
        toml::from_str("algorithms = []\ntypes = ['json', 'Text/html', 'text/html;charset=utf-8']").expect("it parses");
    let mut findings = Findings::default();
    Compression::compile(&config, "c", &mut findings);
    let places: Vec<String> = findings.into_problems().into_iter().map(|p| p.path).collect();
    assert_eq!(places, ["c.algorithms", "c.types[0]", "c.types[1]", "c.types[2]"]);
}
