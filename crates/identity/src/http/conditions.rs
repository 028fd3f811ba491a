//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110 §8.8.3, §13.1): numbers of revisions in quotes.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::{Problem, problem::common};

/// What must hold for a change to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Nothing.
    Always,
    /// There is something.
    Exists,
    /// There is nothing yet.
    Absent,
    /// It is of one of these revisions.
    Is(Vec<i64>),
}

/// Most tags in one header.
const MAX_TAGS: usize = 16;

impl Condition {
    /// Reads the headers of a request.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let text = |name: &HeaderName| {
            let mut all = headers.get_all(name).iter();
            match (all.next(), all.next()) {
                (None, _) => Ok(None),
                (Some(one), None) => one.to_str().map(|text| Some(text.trim())).map_err(|_| wrong(name)),
                _ => Err(wrong(name)),
            }
        };
        match (text(&header::IF_MATCH)?, text(&header::IF_NONE_MATCH)?) {
            (None, None) => Ok(Self::Always),
            (Some("*"), None) => Ok(Self::Exists),
            (None, Some("*")) => Ok(Self::Absent),
            (Some(tags), None) => {
                let tags: Option<Vec<i64>> = tags.split(',').take(MAX_TAGS + 1).map(number).collect();
                let tags = tags.filter(|tags| tags.len() <= MAX_TAGS);
                tags.map(Self::Is).ok_or_else(|| wrong(&header::IF_MATCH))
            }
            (_, Some(_)) => Err(wrong(&header::IF_NONE_MATCH)),
        }
    }

    /// Whether it holds for a thing of this revision, or for one that is not there.
    pub fn holds(&self, known: Option<i64>) -> bool {
        match self {
            Self::Always => true,
            Self::Exists => known.is_some(),
            Self::Absent => known.is_none(),
            Self::Is(revisions) => known.is_some_and(|known| revisions.contains(&known)),
        }
    }
}

fn number(tag: &str) -> Option<i64> {
    tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn wrong(name: &HeaderName) -> Problem {
    let message = "must be one ETag that was given out, several with commas between, or *";
    Problem::new(common::INVALID).field(name.to_string(), "format", message)
}

/// The `ETag` of a revision.
pub fn tag(revision: i64) -> (HeaderName, HeaderValue) {
    let value = HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    (header::ETAG, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Condition, Problem> {
        Condition::read(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
    }

    #[test]
    fn tags_are_numbers_in_quotes() {
        assert_eq!(read("if-match", "\"3\", \"5\"").expect("tags"), Condition::Is(vec![3, 5]));
        assert_eq!(read("if-match", "*").expect("any"), Condition::Exists);
        assert_eq!(read("if-none-match", "*").expect("none"), Condition::Absent);
        assert_eq!(read("accept", "*").expect("nothing"), Condition::Always);
        for (name, value) in [("if-match", "3"), ("if-match", "W/\"3\""), ("if-match", ""), ("if-none-match", "\"3\"")]
        {
            assert_eq!(read(name, value).expect_err(value).status(), 400);
        }
    }

    #[test]
    fn a_condition_is_about_what_is_there() {
        let all = [Condition::Always, Condition::Exists, Condition::Absent, Condition::Is(vec![2])];
        assert_eq!(all.clone().map(|condition| condition.holds(Some(2))), [true, true, false, true]);
        assert_eq!(all.clone().map(|condition| condition.holds(Some(3))), [true, true, false, false]);
        assert_eq!(all.map(|condition| condition.holds(None)), [true, false, true, false]);
    }
}
