//! Refusals for people: a browser that asks for a page gets one instead of a problem document.
//!
//! The gate holds no words. What it has is a port; whoever made the program says them. What an upstream
//! answers is never touched, only refusals of the gate's own.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header, request::Parts, uri::PathAndQuery};
use kernel::Problem;
use smallvec::SmallVec;

/// Says refusals to people.
pub trait Explain: Send + Sync {
    /// A page about the problem. `None`: the document will do.
    fn explain(&self, problem: &Problem, request_id: &str, reader: &Reader) -> Option<Explained>;
}

/// A page about a problem.
#[derive(Clone, Debug)]
pub struct Explained {
    /// `Content-Type` and the headers that protect it.
    pub headers: HeaderMap,
    /// HTML.
    pub body: Bytes,
}

/// What is known of who reads it. Made for every page that is asked for, so without allocations.
#[derive(Clone, Debug)]
pub struct Reader {
    languages: SmallVec<[HeaderValue; 1]>,
    cookies: SmallVec<[HeaderValue; 1]>,
    host: SmallVec<[HeaderValue; 1]>,
    asked_for: Option<PathAndQuery>,
}

impl Reader {
    /// Whoever asked, if it is a browser that shows a page: it names `text/html` itself. Programs send `*/*`.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let accept = parts.headers.get(header::ACCEPT)?;
        memchr::memmem::find(accept.as_bytes(), b"text/html")?;
        let all = |name| parts.headers.get_all(name).into_iter().cloned().collect();
        let asked_for = parts.uri.path_and_query().filter(|_| parts.method == http::Method::GET);
        Some(Self {
            languages: all(header::ACCEPT_LANGUAGE),
            cookies: all(header::COOKIE),
            host: all(header::HOST),
            asked_for: asked_for.cloned(),
        })
    }

    /// `Accept-Language` and cookies: which language. `Host`: whose pages.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let all =
            [(header::ACCEPT_LANGUAGE, &self.languages), (header::COOKIE, &self.cookies), (header::HOST, &self.host)];
        for (name, values) in all {
            for value in values {
                headers.append(&name, value.clone());
            }
        }
        headers
    }

    /// The path and query they asked for; nothing where it was no GET, because it cannot be come back to.
    pub fn asked_for(&self) -> Option<&str> {
        self.asked_for.as_ref().map(PathAndQuery::as_str)
    }
}

/// Who says refusals, if anybody does.
pub(crate) type Explainer = Option<Arc<dyn Explain>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(accept: Option<&str>) -> Option<Reader> {
        let mut request = http::Request::get("/orders?x=1").header("cookie", "a=1").header("accept-language", "de");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        Reader::of(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn browsers_ask_for_pages_and_programs_do_not() {
        for program in [None, Some("*/*"), Some("application/json"), Some("")] {
            assert!(reader(program).is_none(), "{program:?}");
        }
        let reader = reader(Some("text/html,application/xhtml+xml,*/*;q=0.8")).expect("a reader");
        assert_eq!(reader.asked_for(), Some("/orders?x=1"));
        assert_eq!(reader.headers().len(), 2);
    }
}
