//! A policy as it is written, in the configuration and in a tenant's settings.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use super::MAX_CHARS;
use crate::passwords::breach::BreachCheck;

/// Most former passwords that may be remembered. Each costs a hash when a password is chosen.
pub const MAX_HISTORY: u8 = 10;
/// The shortest that may be asked for: NIST SP 800-63B-4 §3.1.1.2, with a second factor.
const SHORTEST: u32 = 8;
/// Most words of a tenant's own. They are read at every login, with the other settings.
const MAX_WORDS: usize = 100;
/// Shortest and longest of them, in characters.
const WORD: std::ops::RangeInclusive<usize> = 3..=64;

/// A preset of rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 12 characters or more, with upper and lower case, a digit and a special character.
    #[default]
    Complex,
    /// NIST SP 800-63B-4 §3.1.1.2: 15 characters or more of any kind, 8 with a second factor.
    Nist,
}

/// Which passwords may be chosen: `"complex"`, `"nist"`, or rules of one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Policy {
    /// By its name.
    Preset(Preset),
    /// Rule by rule.
    Custom(Box<Rules>),
}

impl Policy {
    /// The preset of that name.
    pub const COMPLEX: Self = Self::Preset(Preset::Complex);
    /// The preset of that name.
    pub const NIST: Self = Self::Preset(Preset::Nist);

    /// Whether passwords are looked up in breaches where nobody decides otherwise: SP 800-63B asks for that.
    pub const fn wants_breach_check(&self) -> bool {
        matches!(self, Self::Preset(Preset::Nist))
    }

    /// What it comes to.
    pub fn rules(&self) -> Cow<'_, Rules> {
        match self {
            Self::Custom(rules) => Cow::Borrowed(rules),
            Self::Preset(Preset::Complex) => {
                Cow::Owned(Rules { upper: true, lower: true, digit: true, special: true, ..Rules::default() })
            }
            Self::Preset(Preset::Nist) => {
                Cow::Owned(Rules { min_length: 15, min_length_with_second_factor: Some(SHORTEST), ..Rules::default() })
            }
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::COMPLEX
    }
}

impl<'de> Deserialize<'de> for Policy {
    /// By hand: what is wrong inside of a table is named, which an untagged enumeration cannot.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> de::Visitor<'de> for Written {
            type Value = Policy;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"complex\", \"nist\" or a table of rules")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Policy, E> {
                Preset::deserialize(de::value::StrDeserializer::new(text)).map(Policy::Preset)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Policy, A::Error> {
                let rules = Rules::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Policy::Custom(Box::new(rules)))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Rules for passwords.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Fewest characters: 8 to 128; 12 unless given.
    #[schema(minimum = 8, maximum = 128)]
    pub min_length: u32,
    /// Fewest characters for people who log in with a second factor: from 8 to `min_length`, which it is
    /// unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 8, maximum = 128)]
    pub min_length_with_second_factor: Option<u32>,
    /// Whether an upper-case letter is needed.
    pub upper: bool,
    /// Whether a lower-case letter is needed.
    pub lower: bool,
    /// Whether a digit is needed.
    pub digit: bool,
    /// Whether a character that is neither letter nor digit is needed.
    pub special: bool,
    /// How hard it must be to guess, as zxcvbn scores it: 0 (anything) to 4; 3 unless given.
    #[schema(maximum = 4)]
    pub min_score: u8,
    /// How many of the last passwords may not be used again, the present one included: 0 to 10; 5 unless given.
    #[schema(maximum = 10)]
    pub history: u8,
    /// Words of one's own (names of the company, of products) that a password must not be made of, beside
    /// the list that is shipped: 100 at most, of 3 to 64 characters. Case, digits around them and letters
    /// written as digits do not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub blocklist: Vec<String>,
    /// Where to look whether a password is known from a breach; what the operator decided unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub breach_check: Option<BreachCheck>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            min_length: 12,
            min_length_with_second_factor: None,
            upper: false,
            lower: false,
            digit: false,
            special: false,
            min_score: 3,
            history: 5,
            blocklist: Vec::new(),
            breach_check: None,
        }
    }
}

/// A rule that cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidRules {
    /// Which.
    pub field: &'static str,
    /// What to write instead.
    pub message: &'static str,
}

impl Rules {
    /// Fewest characters, for somebody with or without a second factor.
    pub fn least(&self, second_factor: bool) -> usize {
        let with = self.min_length_with_second_factor.filter(|_| second_factor);
        with.unwrap_or(self.min_length) as usize
    }

    /// How hard it must be to guess. Where a second factor makes shorter ones do, it makes one less do: eight
    /// characters, however random, score no more than 2.
    pub fn score(&self, second_factor: bool) -> u8 {
        let eased = second_factor && self.min_length_with_second_factor.is_some();
        self.min_score.saturating_sub(eased.into())
    }

    /// Everything that cannot be.
    pub fn check(&self) -> Vec<InvalidRules> {
        let longest = u32::try_from(MAX_CHARS).unwrap_or(u32::MAX);
        let with_factor = self.min_length_with_second_factor.unwrap_or(self.min_length);
        let word = |word: &String| WORD.contains(&word.chars().count()) && !word.chars().any(char::is_control);
        let letters = |word: &String| word.chars().filter(|c| c.is_alphabetic()).count() >= *WORD.start();
        let rules = [
            ((SHORTEST..=longest).contains(&self.min_length), "min_length", "must be from 8 to 128"),
            (
                (SHORTEST..=self.min_length.max(SHORTEST)).contains(&with_factor),
                "min_length_with_second_factor",
                "must be from 8 to min_length",
            ),
            (self.min_score <= 4, "min_score", "must be from 0 to 4"),
            (self.history <= MAX_HISTORY, "history", "must be from 0 to 10"),
            (self.blocklist.len() <= MAX_WORDS, "blocklist", "may have 100 words at most"),
            (
                self.blocklist.iter().all(|w| word(w) && letters(w)),
                "blocklist",
                "each word must have 3 to 64 characters, three letters among them",
            ),
        ];
        rules.into_iter().filter(|rule| !rule.0).map(|(_, field, message)| InvalidRules { field, message }).collect()
    }
}
