//! When a certificate is ordered, and when again after a failure. Pure.

use std::time::Duration;

use kernel::Timestamp;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::certificate::{self, San};

/// Pauses after failures: the first, the longest, and the least where the authority says that it was too much.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(12 * 3_600);
const LIMITED: Duration = Duration::from_secs(3_600);

/// What there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// Whether no authority has signed it.
    pub(super) stand_in: bool,
    hosts: Vec<String>,
}

impl Held {
    /// Reads a certificate.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate::names(der)?.into_iter();
        Some(Self {
            from: Timestamp::from_secs(certificate.validity().not_before.timestamp()),
            until: Timestamp::from_secs(certificate.validity().not_after.timestamp()),
            stand_in: certificate.issuer() == certificate.subject(),
            hosts: names.filter_map(|name| if let San::Dns(name) = name { Some(name) } else { None }).collect(),
        })
    }

    /// Whether it is for all of these hosts.
    pub(super) fn covers(&self, hosts: &[String]) -> bool {
        hosts.iter().all(|host| self.hosts.contains(&host.to_ascii_lowercase()))
    }

    /// When it is to be replaced: after two thirds of its time, and up to a fiftieth later, so that not everybody
    /// who began together orders together. `spread`: where in that fiftieth.
    pub(super) fn due(&self, hosts: &[String], spread: u32) -> Timestamp {
        if self.stand_in || !self.covers(hosts) {
            return Timestamp::EPOCH;
        }
        let lifetime = self.until.since(self.from);
        self.from + lifetime * 2 / 3 + part(lifetime / 50, spread)
    }
}

/// How long to wait after so many failures in a row. `limited`: the authority says that it was too much.
pub(super) fn pause(failures: u32, limited: bool, spread: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST);
    let least = if limited { doubled.max(LIMITED) } else { doubled };
    least + part(least / 4, spread)
}

fn part(whole: Duration, spread: u32) -> Duration {
    whole.mul_f64(f64::from(spread) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_replaced_after_two_thirds() {
        let hosts = vec!["a.test".to_owned()];
        let held = Held {
            from: Timestamp::from_secs(0),
            until: Timestamp::from_secs(90 * 86_400),
            stand_in: false,
            hosts: hosts.clone(),
        };
        let days = |spread| held.due(&hosts, spread).as_secs() / 86_400;
        assert_eq!((days(0), days(u32::MAX)), (60, 61));
        assert_eq!(held.due(&["a.test".into(), "B.test".into()], 0), Timestamp::EPOCH, "another host");
        assert_eq!(Held { stand_in: true, ..held.clone() }.due(&hosts, 0), Timestamp::EPOCH);
        assert!(held.covers(&["A.test".into()]));
    }

    #[test]
    fn pauses_grow_and_are_long_where_it_was_too_much() {
        assert_eq!(pause(1, false, 0), Duration::from_secs(60));
        assert_eq!(pause(3, false, 0), Duration::from_secs(240));
        assert_eq!(pause(1, true, 0), Duration::from_secs(3_600));
        for failures in [20, 33, u32::MAX] {
            assert_eq!(pause(failures, false, u32::MAX), LONGEST * 5 / 4);
        }
    }
}
