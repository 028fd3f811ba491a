//! What a request says, and how its values are escaped.

use std::{borrow::Cow, fmt::Write as _, net::IpAddr};

use http::{HeaderMap, Method};
use kernel::{Principal, edge::Tenant};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::{Source, decoded};

/// Where a value goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A path. Values of the path itself stand as they are, anything else is one segment.
    Path,
    /// The value of a query parameter.
    Query,
    /// A header field.
    Header,
    /// Text that its writer escapes, such as JSON.
    Text,
}

/// In a path and a query everything is escaped that RFC 3986 §2.3 does not list as unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// In a header field control characters are (and all that is not ASCII, by the encoder itself).
const UNPRINTABLE: &AsciiSet = CONTROLS;

/// Everything a template may ask for.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The routed path, normalised.
    pub(crate) path: &'a str,
    /// The query, as sent.
    pub(crate) query: Option<&'a str>,
    /// The client's header fields.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) method: &'a Method,
    pub(crate) host: &'a str,
    pub(crate) client_ip: IpAddr,
    pub(crate) request_id: &'a str,
    /// The route's name.
    pub(crate) route: &'a str,
    pub(crate) tenant: &'a Tenant,
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) body: Option<&'a Value>,
}

impl Facts<'_> {
    /// Appends a value. `None` when the request does not have it.
    pub(super) fn write(&self, text: &mut String, source: &Source, place: Place) -> Option<()> {
        let value: Cow<'_, str> = match source {
            Source::Segment(at) => return path_value(text, self.path.split('/').skip(1).nth(*at)?, place),
            Source::Rest(from) => return path_value(text, rest(self.path, *from), place),
            Source::Header(name) => String::from_utf8_lossy(self.headers.get(name)?.as_bytes()),
            Source::Query(name) => parameter(self.query?, name)?,
            Source::UserId => match self.principal?.subject {
                kernel::Subject::User(id) => id.uuid().to_string().into(),
                kernel::Subject::ApiKey(id) => id.uuid().to_string().into(),
            },
            Source::UserRoles => {
                let mut list = String::new();
                for role in &*self.principal?.roles {
                    let comma = if list.is_empty() { "" } else { "," };
                    // Writing to a String does not fail.
                    let _ = write!(list, "{comma}{}", role.as_str());
                }
                list.into()
            }
            Source::UserScopes => Cow::Borrowed(&*self.principal?.scope),
            Source::TenantSlug => Cow::Borrowed(&*self.tenant.slug),
            Source::TenantId => self.tenant.id.uuid().to_string().into(),
            Source::RequestId => Cow::Borrowed(self.request_id),
            Source::ClientIp => self.client_ip.to_string().into(),
            Source::Host => Cow::Borrowed(self.host),
            Source::Method => Cow::Borrowed(self.method.as_str()),
            Source::Route => Cow::Borrowed(self.route),
            Source::Body(pointer) => match self.body?.pointer(pointer)? {
                Value::String(value) => Cow::Borrowed(value.as_str()),
                Value::Null => return None,
                other => other.to_string().into(),
            },
        };
        escape(text, &value, place);
        Some(())
    }
}

/// A value that is part of a normalised path already.
fn path_value(text: &mut String, value: &str, place: Place) -> Option<()> {
    match place {
        Place::Path => text.push_str(value),
        other => escape(text, &decoded(value), other),
    }
    Some(())
}

/// Appends a value, escaped for its place.
pub(super) fn escape(text: &mut String, value: &str, place: Place) {
    match place {
        Place::Path | Place::Query => text.extend(utf8_percent_encode(value, RESERVED)),
        Place::Header => text.extend(utf8_percent_encode(value, UNPRINTABLE)),
        Place::Text => text.push_str(value),
    }
}

/// The path after so many segments, without the slash between.
fn rest(path: &str, segments: usize) -> &str {
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    for _ in 0..segments {
        match rest.split_once('/') {
            Some((_, after)) => rest = after,
            None => return "",
        }
    }
    rest
}

/// The first parameter of a name, decoded.
fn parameter<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_query(key) == name).then(|| decode_query(value))
    })
}

/// What a name or value of a query stands for: `+` is a space, escapes are undone, and bytes that are not
/// UTF-8 are replaced.
pub(crate) fn decode_query(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}
