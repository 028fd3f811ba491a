//! `grpc-timeout`: until when a caller waits.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

/// Longest that is counted; beyond, a call has no deadline that matters here.
const MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// The moment at which the caller gives up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Deadline(pub(crate) Instant);

impl Deadline {
    /// The deadline of a request that began at `begun`, if it is a call that has one.
    pub(crate) fn of(headers: &HeaderMap, begun: std::time::Instant) -> Option<Self> {
        super::call(headers)?;
        let timeout = parse(headers.get("grpc-timeout")?.as_bytes())?;
        (timeout <= MAX).then(|| Self(Instant::from_std(begun) + timeout))
    }
}

/// One to eight digits and a unit. What is none is left to the service.
pub(super) fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(count * 3600),
        b'M' => Duration::from_secs(count * 60),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    })
}
