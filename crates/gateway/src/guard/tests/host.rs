use crate::guard::{Host, parse_host};

#[test]
fn hosts_are_parsed_strictly() {
    let parsed = |text| parse_host(text).map(|Host { name, port }| (name, port));
    assert_eq!(parsed("api.example.com"), Some(("api.example.com", None)));
    assert_eq!(parsed("api.example.com:8443"), Some(("api.example.com", Some(8443))));
    assert_eq!(parsed("127.0.0.1:80"), Some(("127.0.0.1", Some(80))));
    assert_eq!(parsed("[::1]"), Some(("[::1]", None)));
    assert_eq!(parsed("[2001:db8::1]:80"), Some(("[2001:db8::1]", Some(80))));
    for text in [
        "",
        ":80",
        "a:",
        "a:+80",
        "a:80:80",
        "a:99999",
        "a b",
        "a,b",
        "a/b",
        "u@a",
        "a%41",
        "::1",
        "[::1",
        "[::1]x",
        "[zz]",
        ".a",
        "a..b",
        "caf\u{e9}",
        "a\\b",
        "a?b",
    ] {
        assert_eq!(parsed(text), None, "{text}");
    }
}

#[test]
fn hosts_are_compared_in_one_spelling() {
    let canonical = |text| parse_host(text).expect(text).canonical().into_owned();
    assert_eq!(canonical("API.Example.COM.:80"), "api.example.com");
    assert_eq!(canonical("[2001:DB8::1]"), "[2001:db8::1]");
}
