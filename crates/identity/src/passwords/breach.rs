//! Whether a password is known from a breach.
//!
//! Two ways. **Online**: the range API of Have I Been Pwned, or any that speaks like it. It is told the first
//! 20 bits of the password's SHA-1 and answers with everything it knows that begins with them (k-anonymity),
//! padded so that the length of the answer tells nothing. **Offline**: a [`Filter`] that was built from the
//! public list, and asks nobody.
//!
//! Whoever cannot be asked keeps nobody from choosing a password: the answer is [`Known::Unasked`], and the
//! caller notes it. Nothing here is on the way of a request through the gate.
//!
//! Deliberately absent: which of the two a tenant wants (see [`Rules`](super::Rules)), and what follows.

mod filter;
mod list;
mod range;

use std::{path::PathBuf, time::Duration};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use kernel::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use filter::{Filter, FilterError, FilterFile};
pub use list::{BuildError, BuildOptions, Built, build_filter};
pub use range::RangeApi;

/// Where to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreachCheck {
    /// Nowhere.
    #[default]
    Off,
    /// The range API.
    Online,
    /// The operator's filter file.
    Offline,
}

/// What the operator decided about breaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BreachSettings {
    /// Where to look, where a tenant does not say. Unless set, it is the filter if there is one; else the range API
    /// if the policy [asks for it](crate::passwords::Policy::wants_breach_check), and nowhere otherwise.
    pub check: Option<BreachCheck>,
    /// The range API, up to the prefix.
    pub url: String,
    /// How long its answer is waited for.
    pub timeout: Duration,
    /// The filter file.
    pub filter: Option<PathBuf>,
}

impl Default for BreachSettings {
    fn default() -> Self {
        Self {
            check: None,
            url: "https://api.pwnedpasswords.com/range/".into(),
            timeout: Duration::from_secs(2),
            filter: None,
        }
    }
}

/// Why breaches cannot be looked up as configured.
#[derive(Debug, thiserror::Error)]
pub enum BreachError {
    /// The URL.
    #[error("passwords.breach_url: write https://HOST/PATH; http:// only for a service on this machine")]
    Url,
    /// TLS.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The filter file.
    #[error("passwords.breach_filter {}: {error}", path.display())]
    Filter {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: FilterError,
    },
}

/// What is known about a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Known {
    /// It is in no breach that was looked at.
    No,
    /// It is in one.
    Yes,
    /// Nobody could be asked, for this reason.
    Unasked(String),
}

/// What can be asked.
#[derive(Debug)]
pub struct Breaches {
    range: RangeApi,
    filter: Option<FilterFile>,
}

impl Breaches {
    /// Reads the filter file, if there is one. A damaged one is refused.
    pub fn open(settings: &BreachSettings) -> Result<Self, BreachError> {
        let range = RangeApi::new(&settings.url, settings.timeout)?;
        let open = |path: &PathBuf| {
            FilterFile::open(path.clone()).map_err(|error| BreachError::Filter { path: path.clone(), error })
        };
        Ok(Self { range, filter: settings.filter.as_ref().map(open).transpose()? })
    }

    /// Whether there is a filter to ask.
    pub const fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// Looks the password up.
    pub async fn look_up(&self, check: BreachCheck, password: &Secret, now: Timestamp) -> Known {
        if check == BreachCheck::Off {
            return Known::No;
        }
        let hash = sha1(password.expose());
        match (check, &self.filter) {
            (BreachCheck::Online, _) => match self.range.knows(&hash, now).await {
                Ok(true) => Known::Yes,
                Ok(false) => Known::No,
                Err(reason) => Known::Unasked(reason),
            },
            (_, None) => Known::Unasked("there is no filter file: passwords.breach_filter is not set".into()),
            (_, Some(filter)) if filter.contains(&hash) => Known::Yes,
            (_, Some(_)) => Known::No,
        }
    }

    /// Takes over a filter file that was changed. What is damaged is left, and the one before stays in force.
    pub async fn refresh(&self) -> Result<(), FilterError> {
        match &self.filter {
            Some(filter) => filter.refresh().await,
            None => Ok(()),
        }
    }
}

/// What lists of breached passwords know a password by. No secret is protected by it here.
fn sha1(password: &str) -> [u8; 20] {
    let mut hash = [0; 20];
    hash.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests;
