//! Lists in header fields (RFC 9110 §5.6.1).

use http::{HeaderMap, HeaderName};

/// The members of one value, without the space around them.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Whether one of the values of a field has this member, in whatever case.
pub(crate) fn has(headers: &HeaderMap, field: HeaderName, member: &str) -> bool {
    let values = headers.get_all(field);
    values.iter().flat_map(|value| members(value.as_bytes())).any(|one| one.eq_ignore_ascii_case(member.as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn members_stand_between_commas() {
        let mut headers = HeaderMap::new();
        for value in ["keep-alive ,\tUpgrade", "", ", x-close"] {
            headers.append(header::CONNECTION, HeaderValue::from_static(value));
        }
        assert!(has(&headers, header::CONNECTION, "upgrade") && has(&headers, header::CONNECTION, "keep-alive"));
        assert!(has(&headers, header::CONNECTION, "x-close"));
        assert!(!has(&headers, header::CONNECTION, "close") && !has(&headers, header::TE, "upgrade"));
    }
}
