//! What the identity service is told: tokens, sessions, passwords, limits in front of it.

use std::path::PathBuf;

use gateway::config::{Duration, Size};
use identity::passwords::{
    Policy,
    breach::{BreachCheck, BreachSettings},
};
use kernel::{Rate, jose::Alg};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Only for the schema: a rate as text.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "rate"))]
pub(super) struct RateText(#[expect(dead_code, reason = "only its schema is used")] String);

/// Access and refresh tokens.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// The signature algorithm of new signing keys. Keys that exist keep theirs; `portcullis keys rotate`
    /// makes a new one.
    #[schemars(with = "AlgText")]
    pub algorithm: Alg,
    /// How long an access token is valid: from 10s to 24h. What is revoked is refused at once all the same.
    pub access_ttl: Duration,
    /// How long a refresh token is valid unless used: from 1m to 365d, and longer than an access token.
    pub refresh_ttl: Duration,
    /// How long a refresh token that was already used still gets the same successor, for clients that
    /// lost the answer: at most 60s.
    pub refresh_grace: Duration,
    /// How old a signing key may become before a new one takes its place by itself: at least 1h. Unless set,
    /// keys are rotated by hand. Tokens of the old key stay valid until they expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_rotation: Option<Duration>,
}

/// Only for the schema: the names of [`Alg`].
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum AlgText {
    RS256,
    ES256,
    EdDSA,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            algorithm: Alg::default(),
            access_ttl: Duration::from_secs(15 * 60),
            refresh_ttl: Duration::from_secs(30 * 86_400),
            refresh_grace: Duration::from_secs(10),
            key_rotation: None,
        }
    }
}

/// How long a login lasts.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// A session ends when it is not used for this long: from 1m to 365d.
    pub idle: Duration,
    /// A session ends this long after the login, whatever happens: at least as long as `idle`.
    pub absolute: Duration,
    /// Both limits, where the person asked to be remembered: at least as long as `absolute`.
    pub remember: Duration,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(12 * 3_600),
            absolute: Duration::from_secs(7 * 86_400),
            remember: Duration::from_secs(30 * 86_400),
        }
    }
}

/// How passwords are hashed, and which may be chosen.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// The cost of a hash (Argon2id, RFC 9106). A login with an older cost is rehashed.
    pub argon2: Argon2,
    /// Which passwords may be chosen, unless a tenant says otherwise. `complex`: 12 characters or more, with
    /// upper and lower case, a digit and a special character. `nist`: 15 characters or more of any kind, 8 for
    /// people with a second factor. Both refuse what is easy to guess and the last 5. Or a table of rules:
    /// `{ min_length = 14, digit = true }`.
    #[schemars(with = "PolicyText")]
    pub policy: Policy,
    /// Where to look whether a password that is chosen is known from a breach, unless a tenant says otherwise.
    /// `online`: the range API at `breach_url`, which is told the first 20 bits of the password's SHA-1.
    /// `offline`: the file `breach_filter`. Unless set, it is `offline` where there is a filter; else
    /// `online` for the policy `nist`, and `off` for others. When nobody can be asked, the password is let through and the audit log says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BreachCheckText>")]
    pub breach_check: Option<BreachCheck>,
    /// The range API that `online` asks, up to the prefix: `https://`, or `http://` to this machine.
    #[schemars(extend("format" = "service-url"))]
    pub breach_url: String,
    /// How long its answer is waited for: from 100ms to 10s.
    pub breach_timeout: Duration,
    /// The filter file that `offline` looks into, made by `portcullis passwords build-filter`. It is read into
    /// memory, and read again within a minute when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach_filter: Option<PathBuf>,
    /// Threads that hash, each with its own memory. 0 is one for each core.
    #[schemars(range(max = 1024))]
    pub threads: u16,
    /// Hashes that may wait for a thread. More are refused with 503 and `Retry-After`.
    #[schemars(range(min = 1, max = 65536))]
    pub queue: u32,
}

/// Only for the schema: [`Policy`].
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum PolicyText {
    Preset(PresetText),
    Custom(RulesTable),
}

/// Only for the schema: the names of [`BreachCheck`].
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum BreachCheckText {
    Off,
    Online,
    Offline,
}

/// Only for the schema: the names of presets.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum PresetText {
    Complex,
    Nist,
}

/// Only for the schema: [`identity::passwords::Rules`].
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
struct RulesTable {
    /// Fewest characters; 12 unless set.
    #[schemars(range(min = 8, max = 128))]
    min_length: Option<u32>,
    /// Fewest characters for people with a second factor: at most `min_length`, which it is unless set.
    #[schemars(range(min = 8, max = 128))]
    min_length_with_second_factor: Option<u32>,
    /// Whether an upper-case letter is needed.
    upper: Option<bool>,
    /// Whether a lower-case letter is needed.
    lower: Option<bool>,
    /// Whether a digit is needed.
    digit: Option<bool>,
    /// Whether a character that is neither letter nor digit is needed.
    special: Option<bool>,
    /// How hard it must be to guess, as zxcvbn scores it; 3 unless set.
    #[schemars(range(max = 4))]
    min_score: Option<u8>,
    /// How many of the last passwords may not be used again; 5 unless set.
    #[schemars(range(max = 10))]
    history: Option<u8>,
    /// Words that a password must not be made of, beside those that are shipped: 100 at most, of 3 to 64
    /// characters.
    #[schemars(length(max = 100))]
    blocklist: Option<Vec<String>>,
    /// As `passwords.breach_check`.
    breach_check: Option<BreachCheckText>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            argon2: Argon2::default(),
            policy: Policy::default(),
            breach_check: None,
            breach_url: BreachSettings::default().url,
            breach_timeout: Duration::from_secs(2),
            breach_filter: None,
            threads: 0,
            queue: 64,
        }
    }
}

/// The cost of a hash (Argon2id, RFC 9106).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2 {
    /// Memory of one hash: from 19MiB to 4GiB.
    pub memory: Size,
    /// Passes over the memory: at least 2.
    #[schemars(range(min = 2, max = 100))]
    pub iterations: u32,
    /// Lanes.
    #[schemars(range(min = 1, max = 64))]
    pub parallelism: u32,
}

impl Default for Argon2 {
    fn default() -> Self {
        Self { memory: Size::from_mib(64), iterations: 2, parallelism: 4 }
    }
}

/// The identity service.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Whether anybody may register. If not, administrators create users.
    pub open_registration: bool,
    /// What happens after failed logins.
    pub lockout: Lockout,
    /// The limiter in front of identity's own routes.
    pub limits: IdentityLimits,
}

impl Default for Identity {
    fn default() -> Self {
        Self { open_registration: true, lockout: Lockout::default(), limits: IdentityLimits::default() }
    }
}

/// What happens after failed logins.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lockout {
    /// Failed logins of one account from one source until that source is locked out of it.
    #[schemars(range(min = 1, max = 1000))]
    pub failures: u32,
    /// How many of them cost no delay. From the next on, an attempt is looked at only 1, 2, 4, … 64 seconds
    /// after the one before.
    #[schemars(range(min = 1, max = 1000))]
    pub free_failures: u32,
    /// For how long: from 1s to 30d.
    pub duration: Duration,
}

impl Default for Lockout {
    fn default() -> Self {
        Self { failures: 5, free_failures: 2, duration: Duration::from_secs(15 * 60) }
    }
}

/// The limiter in front of identity's own routes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityLimits {
    /// Logins, by address and by account.
    #[schemars(with = "RateText")]
    pub login: Rate,
    /// Registrations, by address.
    #[schemars(with = "RateText")]
    pub signup: Rate,
    /// Calls that ask for a mail (to verify an address, to reset a password), by address.
    #[schemars(with = "RateText")]
    pub recovery: Rate,
    /// All calls, by address.
    #[schemars(with = "Vec<RateText>")]
    pub ip: Vec<Rate>,
    /// All calls, by user.
    #[schemars(with = "Vec<RateText>")]
    pub user: Vec<Rate>,
}

const fn per_minute(limit: u32) -> Rate {
    Rate { limit, window: std::time::Duration::from_secs(60) }
}
const fn per_hour(limit: u32) -> Rate {
    Rate { limit, window: std::time::Duration::from_secs(3_600) }
}

impl Default for IdentityLimits {
    fn default() -> Self {
        Self {
            login: per_minute(10),
            signup: per_hour(5),
            recovery: per_hour(20),
            ip: vec![per_minute(100), per_hour(1_000)],
            user: vec![per_minute(50)],
        }
    }
}
