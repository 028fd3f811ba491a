use http::{HeaderMap, HeaderName, HeaderValue};

use crate::transform::{
    headers::{strip_request, strip_response, strip_trailers},
    target,
};

fn map(fields: &[(&str, &str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(n, v)| (n.parse::<HeaderName>().expect("name"), v.parse::<HeaderValue>().expect("value")))
        .collect()
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn connection_takes_away_what_it_names_but_not_the_framing() {
    let mut headers = map(&[
        ("connection", "close, X-Mine,,  , bad name, Content-Length, Host"),
        ("connection", "x-more"),
        ("x-mine", "1"),
        ("x-more", "1"),
        ("content-length", "3"),
        ("host", "a"),
        ("accept", "*/*"),
    ]);
    strip_request(&mut headers, true);
    assert_eq!(names(&headers), ["accept", "content-length", "host"]);
}

#[test]
fn underscores_disguise_nothing() {
    let mut headers = map(&[
        ("x_portcullis_user", "1"),
        ("x-portcullis_user", "1"),
        ("x_forwarded_for", "1"),
        ("x_real_ip", "1"),
        ("content_length", "1"),
        ("x_api_key", "1"),
        ("my_own_field", "1"),
    ]);
    strip_request(&mut headers, false);
    assert_eq!(names(&headers), ["my_own_field"]);
}

#[test]
fn a_length_beside_a_transfer_coding_is_dropped() {
    let mut headers = map(&[("transfer-encoding", "chunked"), ("content-length", "3"), ("etag", "x")]);
    strip_response(&mut headers);
    assert_eq!(names(&headers), ["etag"]);
}

#[test]
fn trailers_cannot_bring_in_what_heads_may_not() {
    let mut trailers = map(&[
        ("x-checksum", "1"),
        ("grpc-status", "0"),
        ("x-portcullis-user", "root"),
        ("content-length", "1"),
        ("transfer-encoding", "chunked"),
        ("authorization", "x"),
        ("host", "x"),
        ("x_forwarded_for", "x"),
    ]);
    strip_trailers(&mut trailers);
    assert_eq!(names(&trailers), ["grpc-status", "x-checksum"]);
}

#[test]
fn a_stripped_prefix_leaves_a_path() {
    let made = |path, query, prefix| target(path, query, prefix).expect("a target").to_string();
    assert_eq!(made("/api/x", Some("a=1"), Some("/api")), "/x?a=1");
    assert_eq!(made("/api", None, Some("/api")), "/");
    assert_eq!(made("/api/", Some(""), Some("/api")), "/?");
    assert_eq!(made("/other", None, Some("/api")), "/other");
}
