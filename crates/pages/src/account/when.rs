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
        return shown(at, words.with("ago-long", &FluentArgs::from_iter([("date", date(words, at))])));
    }
    let (key, count) = match since.as_secs() {
        0..MINUTE => ("ago-now", 0),
        seconds @ MINUTE..HOUR => ("ago-minutes", seconds / MINUTE),
        seconds @ HOUR..DAY => ("ago-hours", seconds / HOUR),
        seconds => ("ago-days", seconds / DAY),
    };
    shown(at, words.with(key, &FluentArgs::from_iter([("count", count)])))
}

/// The day of a time (UTC), in words.
pub(super) fn day(words: &Words, at: Timestamp) -> Value {
    shown(at, date(words, at))
}

fn date(words: &Words, at: Timestamp) -> String {
    let text = at.to_string();
    let mut parts = text.split(['-', 'T']);
    let year = parts.next().unwrap_or_default();
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).unwrap_or_default();
    let (month, day) = (number(), number());
    let mut args = FluentArgs::from_iter([("month", month), ("day", day)]);
    // As text: a year is not counted.
    args.set("year", year);
    words.with("date", &args)
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
        assert_eq!(said(30 * DAY).to_string(), "on 15 October 2023");
    }

    #[test]
    fn a_day_is_written_as_its_language_writes_it() {
        let texts = Texts::new();
        let said = |language, secs| {
            let words = texts.of(language, None);
            day(&words, Timestamp::from_secs(secs)).get_attr("text").expect("a text").to_string()
        };
        let later = 1_796_083_200;
        for (language, first, last) in [
            (Language::En, "1 March 2026", "1 December 2026"),
            (Language::De, "1. März 2026", "1. Dezember 2026"),
            (Language::Fr, "1er mars 2026", "1er décembre 2026"),
            (Language::Es, "1 de marzo de 2026", "1 de diciembre de 2026"),
            (Language::Cs, "1. března 2026", "1. prosince 2026"),
        ] {
            assert_eq!([said(language, 1_772_323_200), said(language, later)], [first, last]);
        }
        assert_eq!(said(Language::Fr, later + 86_400), "2 décembre 2026");
    }
}
