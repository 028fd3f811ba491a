use proptest::prelude::*;

use crate::guard::{InvalidPath, normalise};

#[test]
fn each_path_has_one_spelling() {
    let table: &[(&str, &str)] = &[
        ("/", "/"),
        ("/orders/7", "/orders/7"),
        ("/orders/", "/orders/"),
        ("//orders///7//", "/orders/7/"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/a/b/../", "/a/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/..", "/"),
        ("/%2e%2E/admin", "/admin"),
        ("/a/.%2e/admin", "/admin"),
        ("/%61dmin", "/admin"),
        ("/%7Euser", "/~user"),
        ("/a%20b", "/a%20b"),
        ("/a%c3%a9", "/a%C3%A9"),
        ("/a\u{e9}", "/a%C3%A9"),
        ("/a%3ab", "/a%3Ab"),
        ("/a:b@c;d=e", "/a:b@c;d=e"),
        ("/a|b{c}\"^`<>[]", "/a%7Cb%7Bc%7D%22%5E%60%3C%3E%5B%5D"),
        ("/.hidden/..data/...", "/.hidden/..data/..."),
        ("/%252e%252e/x", "/%252e%252e/x"),
        ("/a;x=..", "/a;x=.."),
    ];
    for (given, expected) in table {
        assert_eq!(normalise(given).as_deref(), Ok(*expected), "{given}");
    }
}

#[test]
fn what_servers_read_differently_is_refused() {
    use InvalidPath::*;
    let table: &[(&str, InvalidPath)] = &[
        ("", Relative),
        ("*", Relative),
        ("orders", Relative),
        ("/a%2fb", Separator),
        ("/a%2Fb", Separator),
        ("/a%5cb", Separator),
        ("/a\\b", Separator),
        ("/a%00", Control),
        ("/a%0d%0aX: y", Control),
        ("/a\u{7f}", Control),
        ("/a%1f", Control),
        ("/a%", Escape),
        ("/a%4", Escape),
        ("/a%zz", Escape),
        ("/a%+1", Escape),
        ("/%c0%ae%c0%ae/x", Encoding),
        ("/%e0%80%ae/x", Encoding),
        ("/%ff", Encoding),
        ("/public/..;/admin", DotParameters),
        ("/public/.;a=b/admin", DotParameters),
        ("/public/%2e%2e;/admin", DotParameters),
        ("/public/..%3b/admin", DotParameters),
    ];
    for (given, expected) in table {
        assert_eq!(normalise(given), Err(*expected), "{given}");
    }
}

#[test]
fn a_normal_path_is_not_copied() {
    assert!(matches!(normalise("/api/v1/orders/7"), Ok(std::borrow::Cow::Borrowed(_))));
}

proptest! {
    /// Whatever comes out is normal: idempotent, and free of what could be read differently.
    #[test]
    fn normalising_twice_changes_nothing(path in "/([a-c./%;]|%2[eEfF5]|%[0-9a-fA-F]{2}|//|\\.\\.|\\PC){0,24}") {
        if let Ok(once) = normalise(&path) {
            let twice = normalise(&once);
            prop_assert_eq!(twice.as_deref(), Ok(&*once));
            prop_assert!(once.starts_with('/') && !once.contains("//"));
            prop_assert!(once.split('/').all(|s| s != "." && s != ".."));
            prop_assert!(!once.contains('\\') && !once.to_ascii_lowercase().contains("%2f"));
            prop_assert!(once.bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
