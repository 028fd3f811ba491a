//! Messages by name, and what they are made of.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Values that a template may say, by name. Texts only.
pub type Values = BTreeMap<String, String>;

/// A message by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TemplateName)]
pub enum Name {
    /// To a new address: confirm that it is yours.
    VerifyEmail,
    /// To the owner of an address that somebody tried to register again.
    AlreadyRegistered,
    /// To the owner of an address that somebody wanted for their own account.
    AddressTaken,
    /// A link to choose a new password.
    ResetPassword,
    /// To the new address of somebody who changes it: confirm that it is yours.
    ChangeEmail,
    /// To the present address of somebody who asked for a change of it.
    EmailChangeRequested,
    /// To both addresses, once the change is done.
    EmailChanged,
    /// To somebody for whom an administrator has made an account.
    Invitation,
    /// The password was changed or reset.
    PasswordChanged,
    /// Somebody logged in with a device that was not used before.
    NewLogin,
    /// Second factors were changed.
    FactorsChanged,
    /// A code, in a text message.
    SmsCode,
    /// A passkey was added.
    PasskeyAdded,
    /// An API key of the person's own was made.
    ApiKeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// An administrator acts as the person.
    Impersonated,
    /// The account was deleted by its owner.
    AccountDeleted,
    /// Proves that messages arrive.
    Test,
}

/// Why a text is no message's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is not the name of a message")]
pub struct UnknownName;

impl FromStr for Name {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Name {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::VerifyEmail,
        Self::AlreadyRegistered,
        Self::AddressTaken,
        Self::ResetPassword,
        Self::ChangeEmail,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::Invitation,
        Self::PasswordChanged,
        Self::NewLogin,
        Self::FactorsChanged,
        Self::SmsCode,
        Self::PasskeyAdded,
        Self::ApiKeyAdded,
        Self::PasskeyRemoved,
        Self::Impersonated,
        Self::AccountDeleted,
        Self::Test,
    ];

    /// As in URLs and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::AlreadyRegistered => "already_registered",
            Self::AddressTaken => "address_taken",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password_changed",
            Self::NewLogin => "new_login",
            Self::FactorsChanged => "factors_changed",
            Self::SmsCode => "sms_code",
            Self::PasskeyAdded => "passkey_added",
            Self::ApiKeyAdded => "api_key_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::Impersonated => "impersonated",
            Self::AccountDeleted => "account_deleted",
            Self::Test => "test",
        }
    }

    /// The values that this message may say beside those that every one may: [`COMMON`].
    pub const fn own_values(self) -> &'static [&'static str] {
        match self {
            Self::VerifyEmail => &["link", "code", "valid_for"],
            Self::ResetPassword | Self::ChangeEmail | Self::Invitation => &["link", "valid_for"],
            Self::EmailChangeRequested | Self::EmailChanged => &["new_email", "time", "ip"],
            Self::PasswordChanged | Self::FactorsChanged | Self::AccountDeleted => &["time", "ip"],
            Self::SmsCode => &["code", "valid_for"],
            Self::NewLogin | Self::PasskeyAdded | Self::PasskeyRemoved => &["time", "ip", "device"],
            Self::ApiKeyAdded => &["time", "ip", "key"],
            Self::Impersonated => &["time", "reason"],
            Self::AlreadyRegistered | Self::AddressTaken | Self::Test => &[],
        }
    }

    /// Every value of this message with a sample, for previews and to try a template out.
    pub fn samples(self) -> Values {
        let own = self.own_values().iter().copied();
        COMMON.into_iter().chain(own).map(|name| (name.to_owned(), sample(name).to_owned())).collect()
    }
}

/// The values that every message may say: `tenant` is its name, `url` where it is reached, `name` how the
/// person is called (may be empty), `email` their address.
pub(super) const COMMON: [&str; 4] = ["tenant", "url", "name", "email"];

fn sample(name: &str) -> &'static str {
    match name {
        "tenant" => "Example & Sons",
        "url" => "https://id.example.com",
        "name" => "Ada <Lovelace>",
        "email" => "ada@example.com",
        "new_email" => "ada@example.org",
        "link" => "https://id.example.com/verify-email?token=sample",
        "code" => "123456",
        "valid_for" => "24 h",
        "time" => "2026-11-22 05:10 UTC",
        "ip" => "192.0.2.1",
        "device" => "Firefox on Linux",
        "key" => "Nightly build",
        "reason" => "Support case 4711",
        _ => "",
    }
}

/// A message as it is written: three templates.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TemplateSource)]
pub struct Source {
    /// One line.
    #[schema(max_length = 300, example = "Confirm your address at {{ tenant }}")]
    pub subject: String,
    /// Plain text; the whole of a text message.
    #[schema(max_length = 16384, example = "Open {{ link }} within {{ valid_for }}.")]
    pub text: String,
    /// HTML; values in it are escaped.
    #[schema(max_length = 32768)]
    pub html: String,
}

/// A message as it is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RenderedMessage)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}
