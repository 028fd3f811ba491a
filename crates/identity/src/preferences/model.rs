//! A tenant's decisions, with what holds where it made none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    language::Language,
    mfa::MfaPolicy,
    passwords::{Cost, Policy},
    sessions::SessionPolicy,
    settings::Settings,
};

/// Most bits of work a tenant may ask for: about 17 million hashes, minutes in a browser.
pub(super) const MAX_WORK: u8 = 24;

/// Whether anybody may register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RegistrationPolicy)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Nobody: administrators make accounts, and invite.
    Closed,
}

/// What a tenant decides about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Preferences {
    /// The language of messages to people who did not ask for one.
    pub language: Language,
    /// Whether people log in only after they have verified their e-mail address.
    pub verified_login: bool,
    /// Whether people are told by mail of a login with a device that was not used before.
    pub new_login_mail: bool,
    /// Whether people may delete their own account.
    pub account_deletion: bool,
    /// Whether anybody may register; absent where the operator decides. Nobody may where the operator says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub registration: Option<Registration>,
    /// Who must have a second factor.
    pub mfa: MfaPolicy,
    /// How long sessions last, and how many a person has at once.
    pub sessions: SessionPolicy,
    /// Which passwords may be chosen; absent where the operator's policy holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_policy: Option<Policy>,
    /// What hashing a password costs; absent where the operator's cost holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_hashing: Option<Cost>,
    /// Zero bits of the proof of work that registering costs: 0 for none, 24 at most. 16 takes a browser
    /// about a second.
    pub signup_work: u8,
}

impl Preferences {
    /// Whether anybody may register. What the operator closes no tenant opens.
    pub fn may_register(&self, operator: &Settings) -> bool {
        operator.open_registration && self.registration != Some(Registration::Closed)
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: Language::En,
            verified_login: false,
            new_login_mail: true,
            account_deletion: true,
            registration: None,
            mfa: MfaPolicy::default(),
            sessions: SessionPolicy::default(),
            signup_work: 0,
            password_policy: None,
            password_hashing: None,
        }
    }
}
