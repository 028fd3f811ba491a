//! How strongly a caller was authenticated: the methods (`amr`, RFC 8176), the class they add up to
//! (`acr`, OpenID Connect Core §2), and what may be asked of both (RFC 9470).
//!
//! The class is always derived from the methods, so the two never contradict each other. A set of methods is
//! one small number: asking it costs the edge nothing.

use std::{fmt, str::FromStr, time::Duration};

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

/// What is asked of a login: by a route of those who call it, by a client of its user (RFC 9470 §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Assurance {
    /// At least so strong.
    pub acr: Option<Acr>,
    /// At most so old.
    pub max_age: Option<Duration>,
}

impl Assurance {
    /// Whether nothing is asked.
    pub const fn is_empty(&self) -> bool {
        self.acr.is_none() && self.max_age.is_none()
    }
    /// As parameters of an authorization request (OpenID Connect Core §3.1.2.1).
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let acr = self.acr.map(|acr| (ACR_VALUES, acr.to_string()));
        let max_age = self.max_age.map(|age| (MAX_AGE, age.as_secs().to_string()));
        acr.into_iter().chain(max_age)
    }
    /// From those parameters: of several classes the first that is known, and nothing of what makes no sense.
    pub fn of_parameters(acr_values: Option<&str>, max_age: Option<&str>) -> Self {
        Self {
            acr: acr_values.and_then(|values| values.split(' ').find_map(|value| value.parse().ok())),
            max_age: max_age.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs),
        }
    }
}

/// The parameter with the classes that will do, the best one first.
pub const ACR_VALUES: &str = "acr_values";
/// The parameter with the seconds that a login may be old.
pub const MAX_AGE: &str = "max_age";

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

    #[test]
    fn what_is_asked_survives_an_address() {
        let asked = Assurance { acr: Some(Acr::Mfa), max_age: Some(Duration::from_secs(600)) };
        let sent: Vec<_> = asked.parameters().collect();
        assert_eq!(sent, [("acr_values", "mfa".to_owned()), ("max_age", "600".to_owned())]);
        assert_eq!(Assurance::of_parameters(Some("gold mfa 1fa"), Some("600")), asked);
        assert!(Assurance::of_parameters(Some("gold"), Some("-1")).is_empty());
        assert!(Assurance::of_parameters(None, None).parameters().next().is_none());
    }
}
