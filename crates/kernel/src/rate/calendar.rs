//! Calendar periods in UTC, as integers of microseconds.
//!
//! By arithmetic on days alone (Howard Hinnant's `civil_from_days`), because a Redis script computes the
//! same numbers in the same way. Times before 1970 are not needed and not right.

use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400_000_000;
/// Days from 1 March of year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;
/// Days in four hundred years.
const ERA: i64 = 146_097;

/// A part of the calendar that quotas are counted by. It begins at midnight UTC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A day.
    Day,
    /// A month.
    Month,
}

impl Period {
    /// The period around `now`: its first microsecond, and the first one after it.
    pub const fn around(self, now: i64) -> (i64, i64) {
        let day = now.div_euclid(DAY);
        match self {
            Self::Day => (day * DAY, (day + 1) * DAY),
            Self::Month => {
                let (first, next) = month(day);
                (first * DAY, next * DAY)
            }
        }
    }
}

/// The first day of the month around a day, and of the next one.
const fn month(day: i64) -> (i64, i64) {
    // Years that begin in March, so that a leap day is the last of its year.
    let shifted = day + EPOCH;
    let era = shifted.div_euclid(ERA);
    let of_era = shifted - era * ERA;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let next = match (month, year) {
        (11, 399) => first_of(era + 1, 0, 0),
        (11, _) => first_of(era, year + 1, 0),
        _ => first_of(era, year, month + 1),
    };
    (first_of(era, year, month), next)
}

/// The first day of a month that is counted from March.
const fn first_of(era: i64, year: i64, month: i64) -> i64 {
    era * ERA + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 - EPOCH
}

#[cfg(test)]
mod tests {
    use time::{Date, Month, OffsetDateTime, Time};

    use super::*;

    fn micros(date: Date) -> i64 {
        OffsetDateTime::new_utc(date, Time::MIDNIGHT).unix_timestamp() * 1_000_000
    }

    #[test]
    fn every_day_of_two_centuries_has_its_month_and_day() {
        let mut date = Date::from_calendar_date(1970, Month::January, 1).expect("a date");
        let last = Date::from_calendar_date(2170, Month::January, 1).expect("a date");
        while date < last {
            let next = date.next_day().expect("a date");
            let first = date.replace_day(1).expect("a date");
            let after =
                (0..32).fold(first, |d, _| if d.month() == first.month() { d.next_day().expect("a date") } else { d });
            for now in [micros(date), micros(next) - 1] {
                assert_eq!(Period::Day.around(now), (micros(date), micros(next)), "{date}");
                assert_eq!(Period::Month.around(now), (micros(first), micros(after)), "{date}");
            }
            date = next;
        }
    }
}
