//! Times for people: how long ago lately, the day further away.

use std::time::Duration;

use fluent_bundle::FluentArgs;
use kernel::Timestamp;
use minijinja::{Value, context};

use crate::texts::Words;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// From then on the day says more than how many there were since.
const LONG_AGO: Duration = Duration::from_secs(30 * DAY);

/// A time in the past, for `parts/when.html`: rounded down.
pub(super) fn ago(words: &Words, now: Timestamp, at: Timestamp) -> Value {
    let since = now.since(at);
    if since >= LONG_AGO {
        return day(at);
    }
    let (key, count) = match since.as_secs() {
        0..MINUTE => ("ago-now", 0),
        seconds @ MINUTE..HOUR => ("ago-minutes", seconds / MINUTE),
        seconds @ HOUR..DAY => ("ago-hours", seconds / HOUR),
        seconds => ("ago-days", seconds / DAY),
    };
    shown(at, words.with(key, &FluentArgs::from_iter([("count", count)])))
}

/// The day of a time, as every one of our languages can read it (ISO 8601, UTC).
pub(super) fn day(at: Timestamp) -> Value {
    let text = at.to_string();
    shown(at, text.split('T').next().unwrap_or_default().to_owned())
}

fn shown(at: Timestamp, text: String) -> Value {
    context! { iso => at.to_string(), text }
}

#[cfg(test)]
mod tests {
    use identity::language::Language;

    use super::*;
    use crate::texts::Texts;

    #[test]
    fn lately_is_counted_and_long_ago_is_a_day() {
        let words = Texts::new().of(Language::En, None);
        let now = Timestamp::from_secs(1_700_000_000);
        let said = |seconds| ago(&words, now, now - Duration::from_secs(seconds)).get_attr("text").expect("a text");
        assert_eq!(said(59).to_string(), "just now");
        assert_eq!(said(60).to_string(), "1 minute ago");
        assert_eq!(said(2 * HOUR - 1).to_string(), "1 hour ago");
        assert_eq!(said(29 * DAY).to_string(), "29 days ago");
        assert_eq!(said(30 * DAY).to_string(), "2023-10-15");
    }
}
