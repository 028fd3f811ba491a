//! The host of a request, parsed strictly (RFC 9110 §4.2, RFC 3986 §3.2.2).

/// A host as a client named it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Host<'a> {
    /// As written, without the port; an IPv6 address keeps its brackets.
    pub name: &'a str,
    /// The port, when one was given.
    pub port: Option<u16>,
}

/// Longest host name (RFC 1035 §2.3.4), with room for brackets.
const MAX_NAME: usize = 255;

/// Parses `name`, `name:port`, `[v6]` or `[v6]:port`. Nothing else is a host: no user information, no
/// escapes, no list.
pub fn parse(text: &str) -> Option<Host<'_>> {
    let (name, port) = if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let address = &text[1..end - 1];
        address.parse::<std::net::Ipv6Addr>().ok()?;
        (&text[..end], &text[end..])
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let name = &text[..end];
        let ok = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if name.is_empty() || !ok || name.starts_with('.') || name.contains("..") {
            return None;
        }
        (name, &text[end..])
    };
    if name.len() > MAX_NAME {
        return None;
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        // `u16::from_str` takes a plus sign, a port does not.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
    };
    Some(Host { name, port })
}

impl<'a> Host<'a> {
    /// The name as routes and tenants are looked up by: lower case, without a trailing dot. Borrowed,
    /// but for the rare host that is not written that way.
    pub fn canonical(self) -> std::borrow::Cow<'a, str> {
        let name = self.name.strip_suffix('.').unwrap_or(self.name);
        if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
    }
}
