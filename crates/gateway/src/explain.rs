//! Refusals for people: a browser that asks for a page gets one instead of a problem document.
//!
//! The gate holds no words. What it has is a port; whoever made the program says them. What an upstream
//! answers is never touched, only refusals of the gate's own.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use kernel::Problem;

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

/// What is known of who reads it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// `Accept-Language` and cookies: which language. `Host`: whose pages.
    pub headers: HeaderMap,
    /// The path and query they asked for; nothing where it was no GET, because it cannot be come back to.
    pub asked_for: Option<Box<str>>,
}

impl Reader {
    /// Whoever asked, if it is a browser that shows a page: it names `text/html` itself. Programs send `*/*`.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let accept = parts.headers.get(header::ACCEPT)?;
        memchr::memmem::find(accept.as_bytes(), b"text/html")?;
        let mut headers = HeaderMap::new();
        for name in [header::ACCEPT_LANGUAGE, header::COOKIE, header::HOST] {
            let values: Vec<HeaderValue> = parts.headers.get_all(&name).into_iter().cloned().collect();
            for value in values {
                headers.append(&name, value);
            }
        }
        let asked_for = (parts.method == http::Method::GET)
            .then(|| parts.uri.path_and_query().map_or("/", |path| path.as_str()).into());
        Some(Self { headers, asked_for })
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
        assert_eq!(reader.asked_for.as_deref(), Some("/orders?x=1"));
        assert_eq!(reader.headers.len(), 2);
    }
}
