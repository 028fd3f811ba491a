//! How strongly a caller was authenticated: the methods (`amr`, RFC 8176) and the class they add up to
//! (`acr`, OpenID Connect Core §2).
//!
//! The class is always derived from the methods, so the two never contradict each other. A set of methods is
//! one small number: asking it costs the edge nothing.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One way in which somebody proved who they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u16)]
pub enum Method {
    /// A password.
    Password = 1,
    /// A one-time code: of an authenticator app, or a backup code.
    Otp = 1 << 1,
    /// A code in a text message.
    Sms = 1 << 2,
    /// A key in hardware that it cannot leave.
    HardwareKey = 1 << 3,
    /// A key in software, such as a passkey that is kept in step between devices.
    SoftwareKey = 1 << 4,
    /// The person was present.
    Presence = 1 << 5,
    /// Several factors.
    Several = 1 << 6,
}

impl Method {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Password, "pwd"),
        (Self::Otp, "otp"),
        (Self::Sms, "sms"),
        (Self::HardwareKey, "hwk"),
        (Self::SoftwareKey, "swk"),
        (Self::Presence, "user"),
        (Self::Several, "mfa"),
    ];
}

/// A set of methods. Empty for what no person proved: an API key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Amr(u16);

impl Amr {
    /// No method at all.
    pub const NONE: Self = Self(0);

    /// These methods, of one factor.
    pub const fn of(method: Method) -> Self {
        Self(method as u16)
    }
    /// With this one too. That alone does not make two factors; see [`Amr::and`].
    #[must_use]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | method as u16)
    }
    /// With another factor's methods.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0).with(Method::Several)
    }
    /// Whether the method is one of them.
    pub const fn has(self, method: Method) -> bool {
        self.0 & method as u16 != 0
    }
    /// What they add up to. `None`: no person proved anything.
    pub const fn acr(self) -> Option<Acr> {
        match self.0 {
            0 => None,
            _ if self.has(Method::Several) => Some(Acr::Mfa),
            _ => Some(Acr::Single),
        }
    }
    /// The words of RFC 8176, in an order that does not change.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Method::ALL.into_iter().filter(move |(method, _)| self.has(*method)).map(|(_, word)| word)
    }
    /// Of words. Those that are not known are left out: a newer node may have written them, and knowing less of
    /// a login never makes it stronger.
    fn of_words<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let known = |word| Method::ALL.iter().find(|(_, known)| *known == word).map_or(0, |(method, _)| *method as u16);
        Self(words.map(known).fold(0, |all, one| all | one))
    }
    /// From [`Display`](fmt::Display)'s text.
    pub fn from_stored(text: &str) -> Self {
        Self::of_words(text.split(' '))
    }
}

impl fmt::Display for Amr {
    /// Space separated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Amr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amr({self})")
    }
}

impl Serialize for Amr {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.words())
    }
}

impl<'de> Deserialize<'de> for Amr {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(d)?;
        Ok(Self::of_words(words.iter().map(String::as_str)))
    }
}

/// An authentication context class: how much a login is worth. Greater is stronger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Acr {
    /// One factor.
    Single,
    /// Several factors.
    Mfa,
}

impl Acr {
    /// The word in tokens and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "1fa",
            Self::Mfa => "mfa",
        }
    }
}

/// Why a text is no class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be `1fa` or `mfa`")]
pub struct InvalidAcr;

impl FromStr for Acr {
    type Err = InvalidAcr;
    fn from_str(text: &str) -> Result<Self, InvalidAcr> {
        [Self::Single, Self::Mfa].into_iter().find(|acr| acr.as_str() == text).ok_or(InvalidAcr)
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Acr {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Acr {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_factors_are_more_than_two_methods() {
        let password = Amr::of(Method::Password);
        let touched = Amr::of(Method::SoftwareKey).with(Method::Presence);
        assert_eq!((Amr::NONE.acr(), password.acr(), touched.acr()), (None, Some(Acr::Single), Some(Acr::Single)));
        let both = password.and(Amr::of(Method::Otp));
        assert_eq!((both.acr(), both.to_string().as_str()), (Some(Acr::Mfa), "pwd otp mfa"));
        assert!(Acr::Mfa > Acr::Single);
    }

    #[test]
    fn what_is_written_is_read_and_unknown_words_add_nothing() {
        let all = Amr::of(Method::Password).with(Method::HardwareKey).and(Amr::of(Method::Sms));
        assert_eq!(Amr::from_stored(&all.to_string()), all);
        assert_eq!(serde_json::from_value::<Amr>(serde_json::to_value(all).expect("json")).expect("amr"), all);
        assert_eq!(Amr::from_stored("pwd face"), Amr::of(Method::Password));
        assert_eq!(Amr::from_stored(""), Amr::NONE);
        assert_eq!("mfa".parse(), Ok(Acr::Mfa));
        assert_eq!("MFA".parse::<Acr>(), Err(InvalidAcr));
    }
}
