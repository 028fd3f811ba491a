use std::sync::Arc;

use http::HeaderMap;
use kernel::principal::Network;

use crate::transform::{Client, Peer};

fn client(peer: &str, trusted: &[&str], fields: &[(&'static str, &str)]) -> Client {
    let trusted: Arc<[Network]> = trusted.iter().map(|n| n.parse().expect("network")).collect();
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().expect("value"));
    }
    Peer::new(peer.parse().expect("address"), &trusted).client(&headers, &trusted)
}

fn ip(peer: &str, trusted: &[&str], chain: &[&str]) -> String {
    let fields: Vec<_> = chain.iter().map(|value| ("x-forwarded-for", *value)).collect();
    client(peer, trusted, &fields).ip.to_string()
}

#[test]
fn only_trusted_proxies_are_believed() {
    assert_eq!(ip("203.0.113.1", &[], &["1.1.1.1"]), "203.0.113.1");
    assert_eq!(ip("203.0.113.1", &["10.0.0.0/8"], &["1.1.1.1"]), "203.0.113.1");
    assert_eq!(ip("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1"]), "1.1.1.1");
    assert_eq!(ip("10.0.0.1", &["10.0.0.0/8"], &[]), "10.0.0.1");
}

#[test]
fn the_chain_is_followed_from_the_near_end() {
    let trusted = ["10.0.0.0/8"];
    assert_eq!(ip("10.0.0.1", &trusted, &["6.6.6.6, 1.1.1.1, 10.0.0.2"]), "1.1.1.1");
    assert_eq!(ip("10.0.0.1", &trusted, &["6.6.6.6", "1.1.1.1", "10.0.0.2"]), "1.1.1.1", "several fields are one list");
    assert_eq!(ip("10.0.0.1", &trusted, &["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "all ours: the farthest");
    assert_eq!(ip("10.0.0.1", &trusted, &["1.1.1.1, nonsense"]), "10.0.0.1", "nothing is believed beyond nonsense");
    assert_eq!(ip("10.0.0.1", &trusted, &["1.1.1.1, unknown, 10.0.0.2"]), "10.0.0.2");
    assert_eq!(ip("::ffff:10.0.0.1", &trusted, &["[2001:db8::1]:4711"]), "2001:db8::1");
    assert_eq!(ip("10.0.0.1", &trusted, &["1.1.1.1:99"]), "1.1.1.1");
    let long = vec!["10.0.0.2"; 1_000].join(", ");
    assert_eq!(ip("10.0.0.1", &trusted, &[&format!("1.1.1.1, {long}")]), "10.0.0.2", "chains are bounded");
}

#[test]
fn the_scheme_is_the_nearest_proxys_word() {
    let secure = |value| client("10.0.0.1", &["10.0.0.0/8"], &[("x-forwarded-proto", value)]).secure;
    assert!(secure("https") && secure("http, https"));
    assert!(!secure("http") && !secure("https, http") && !secure("HTTPSX"));
    assert!(!client("9.9.9.9", &["10.0.0.0/8"], &[("x-forwarded-proto", "https")]).secure);
}
