//! The response, as the client is to see it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{credentials, headers};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who made a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// An in-process service.
    Own,
    /// An upstream. `upgrade`: it grants one.
    Upstream { upgrade: bool },
}

/// Turns an upstream's headers into those for the client.
pub(crate) fn outward(fields: &mut HeaderMap, origin: Origin, request_id: &HeaderValue) {
    match origin {
        Origin::Own => {}
        Origin::Upstream { upgrade } => {
            let protocol = if upgrade { fields.get(header::UPGRADE).cloned() } else { None };
            headers::strip_response(fields);
            if let Some(protocol) = protocol {
                fields.insert(header::UPGRADE, protocol);
                fields.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            keep_cookies_ours(fields);
        }
    }
    fields.insert(X_REQUEST_ID, request_id.clone());
}

/// Removes from an upstream's response what no client may see of it, whoever it is.
pub(crate) fn clean(fields: &mut HeaderMap) {
    headers::strip_response(fields);
    fields.remove(X_REQUEST_ID);
    keep_cookies_ours(fields);
}

/// No upstream sets a cookie of ours: it could sign a visitor in as somebody else, or pass for their browser.
fn keep_cookies_ours(fields: &mut HeaderMap) {
    if !fields.get_all(header::SET_COOKIE).iter().any(|value| credentials::sets_ours(value.as_bytes())) {
        return;
    }
    let kept: Vec<HeaderValue> = fields
        .get_all(header::SET_COOKIE)
        .iter()
        .filter(|value| !credentials::sets_ours(value.as_bytes()))
        .cloned()
        .collect();
    fields.remove(header::SET_COOKIE);
    for value in kept {
        fields.append(header::SET_COOKIE, value);
    }
}
