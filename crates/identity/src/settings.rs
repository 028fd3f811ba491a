//! What the operator decides about identity. Parsed and checked by the composition root; plain values
//! here.

use std::time::Duration;

use kernel::{Rate, jose::Alg};

use crate::{
    outbox::limits::MessageLimits,
    passwords::{Policy, breach::BreachSettings},
    proofs::Links,
};

/// The slug of the tenant that exists from the first start: requests that name none are about it, and
/// only its users hold rights across tenants.
pub const DEFAULT_SLUG: &str = "default";

/// Settings of the identity service. Per-tenant settings override some of them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where clients reach us, without a trailing slash: the issuer of the default tenant. Other
    /// tenants' issuer is `{public_url}/t/{slug}`.
    pub public_url: String,
    /// Access tokens and their keys.
    pub tokens: TokenSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// Hashing.
    pub passwords: PasswordSettings,
    /// After how many failures a login is locked, and for how long.
    pub lockout: LockoutSettings,
    /// Logins by account, whatever the source. Limits by IP are the gate's.
    pub login_by_account: Rate,
    /// Mails and text messages, by whom they concern.
    pub messages: MessageLimits,
    /// Where the links of messages lead, and for how long they work.
    pub links: Links,
    /// Whether registration without an invitation is open.
    pub open_registration: bool,
}

/// Access and refresh tokens.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// Algorithm of new signing keys.
    pub algorithm: Alg,
    /// How long an access token lives.
    pub access_ttl: Duration,
    /// How long a refresh token lives.
    pub refresh_ttl: Duration,
    /// How long after its use a refresh token still answers with the same successor, so that two tabs
    /// refreshing at once do not log the user out.
    pub refresh_grace: Duration,
    /// How old the active signing key may become until it is rotated by itself. `None`: by hand only.
    pub key_rotation: Option<Duration>,
}

/// Clocks of nodes may differ by so much, and a change may take so long to reach all of them.
const MARGIN: Duration = Duration::from_secs(60);

impl TokenSettings {
    /// How long after a moment a token signed before it might still be accepted: what was taken back
    /// must be remembered for so long, and a key that no longer signs must verify for so long.
    pub fn outlives(&self) -> Duration {
        self.access_ttl + MARGIN
    }
}

impl Settings {
    /// The `iss` of the tenant's tokens: `public_url` for the default tenant, else a path below it.
    pub fn issuer(&self, slug: &str) -> String {
        if slug == DEFAULT_SLUG { self.public_url.clone() } else { format!("{}/t/{slug}", self.public_url) }
    }
}

/// Sessions.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// A session ends when it is not used for this long.
    pub idle: Duration,
    /// A session ends this long after login, whatever happens.
    pub absolute: Duration,
    /// The absolute and idle limit when the person asked to be remembered.
    pub remember: Duration,
}

/// Argon2id (RFC 9106), the pool that runs it, and which passwords may be chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasswordSettings {
    /// KiB of memory for each hash.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Threads that hash; each owns one block buffer of `memory_kib`. 0: one a core.
    pub threads: usize,
    /// Hashes that may wait; more are answered 503 with Retry-After.
    pub queue: usize,
    /// Which passwords may be chosen, where the tenant does not say.
    pub policy: Policy,
    /// Where to look for breached ones.
    pub breaches: BreachSettings,
}

/// When guessing at an account is refused, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockoutSettings {
    /// Failures of one account from one source until it is locked for that source.
    pub failures: u32,
    /// How many of them cost no delay.
    pub free_failures: u32,
    /// For how long.
    pub duration: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".into(),
            tokens: TokenSettings {
                algorithm: Alg::RS256,
                access_ttl: Duration::from_secs(15 * 60),
                refresh_ttl: Duration::from_secs(30 * 86_400),
                refresh_grace: Duration::from_secs(10),
                key_rotation: None,
            },
            sessions: SessionSettings {
                idle: Duration::from_secs(12 * 3_600),
                absolute: Duration::from_secs(7 * 86_400),
                remember: Duration::from_secs(30 * 86_400),
            },
            passwords: PasswordSettings {
                memory_kib: 64 * 1024,
                iterations: 2,
                parallelism: 4,
                threads: 0,
                queue: 64,
                policy: Policy::default(),
                breaches: BreachSettings::default(),
            },
            lockout: LockoutSettings { failures: 5, free_failures: 2, duration: Duration::from_secs(15 * 60) },
            login_by_account: Rate { limit: 10, window: Duration::from_secs(60) },
            messages: MessageLimits::default(),
            links: Links::default(),
            open_registration: true,
        }
    }
}
