//! Conditional requests (RFC 9110 §13), on both sides of the cache.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::freshness::date;
use crate::body::Body;

/// What a client has already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    if_none_match: Vec<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
}

impl Conditions {
    /// Takes them out of a request: what is fetched is to be whole.
    pub(crate) fn take(headers: &mut HeaderMap) -> Self {
        let if_none_match = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
        let if_modified_since = headers.get(header::IF_MODIFIED_SINCE).cloned();
        headers.remove(header::IF_NONE_MATCH);
        headers.remove(header::IF_MODIFIED_SINCE);
        Self { if_none_match, if_modified_since }
    }

    /// Whether the client has what this response brings (RFC 9110 §13.2.2).
    pub(super) fn hold(&self, response: &HeaderMap) -> bool {
        if !self.if_none_match.is_empty() {
            let own = response.get(header::ETAG).and_then(|tag| opaque(tag.as_bytes()));
            return self.if_none_match.iter().any(|list| {
                list.as_bytes().trim_ascii() == b"*"
                    || own.is_some_and(|own| tags(list.as_bytes()).any(|tag| tag == own))
            });
        }
        let Some(since) = &self.if_modified_since else { return false };
        let asked: HeaderMap = [(header::IF_MODIFIED_SINCE, since.clone())].into_iter().collect();
        let since = date(&asked, &header::IF_MODIFIED_SINCE);
        date(response, &header::LAST_MODIFIED).zip(since).is_some_and(|(modified, since)| modified <= since)
    }

    /// Says 304 instead, where the client has it already. Returns the body that is then not sent.
    pub(crate) fn apply(&self, response: &mut Response<Body>) -> Body {
        if response.status() != StatusCode::OK || !self.hold(response.headers()) {
            return Body::Empty;
        }
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let whole = std::mem::replace(response.body_mut(), Body::Empty);
        for name in [
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_RANGE,
        ] {
            response.headers_mut().remove(name);
        }
        whole
    }
}

/// Asks the service whether what is kept still holds (RFC 9111 §4.3.1). False: there is nothing to ask with.
pub(crate) fn ask(kept: &HeaderMap, request: &mut HeaderMap) -> bool {
    let mut put = |from: HeaderName, to: HeaderName| match kept.get(from) {
        Some(value) => request.insert(to, value.clone()).is_none(),
        None => false,
    };
    let by_tag = put(header::ETAG, header::IF_NONE_MATCH);
    put(header::LAST_MODIFIED, header::IF_MODIFIED_SINCE) || by_tag
}

/// The kept head, as a 304 has changed it (RFC 9111 §3.2).
pub(super) fn freshen(kept: &HeaderMap, news: &HeaderMap) -> HeaderMap {
    let mut headers = kept.clone();
    // What is about how long it is fresh holds whole or not at all.
    headers.remove(header::AGE);
    for name in news.keys() {
        let about_content = name.as_str().starts_with("content-") && *name != header::CONTENT_LOCATION;
        if about_content || *name == header::SET_COOKIE {
            continue;
        }
        headers.remove(name);
        for value in news.get_all(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// The tag without its weakness: for this they compare alike (RFC 9110 §8.8.3.2).
fn opaque(tag: &[u8]) -> Option<&[u8]> {
    let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
    tag.strip_prefix(b"\"")?.strip_suffix(b"\"").filter(|inner| !inner.contains(&b'"'))
}

/// The tags of a list.
fn tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Every second piece stands between quotes, whatever commas are in it.
    list.split(|byte| *byte == b'"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    fn holds(asked: &[(&'static str, &'static str)], answered: &[(&'static str, &'static str)]) -> bool {
        let mut asked = map(asked);
        let conditions = Conditions::take(&mut asked);
        assert!(asked.is_empty());
        conditions.hold(&map(answered))
    }

    #[test]
    fn a_client_that_has_it_is_told_so() {
        let etag = [("etag", "\"a,b\"")];
        assert!(holds(&[("if-none-match", "\"x\", W/\"a,b\"")], &etag));
        assert!(holds(&[("if-none-match", "*")], &etag));
        assert!(!holds(&[("if-none-match", "\"a\"")], &etag));
        assert!(!holds(&[("if-none-match", "\"a,b\"")], &[]), "no tag is no match");
        let modified = [("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
        assert!(holds(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], &modified));
        assert!(!holds(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")], &modified));
        assert!(!holds(&[("if-modified-since", "yesterday")], &modified));
        let both = [("if-none-match", "\"x\""), ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")];
        assert!(!holds(&both, &modified), "the tag is what counts");
    }

    #[test]
    fn a_304_changes_the_head_and_not_the_body() {
        let kept = map(&[("etag", "\"1\""), ("age", "9"), ("content-length", "5"), ("x-a", "old"), ("x-b", "stays")]);
        let news =
            map(&[("content-length", "0"), ("x-a", "new"), ("set-cookie", "s=1"), ("cache-control", "max-age=9")]);
        let fresh = freshen(&kept, &news);
        let expected = [
            ("etag", "\"1\""),
            ("content-length", "5"),
            ("x-a", "new"),
            ("x-b", "stays"),
            ("cache-control", "max-age=9"),
        ];
        assert_eq!(fresh, map(&expected));
    }
}
