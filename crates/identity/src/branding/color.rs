//! Colours, and how well one can be read on another. Pure.

use std::{fmt, str::FromStr};

/// An opaque colour of sRGB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Color([u8; 3]);

/// Why a text is no colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a colour such as #1f4a70")]
pub struct InvalidColor;

impl FromStr for Color {
    type Err = InvalidColor;
    fn from_str(text: &str) -> Result<Self, InvalidColor> {
        let hex =
            text.strip_prefix('#').filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())).ok_or(InvalidColor)?;
        let value = u32::from_str_radix(hex, 16).map_err(|_| InvalidColor)?;
        let [_, a, b, c] = value.to_be_bytes();
        match hex.len() {
            6 => Ok(Self([a, b, c])),
            // `#abc` is `#aabbcc`.
            3 => Ok(Self([b & 15, c >> 4, c & 15].map(|digit| digit * 17))),
            _ => Err(InvalidColor),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Color {
    /// From its parts.
    pub const fn new(rgb: [u8; 3]) -> Self {
        Self(rgb)
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126f64.mul_add(r, 0.7152f64.mul_add(g, 0.0722 * b))
    }

    /// The contrast ratio (WCAG 2.2), from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// This one with so many hundredths of another, as `color-mix(in srgb, …)` makes it.
    #[must_use]
    pub fn tinted(self, other: Self, percent: u16) -> Self {
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * (100 - percent) + u16::from(b) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        let ([r, g, b], [x, y, z]) = (self.0, other.0);
        Self([mix(r, x), mix(g, y), mix(b, z)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        text.parse().expect(text)
    }

    #[test]
    fn colours_are_read_and_written() {
        assert_eq!(color("#1F4a70").to_string(), "#1f4a70");
        assert_eq!(color("#1af").to_string(), "#11aaff");
        for wrong in ["", "#", "1f4a70", "#1f4a7", "#1f4a700", "#gggggg", "#+12345", "red", "rgb(1,2,3)", "#é12345"] {
            assert_eq!(wrong.parse::<Color>(), Err(InvalidColor), "{wrong}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let ratio = |a: &str, b: &str| (color(a).contrast(color(b)) * 100.0).round();
        assert_eq!([ratio("#000", "#fff"), ratio("#fff", "#000"), ratio("#777", "#777")], [2_100.0, 2_100.0, 100.0]);
        assert_eq!([ratio("#767676", "#fff"), ratio("#ff0000", "#fff")], [454.0, 400.0]);
    }

    #[test]
    fn a_tint_lies_between() {
        assert_eq!(color("#000").tinted(color("#fff"), 13).to_string(), "#212121");
    }
}
