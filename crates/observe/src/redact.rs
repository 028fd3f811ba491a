//! Takes secrets out of text that is about to be written.
//!
//! The first defence is that secrets are [`kernel::Secret`] and print as `[secret]`. This is the second:
//! a message of a library that quotes a connection string, a path that somebody put a token into.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

/// What stands in place of a secret.
const SECRET: &str = "[secret]";

/// The shapes that secrets have. One expression, so that a line is read once.
#[expect(clippy::expect_used, reason = "the expression is constant, and every test of this module compiles it")]
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        # A JSON Web Token, signed or encrypted.
        (?<token> \b ey[a-z0-9_-]{8,} (?: \. [a-z0-9_-]* ){1,4} )
        # An API key, or the link of a preview.
        | (?<key> \b (?: pk | ppv ) _ [a-z0-9_-]{8,} )
        # Credentials of HTTP.
        | (?<scheme> \b (?: bearer | basic ) \x20+ ) [a-z0-9._~+/=-]{8,}
        # The password of a URL.
        | (?<url> :// [^\s/:@"]* ) : [^\s/@"]+ @
        # A field with a telling name, as text, as JSON or as JSON inside of JSON; a terminal's colours may
        # stand between.
        | (?<name> (?: \b | \x1b\[ [0-9;]* m ) [a-z0-9_]*?
            (?: password | passwd | secret | token | authorization | cookie | api_?key | private_key | master_key )
            \\?"? (?: \x1b\[ [0-9;]* m )* \s* [:=] (?: \x1b\[ [0-9;]* m )* \s* )
          (?: (?<escaped> \\" .*? \\" )
            | (?<quoted> " (?: [^"\\] | \\. )* " )
            | (?: (?: bearer | basic ) \x20+ )? [^\s,;&"\\})\]]+ )
        "#,
    )
    .expect("the expression is well formed")
});

/// The text without what looks like a secret.
pub(crate) fn scrub(text: &str) -> Cow<'_, str> {
    SHAPES.replace_all(text, |found: &Captures<'_>| {
        let kept = |name: &str| found.name(name).map(|part| part.as_str());
        match (kept("scheme"), kept("url"), kept("name")) {
            (Some(scheme), ..) => format!("{scheme}{SECRET}"),
            (_, Some(url), _) => format!("{url}:{SECRET}@"),
            (.., Some(name)) if found.name("escaped").is_some() => format!("{name}\\\"{SECRET}\\\""),
            (.., Some(name)) if found.name("quoted").is_some() => format!("{name}\"{SECRET}\""),
            (.., Some(name)) => format!("{name}{SECRET}"),
            _ => SECRET.to_owned(),
        }
    })
}

/// Whether a part of a path is a token, an API key or what opens a preview. Cheap: asked for every request.
pub(crate) fn is_secret(segment: &str) -> bool {
    (segment.starts_with("ey") && segment.len() >= 20 && segment.contains('.'))
        || ((segment.starts_with("pk_") || segment.starts_with("ppv_")) && segment.len() > 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_and_the_rest_stays() {
        for (text, clean) in [
            ("GET /x with eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_x failed", "GET /x with [secret] failed"),
            ("key pk_live_a1b2c3d4e5 is unknown", "key [secret] is unknown"),
            ("Authorization: Bearer abcdefgh12345678", "Authorization: [secret]"),
            ("sent bearer abcdefgh12345678.", "sent bearer [secret]"),
            ("cannot reach postgres://gate:hunter2@db:5432/x", "cannot reach postgres://gate:[secret]@db:5432/x"),
            ("redis://:hunter2@kv/0", "redis://:[secret]@kv/0"),
            (r#"{"user":"ada","password":"a\"b, c","n":1}"#, r#"{"user":"ada","password":"[secret]","n":1}"#),
            (r#"{"message":"{\"token\":\"abc\",\"n\":1}"}"#, r#"{"message":"{\"token\":\"[secret]\",\"n\":1}"}"#),
            ("smtp_password = hunter2", "smtp_password = [secret]"),
            ("password=hunter2&user=ada", "password=[secret]&user=ada"),
            ("\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0mhunter2 n=1", "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m[secret] n=1"),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }

    #[test]
    fn what_is_no_secret_is_left_alone() {
        for text in [
            "listening on http://127.0.0.1:8080/health",
            "3 tokens=7 were swept, passwords are hashed by argon2",
            "see https://example.com:443/a@b and ada@example.com",
            "tokens.algorithm: \"RS265\" is none of",
            "eyes on pk_x",
        ] {
            assert!(matches!(scrub(text), Cow::Borrowed(_)), "{text} became {}", scrub(text));
        }
    }

    #[test]
    fn secrets_in_paths_are_known_by_their_shape() {
        assert!(is_secret("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln") && is_secret("pk_live_a1b2c3"));
        assert!(!is_secret("orders") && !is_secret("eyes") && !is_secret("pk_x") && !is_secret(""));
    }
}
