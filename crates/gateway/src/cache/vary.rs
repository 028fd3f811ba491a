//! `Vary` (RFC 9110 §12.5.5).

use http::{HeaderMap, HeaderName, header};

use super::freshness::Audience;

/// Most fields that an answer may differ by.
pub(super) const MAX_NAMES: usize = 16;

/// The fields that a response differs by, in order and once each. `None`: by everything (`*`), by more than
/// can be told apart, or by what is no field.
pub(super) fn names(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for value in headers.get_all(header::VARY) {
        for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() {
                continue;
            }
            // `*` is a token and would be a field's name.
            let name = HeaderName::from_bytes(name).ok().filter(|name| name.as_str() != "*")?;
            if !names.contains(&name) {
                names.push(name);
            }
            if names.len() > MAX_NAMES {
                return None;
            }
        }
    }
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    Some(names)
}

/// Whether the gate writes the field itself, so that what a client sends in it says nothing about the answer.
/// What the key already holds (who, where each has answers of their own) does no harm.
pub(super) fn is_ours(name: &HeaderName, audience: Audience) -> bool {
    match name.as_str() {
        "x-portcullis-tenant" | "x-forwarded-host" | "x-forwarded-proto" => false,
        "x-portcullis-user" | "x-portcullis-roles" | "x-portcullis-scopes" => audience != Audience::Own,
        "forwarded" | "x-real-ip" | "x-request-id" => true,
        name => name.starts_with("x-portcullis-") || name.starts_with("x-forwarded-"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_cannot_be_told_apart_is_none() {
        let of = |values: &[&str]| {
            let headers: HeaderMap =
                values.iter().map(|value| (header::VARY, HeaderValue::from_str(value).expect("a value"))).collect();
            names(&headers).map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(of(&["Accept , x-B,, accept", "x-a"]), Some(vec!["accept".into(), "x-a".into(), "x-b".into()]));
        assert_eq!(of(&[]), Some(Vec::new()));
        for bad in ["*", "accept, *", "not a field"] {
            assert_eq!(of(&[bad]), None, "{bad}");
        }
        let many: Vec<String> = (0..=MAX_NAMES).map(|i| format!("x-{i}")).collect();
        assert_eq!(of(&[&many.join(",")]), None);
        assert!(of(&[&many[1..].join(",")]).is_some());
    }
}
