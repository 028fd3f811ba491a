use crate::route::{HostPattern, PathPattern};

fn pattern(text: &str) -> PathPattern {
    text.parse().expect(text)
}

#[test]
fn patterns_match_what_they_say() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("/", &["/"], &["/a"]),
        ("/orders", &["/orders"], &["/orders/", "/orders/7", "/order"]),
        ("/orders/", &["/orders/"], &["/orders"]),
        ("/orders/{id}", &["/orders/7"], &["/orders", "/orders/", "/orders/7/", "/orders/7/items"]),
        ("/{a}/items/{b}", &["/x/items/y"], &["/x/item/y", "//items/y"]),
        ("/orders/{*rest}", &["/orders", "/orders/", "/orders/7/items"], &["/ordersx", "/order", "/"]),
        ("/{*rest}", &["/", "/a", "/a/b/"], &[]),
        ("/{t}/files/{*rest}", &["/x/files", "/x/files/a/b"], &["/x", "/files"]),
    ];
    for (text, yes, no) in table {
        for path in *yes {
            assert!(pattern(text).matches(path), "{text} takes {path}");
        }
        for path in *no {
            assert!(!pattern(text).matches(path), "{text} does not take {path}");
        }
    }
}

#[test]
fn patterns_that_could_never_match_are_refused() {
    for text in
        ["", "orders", "/a//b", "/a/../b", "/a%2fb", "/%61", "/a b", "/v{n}", "/{}", "/{*}", "/{*rest}/x", "/{a-b}"]
    {
        assert!(text.parse::<PathPattern>().is_err(), "{text}");
    }
    let error = "/caf\u{e9}/{id}".parse::<PathPattern>().expect_err("not as requests spell it").to_string();
    assert!(error.contains("/caf%C3%A9/{id}"), "{error}");
}

#[test]
fn hosts_match_what_they_say() {
    let host = |text: &str| text.parse::<HostPattern>().expect(text);
    assert!(host("*").matches("anything"));
    assert!(host("api.example.com").matches("api.example.com") && !host("api.example.com").matches("example.com"));
    let below = host("*.example.com");
    assert!(below.matches("a.example.com") && below.matches("a.b.example.com"));
    assert!(!below.matches("example.com") && !below.matches(".example.com") && !below.matches("badexample.com"));
    assert!(host("[::1]").matches("[::1]") && host("127.0.0.1").matches("127.0.0.1"));
    for text in ["", "Api.example.com", "a:80", "a..b", "*a.com", "a.*.com", "::1", "*."] {
        assert!(text.parse::<HostPattern>().is_err(), "{text}");
    }
}
