//! `Cache-Control` (RFC 9111 §5.2), read once.
//!
//! What is malformed counts as the strictest thing it could mean: a lifetime that is no number is none at
//! all, one that comes twice is the shorter one, and a list of fields counts as the whole response.

use std::time::Duration;

use http::{HeaderMap, header};

/// Longest time that is told apart, in seconds (RFC 9111 §1.2.2).
const FOREVER: u64 = 1 << 31;

/// What a response says about being kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct ResponseControl {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) public: bool,
    /// `must-revalidate` or `proxy-revalidate`.
    pub(super) must_revalidate: bool,
    pub(super) s_maxage: Option<Duration>,
    pub(super) max_age: Option<Duration>,
    pub(super) stale_while_revalidate: Option<Duration>,
    pub(super) stale_if_error: Option<Duration>,
}

/// What a request says about being answered from memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RequestControl {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) only_if_cached: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) min_fresh: Option<Duration>,
}

impl ResponseControl {
    /// Of a response.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        each(headers, |name, value| match name {
            "no-store" => said.no_store = true,
            "no-cache" => said.no_cache = true,
            "private" => said.private = true,
            "public" => said.public = true,
            "must-revalidate" | "proxy-revalidate" => said.must_revalidate = true,
            "s-maxage" => shorter(&mut said.s_maxage, value),
            "max-age" => shorter(&mut said.max_age, value),
            "stale-while-revalidate" => shorter(&mut said.stale_while_revalidate, value),
            "stale-if-error" => shorter(&mut said.stale_if_error, value),
            _ => {}
        });
        said
    }
}

impl RequestControl {
    /// Of a request. `Pragma: no-cache` counts where there is no `Cache-Control` (RFC 9111 §5.4).
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        each(headers, |name, value| match name {
            "no-store" => said.no_store = true,
            "no-cache" => said.no_cache = true,
            "only-if-cached" => said.only_if_cached = true,
            "max-age" => shorter(&mut said.max_age, value),
            "min-fresh" => said.min_fresh = said.min_fresh.max(Some(seconds(value))),
            _ => {}
        });
        if !headers.contains_key(header::CACHE_CONTROL)
            && headers.get(header::PRAGMA).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache"))
        {
            said.no_cache = true;
        }
        said
    }
}

fn shorter(known: &mut Option<Duration>, value: Option<&str>) {
    let said = seconds(value);
    *known = Some(known.map_or(said, |known| known.min(said)));
}

/// Seconds; what is no number is zero.
pub(super) fn seconds(value: Option<&str>) -> Duration {
    let digits = value.unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Duration::ZERO;
    }
    Duration::from_secs(digits.parse().unwrap_or(FOREVER).min(FOREVER))
}

/// Tells every directive, its name in lower case and its value without quotes.
fn each(headers: &HeaderMap, mut tell: impl FnMut(&str, Option<&str>)) {
    for value in headers.get_all(header::CACHE_CONTROL) {
        // What is not visible ASCII is no directive that anybody knows.
        let Ok(text) = value.to_str() else { continue };
        let mut quoted = false;
        let parts = text.split(|c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        for part in parts {
            let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
            tell(&name.trim().to_ascii_lowercase(), value.map(|value| value.trim().trim_matches('"')));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::CACHE_CONTROL, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn what_is_malformed_is_read_strictly() {
        let of = |lines: &[&'static str]| ResponseControl::read(&headers(lines));
        let age = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(of(&["max-age=60"]).max_age, age(60));
        assert_eq!(of(&["MAX-AGE=\"60\" , Public"]), ResponseControl { max_age: age(60), public: true, ..of(&[]) });
        for bad in ["max-age", "max-age=", "max-age=x", "max-age=-1", "max-age=1.5", "max-age=+5"] {
            assert_eq!(of(&[bad]).max_age, age(0), "{bad}");
        }
        assert_eq!(of(&["max-age=99999999999999999999999"]).max_age, age(FOREVER));
        assert_eq!(of(&["max-age=60", "max-age=5"]).max_age, age(5));
        assert!(of(&["private=\"set-cookie, x\""]).private);
        assert_eq!(of(&["no-cache=\"a, no-store\""]), ResponseControl { no_cache: true, ..of(&[]) });
        assert!(of(&["x=\"unclosed, public"]) == of(&[]), "nothing is read out of a text");
    }

    #[test]
    fn requests_say_it_in_two_ways() {
        let pragma: HeaderMap = [(header::PRAGMA, HeaderValue::from_static("no-cache"))].into_iter().collect();
        assert!(RequestControl::read(&pragma).no_cache);
        let mut both = headers(&["max-age=5, only-if-cached, min-fresh=3, min-fresh=9"]);
        both.extend(pragma);
        let said = RequestControl::read(&both);
        assert!(!said.no_cache && said.only_if_cached);
        assert_eq!((said.max_age, said.min_fresh), (Some(Duration::from_secs(5)), Some(Duration::from_secs(9))));
    }
}
