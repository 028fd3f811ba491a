//! The languages that Portcullis speaks to people in. Pure.

use std::{str::FromStr, time::Duration};

use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

/// A language of messages.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Czech.
    Cs,
}

/// Why a text is no language of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of en, de, fr, es, cs")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.as_str() == text).ok_or(UnknownLanguage)
    }
}

/// Entries of `Accept-Language` that are looked at.
const MAX_WISHES: usize = 16;

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::En, Self::De, Self::Fr, Self::Es, Self::Cs];

    /// Its code (ISO 639-1).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Cs => "cs",
        }
    }

    /// The one of ours that somebody likes best, by `Accept-Language` (RFC 9110 §12.5.4). `None`: they did
    /// not say, or none of ours.
    pub fn wished(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut best: Option<(u16, Self)> = None;
        for wish in text.split(',').take(MAX_WISHES) {
            let (range, weight) = wish.split_once(';').unwrap_or((wish, "q=1"));
            let primary = range.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let Ok(language) = primary.parse::<Self>() else { continue };
            let weight = thousandths(weight);
            if weight > 0 && best.is_none_or(|(w, _)| weight > w) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// A span of time in words: `24 hours`. Rounded down to what reads well.
    pub fn span(self, span: Duration) -> String {
        let minutes = span.as_secs() / 60;
        let (number, [one, few, many]) = match minutes {
            0..=119 => (minutes, self.minutes()),
            120..=4_319 => (minutes / 60, self.hours()),
            _ => (minutes / 1_440, self.days()),
        };
        let word = match number {
            1 => one,
            2..=4 => few,
            _ => many,
        };
        format!("{number} {word}")
    }

    const fn minutes(self) -> [&'static str; 3] {
        match self {
            Self::En => ["minute", "minutes", "minutes"],
            Self::De => ["Minute", "Minuten", "Minuten"],
            Self::Fr => ["minute", "minutes", "minutes"],
            Self::Es => ["minuto", "minutos", "minutos"],
            Self::Cs => ["minutu", "minuty", "minut"],
        }
    }
    const fn hours(self) -> [&'static str; 3] {
        match self {
            Self::En => ["hour", "hours", "hours"],
            Self::De => ["Stunde", "Stunden", "Stunden"],
            Self::Fr => ["heure", "heures", "heures"],
            Self::Es => ["hora", "horas", "horas"],
            Self::Cs => ["hodinu", "hodiny", "hodin"],
        }
    }
    const fn days(self) -> [&'static str; 3] {
        match self {
            Self::En => ["day", "days", "days"],
            Self::De => ["Tag", "Tage", "Tage"],
            Self::Fr => ["jour", "jours", "jours"],
            Self::Es => ["día", "días", "días"],
            Self::Cs => ["den", "dny", "dní"],
        }
    }
}

/// `q=0.8` as 800. What is malformed counts as not wanted.
fn thousandths(weight: &str) -> u16 {
    let value = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
    // Between 0 and 1000 after the clamp.
    value.filter(|q| q.is_finite()).map_or(0, |q| (q.clamp(0.0, 1.0) * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_wish_that_we_speak_wins() {
        let wished = |text: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, text.parse().expect("a header"))]);
            Language::wished(&headers)
        };
        assert_eq!(wished("de-AT,de;q=0.9,en;q=0.8"), Some(Language::De));
        assert_eq!(wished("pl, cs;q=0.5, FR;q=0.7"), Some(Language::Fr));
        assert_eq!(wished("en;q=0, es;q=0.1"), Some(Language::Es));
        for none in ["", "pl", "*", "de;q=x", "de;q=NaN", ";;,,"] {
            assert_eq!(wished(none), None, "{none}");
        }
        assert_eq!(Language::wished(&HeaderMap::new()), None);
    }

    #[test]
    fn spans_are_counted_in_what_reads_well() {
        let span = |language: Language, secs| language.span(Duration::from_secs(secs));
        assert_eq!(span(Language::En, 60), "1 minute");
        assert_eq!(span(Language::De, 3_600), "60 Minuten");
        assert_eq!(span(Language::Fr, 86_400), "24 heures");
        assert_eq!(span(Language::Cs, 3 * 86_400), "3 dny");
        assert_eq!(span(Language::Es, 7 * 86_400), "7 días");
    }
}
