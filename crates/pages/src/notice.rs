//! What is said once on the page after a change: kept in a cookie for the moment between the two.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use crate::cookies;

const COOKIE: &str = "__Host-portcullis_notice";
/// Longer than any redirect takes.
const KEPT: Duration = Duration::from_secs(60);

/// What can be said. A closed list: whatever is in the cookie, no other words are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Notice {
    /// Signed out.
    SignedOut,
    /// The time for it is over.
    StartAgain,
    /// A code was sent.
    SmsSent,
    /// A mail was sent, perhaps.
    MailSent,
    /// The address is confirmed.
    EmailVerified,
    /// The new address is confirmed.
    EmailChanged,
    /// A password was chosen.
    PasswordChosen,
    /// The profile is stored.
    ProfileSaved,
    /// A mail is on its way to the new address.
    EmailAsked,
    /// There is a new password.
    PasswordChanged,
    /// One session has ended.
    SessionEnded,
    /// It had ended before.
    SessionGone,
    /// All others have ended.
    SessionsEnded,
    /// A device has a name.
    DeviceNamed,
    /// A device is forgotten.
    DeviceRemoved,
    /// An API key works no more.
    KeyRevoked,
    /// A second factor works.
    FactorAdded,
    /// A second factor is asked for no more.
    FactorRemoved,
    /// There is a new passkey.
    PasskeyAdded,
    /// A passkey has a name.
    PasskeyNamed,
    /// A passkey works no more.
    PasskeyRemoved,
    /// The account is deleted.
    AccountDeleted,
    /// What was wanted needs a second factor, of which they have none.
    FactorNeeded,
    /// What was wanted needs a recent sign-in.
    SignInAgain,
}

impl Notice {
    const ALL: &[(Self, &str, &str)] = &[
        (Self::SignedOut, "signed-out", "notice-signed-out"),
        (Self::StartAgain, "start-again", "notice-start-again"),
        (Self::SmsSent, "sms-sent", "notice-sms-sent"),
        (Self::MailSent, "mail-sent", "notice-mail-sent"),
        (Self::EmailVerified, "email-verified", "notice-email-verified"),
        (Self::EmailChanged, "email-changed", "notice-email-changed"),
        (Self::PasswordChosen, "password-chosen", "notice-password-chosen"),
        (Self::ProfileSaved, "profile-saved", "notice-profile-saved"),
        (Self::EmailAsked, "email-asked", "notice-email-asked"),
        (Self::PasswordChanged, "password-changed", "notice-password-changed"),
        (Self::SessionEnded, "session-ended", "notice-session-ended"),
        (Self::SessionGone, "session-gone", "notice-session-gone"),
        (Self::SessionsEnded, "sessions-ended", "notice-sessions-ended"),
        (Self::DeviceNamed, "device-named", "notice-device-named"),
        (Self::DeviceRemoved, "device-removed", "notice-device-removed"),
        (Self::KeyRevoked, "key-revoked", "notice-key-revoked"),
        (Self::FactorAdded, "factor-added", "notice-factor-added"),
        (Self::FactorRemoved, "factor-removed", "notice-factor-removed"),
        (Self::PasskeyAdded, "passkey-added", "notice-passkey-added"),
        (Self::PasskeyNamed, "passkey-named", "notice-passkey-named"),
        (Self::PasskeyRemoved, "passkey-removed", "notice-passkey-removed"),
        (Self::AccountDeleted, "account-deleted", "notice-account-deleted"),
        (Self::FactorNeeded, "factor-needed", "notice-factor-needed"),
        (Self::SignInAgain, "sign-in-again", "notice-sign-in-again"),
    ];

    /// The text's key.
    pub(crate) fn key(self) -> &'static str {
        Self::ALL.iter().find(|(notice, ..)| *notice == self).map_or("", |(_, _, key)| key)
    }

    /// What the browser was given to say.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let name = cookies::read(headers, COOKIE)?;
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(notice, ..)| *notice)
    }

    /// Gives it to the browser.
    pub(crate) fn cookie(self) -> Option<HeaderValue> {
        let name = Self::ALL.iter().find(|(notice, ..)| *notice == self).map(|(_, name, _)| name)?;
        cookies::set(COOKIE, name, Some(KEPT))
    }

    /// It has been said.
    pub(crate) fn clear() -> Option<HeaderValue> {
        cookies::clear(COOKIE)
    }
}
