//! The `Date` of answers (RFC 9110 §6.6.1), written once a second.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime},
};

use kernel::Timestamp;

thread_local! {
    static DATE: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
}

/// Shows the time as a `Date` to `use_it`.
pub(super) fn with<T>(now: Timestamp, use_it: impl FnOnce(&str) -> T) -> T {
    DATE.with_borrow_mut(|(second, text)| {
        let current = u64::try_from(now.as_micros()).unwrap_or(0) / 1_000_000;
        if *second != current {
            *second = current;
            *text = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(current));
        }
        use_it(text)
    })
}
