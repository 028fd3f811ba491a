//! Parameters in the path and the query, and pages of lists.

use std::collections::HashSet;

use axum::extract::{FromRequestParts, Path as AxumPath};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use kernel::{Problem, problem::common};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Refusal;

/// Parameters in the path. What cannot be an id names nothing: 404, the same as an unknown one.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = AxumPath::<T>::from_request_parts(parts, state).await;
        path.map(|AxumPath(value)| Self(value)).map_err(|_| common::NOT_FOUND.into())
    }
}

/// Parameters in the query, read strictly: unknown and repeated ones are refused.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let read = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(read).map(Self).map_err(|e| fault(query, &e).into())
    }
}

/// Longest name of a parameter that is repeated to whoever sent it, in characters.
const LONGEST_NAME: usize = 64;

/// Names the parameter that is wrong. Values are not repeated: they could be anything.
fn fault(query: &str, error: &serde_path_to_error::Error<serde::de::value::Error>) -> Problem {
    let told = error.inner().to_string();
    let mut seen = HashSet::new();
    let (name, code, message) = if told.starts_with("unknown field") {
        (error.path().to_string(), "unknown", "there is no such parameter")
    } else if let Some(name) = told.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        (name.to_owned(), "required", "must be given")
    } else if told.starts_with("duplicate field") {
        let repeated = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !seen.insert(name.clone()));
        (repeated.map(|(name, _)| name.into_owned()).unwrap_or_default(), "repeated", "may be given once")
    } else {
        (error.path().to_string(), "format", "is not of the parameter's type")
    };
    let name: String = name.chars().take(LONGEST_NAME).collect();
    Problem::new(common::INVALID).field(name, code, message.to_owned()).cause(error)
}

/// Entries of a page, unless the caller says otherwise.
const DEFAULT_LIMIT: u32 = 50;
/// Most entries of a page.
const MAX_LIMIT: u32 = 200;

/// Which part of a list: `?limit=50&cursor=…`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Entries at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A part of a list that is sorted by id, newest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Entries at most.
    pub limit: u32,
    /// Entries with smaller ids only.
    pub before: Uuid,
}

impl Window {
    /// Reads limit and cursor.
    pub fn parse(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let before = match cursor {
            None => Some(Uuid::max()),
            Some(text) => URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok()),
        };
        let problem = Problem::new(common::INVALID);
        match before {
            _ if !(1..=MAX_LIMIT).contains(&limit) => {
                Err(problem.field("limit", "range", format!("must be between 1 and {MAX_LIMIT}")))
            }
            None => Err(problem.field("cursor", "format", "is not a cursor that was given out")),
            Some(before) => Ok(Self { limit, before }),
        }
    }

    /// How many rows to ask the database for: one more, to know whether a page follows.
    pub fn fetch(self) -> i64 {
        i64::from(self.limit) + 1
    }
}

impl TryFrom<&PageQuery> for Window {
    type Error = Problem;
    fn try_from(query: &PageQuery) -> Result<Self, Problem> {
        Self::parse(query.limit, query.cursor.as_deref())
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of the rows that were [fetched](Window::fetch).
    pub fn new(mut rows: Vec<T>, window: Window, id: impl Fn(&T) -> Uuid) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| URL_SAFE_NO_PAD.encode(id(row)));
        Self { items: rows, next_cursor }
    }

    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_the_next_until_the_end() {
        let ids: Vec<Uuid> = (1..=5).rev().map(Uuid::from_u128).collect();
        let page = |limit, cursor: Option<&str>| {
            let window = Window::parse(Some(limit), cursor).expect("window");
            let fetch = usize::try_from(window.fetch()).expect("size");
            let rows: Vec<Uuid> = ids.iter().copied().filter(|id| *id < window.before).take(fetch).collect();
            Page::new(rows, window, |id| *id)
        };
        let first = page(2, None);
        assert_eq!(first.items, &ids[..2]);
        let second = page(3, first.next_cursor.as_deref());
        assert_eq!((second.items.as_slice(), second.next_cursor), (&ids[2..], None));
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "limit")]
        _limit: Option<u32>,
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_query_is_named_without_its_value() {
        let long = "x".repeat(100);
        for (query, field, code) in [
            ("name=a&offset=hunter2", "offset", "unknown"),
            ("name=a&limit=1&limit=hunter2", "limit", "repeated"),
            ("name=a&na%6De=hunter2", "name", "repeated"),
            ("name=a&limit=hunter2", "limit", "format"),
            ("limit=1", "name", "required"),
            ("", "name", "required"),
            (&*format!("name=a&{long}=1"), &long[..64], "unknown"),
        ] {
            let request = http::Request::get(format!("/?{query}")).body(()).expect("a request");
            let (mut parts, ()) = request.into_parts();
            let told = Query::<Wanted>::from_request_parts(&mut parts, &()).await.expect_err(query).0;
            let errors: Vec<_> = told.errors.iter().map(|error| (&*error.field, error.code)).collect();
            assert_eq!(errors, [(field, code)], "{query}");
            let text = String::from_utf8(told.to_json("test")).expect("text");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn limits_and_cursors_are_bounded() {
        for (limit, cursor) in [(Some(0), None), (Some(201), None), (None, Some("x")), (None, Some("AAAA"))] {
            assert_eq!(Window::parse(limit, cursor).expect_err("refused").status(), 400);
        }
    }
}
