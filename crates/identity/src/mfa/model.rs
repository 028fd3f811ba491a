//! Kinds of factors and how they are shown. Pure.

use kernel::{FactorId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a stored factor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FactorKind)]
pub enum Kind {
    /// An authenticator app.
    Totp,
    /// Text messages to a phone.
    Sms,
}

impl Kind {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
        }
    }
    /// From what is stored.
    pub fn from_stored(word: &str) -> Option<Self> {
        [Self::Totp, Self::Sms].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A way to answer a challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecondFactor)]
pub enum Method {
    /// A code of an authenticator app.
    Totp,
    /// A code in a text message.
    Sms,
    /// One of the codes that were kept for the day the others are lost.
    BackupCode,
    /// A passkey of this host, by calls of its own.
    Passkey,
}

impl From<Kind> for Method {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Totp => Self::Totp,
            Kind::Sms => Self::Sms,
        }
    }
}

/// A method that a challenge may be answered with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OfferedFactor)]
pub struct Offer {
    /// Which.
    pub method: Method,
    /// Which of the person's phones, in a form that says nothing to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "+49•••••••56")]
    pub hint: Option<String>,
}

/// A factor as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Factor {
    pub(super) id: FactorId,
    pub(super) kind: Kind,
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) phone: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
}

/// What somebody who begins with a factor is shown.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// To be given with the code that confirms it.
    pub id: FactorId,
    /// For an authenticator app: what it needs to know.
    pub totp: Option<TotpEnrolment>,
}

/// What an authenticator app needs to know, in three forms. Shown once.
#[derive(Clone, Debug)]
pub struct TotpEnrolment {
    /// To be typed (base32).
    pub secret: String,
    /// To be opened.
    pub otpauth_uri: String,
    /// To be scanned.
    pub qr_svg: String,
}

/// A factor as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Factor)]
pub struct FactorView {
    /// Id.
    pub id: Uuid,
    /// What it is.
    pub kind: Kind,
    /// Which phone, mostly hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "+49•••••••56")]
    pub hint: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was used last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl From<&Factor> for FactorView {
    fn from(factor: &Factor) -> Self {
        Self {
            id: factor.id.uuid(),
            kind: factor.kind,
            hint: factor.phone.as_deref().map(masked),
            created_at: factor.created_at,
            last_used_at: factor.last_used_at,
        }
    }
}

/// All factors of a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Factors {
    /// Those that are asked for, oldest first.
    pub factors: Vec<FactorView>,
    /// Backup codes that have not been used.
    pub backup_codes_left: u32,
}

/// A phone number that its owner recognises and nobody else learns: the first three and the last two characters.
pub fn masked(phone: &str) -> String {
    let count = phone.chars().count();
    phone.chars().enumerate().map(|(i, c)| if i < 3 || i + 2 >= count { c } else { '•' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_keeps_its_length_and_little_else() {
        assert_eq!(masked("+493012345656"), "+49••••••••56");
        assert_eq!(masked("+1555001"), "+15•••01");
    }
}
