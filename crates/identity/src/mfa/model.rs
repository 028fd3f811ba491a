//! Kinds of factors and how they are shown. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a stored factor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
pub struct Offer {
    /// Which.
    pub method: Method,
    /// Which of the person's phones, in a form that says nothing to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "+49•••••••56")]
    pub hint: Option<String>,
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
