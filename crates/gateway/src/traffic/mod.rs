//! Where a route's requests go, beside its own upstream: shares of them to another one ([`Split`]), copies
//! ([`Mirror`]), or nowhere, on purpose ([`Faults`]).
//!
//! Deliberately absent: shares that change by themselves. Whoever rolls out changes the configuration.

mod config;
mod faults;
mod mirror;
mod split;

pub use config::{AbortConfig, DelayConfig, FaultConfig, MirrorConfig, SplitConfig};
pub(crate) use faults::Faults;
pub(crate) use mirror::Mirror;
pub(crate) use split::Split;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::Random;

use crate::config::Findings;

/// Header fields that a request must have, all of them; without a value, any value.
#[derive(Debug, Default)]
struct Fields(Box<[(HeaderName, Option<HeaderValue>)]>);

impl Fields {
    fn compile(fields: &BTreeMap<String, String>, at: &str, findings: &mut Findings) -> Self {
        let mut compiled = Vec::new();
        for (name, value) in fields {
            let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
            match parsed {
                Some((name, _)) if value == "*" => compiled.push((name, None)),
                Some((name, value)) => compiled.push((name, Some(value))),
                None => findings.add(
                    format!("{at}.{name}"),
                    "is not a header field",
                    "Write a name and the exact value, or `*` for any value.",
                ),
            }
        }
        Self(compiled.into())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn are_in(&self, headers: &HeaderMap) -> bool {
        self.0.iter().all(|(name, value)| match value {
            None => headers.contains_key(name),
            Some(value) => headers.get_all(name).iter().any(|sent| sent == value),
        })
    }
}

/// Whether this request is one of so many in a hundred.
fn is_drawn(percent: u8, random: &dyn Random) -> bool {
    // Of 2^64 values, which a hundred divides but for a rest that nobody notices.
    percent >= 100 || u64::from_le_bytes(kernel::random::bytes(random)) % 100 < u64::from(percent)
}

fn check_percent(percent: u8, at: &str, findings: &mut Findings) {
    if percent > 100 {
        findings.add(at, "is more than all", "Write 0 to 100.");
    }
}

#[cfg(test)]
mod tests;
