//! Query parameters, as routes ask for them.
//!
//! Parameters are read as forms write them (`application/x-www-form-urlencoded`): pairs separated by `&`,
//! `+` for a space, and `%` escapes; an escape that is none stands for itself. A name may come more than
//! once: one of its values is enough. Nothing is allocated.

/// Whether the query has the parameter, with this value unless any will do.
pub(super) fn has(query: Option<&str>, name: &str, value: Option<&str>) -> bool {
    pairs(query).any(|(n, v)| is(n, name) && value.is_none_or(|value| is(v, value)))
}

/// Every value of the parameter, decoded.
pub(super) fn values<'a>(query: Option<&'a str>, name: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    pairs(query).filter(|(n, _)| is(n, name)).map(|(_, value)| decoded(value).collect())
}

/// Names and values as sent; a name alone has an empty value.
fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    let query = query.unwrap_or_default();
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn is(sent: &str, text: &str) -> bool {
    decoded(sent).eq(text.bytes())
}

fn decoded(sent: &str) -> impl Iterator<Item = u8> + '_ {
    let mut rest = sent.as_bytes();
    std::iter::from_fn(move || {
        let (byte, used) = match rest {
            [] => return None,
            [b'+', ..] => (b' ', 1),
            [b'%', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => (b'%', 1),
            },
            [byte, ..] => (*byte, 1),
        };
        rest = &rest[used..];
        Some(byte)
    })
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
