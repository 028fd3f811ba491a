//! The colours of a page by what they are for, and which must be told from which. Pure.

use super::{
    color::Color,
    colors::{Colors, Scheme, Schemes},
};
use crate::http::Fields;

/// What a colour is for, as in `pages.css`, with the defaults in the light and in the dark.
pub const ROLES: [(&str, [Color; 2]); 9] = [
    ("accent", [Color::new([0x1f, 0x4a, 0x70]), Color::new([0x9c, 0xc9, 0xf0])]),
    ("on_accent", [Color::new([0xff, 0xff, 0xff]), Color::new([0x0b, 0x18, 0x24])]),
    ("ground", [Color::new([0xee, 0xf2, 0xf6]), Color::new([0x0d, 0x14, 0x1b])]),
    ("surface", [Color::new([0xff, 0xff, 0xff]), Color::new([0x15, 0x1f, 0x29])]),
    ("field", [Color::new([0xff, 0xff, 0xff]), Color::new([0x0f, 0x18, 0x20])]),
    ("ink", [Color::new([0x16, 0x21, 0x2c]), Color::new([0xe8, 0xee, 0xf4])]),
    ("muted", [Color::new([0x51, 0x60, 0x6f]), Color::new([0xa5, 0xb4, 0xc2])]),
    ("line", [Color::new([0xdb, 0xe2, 0xe9]), Color::new([0x29, 0x37, 0x45])]),
    ("control", [Color::new([0x7b, 0x8a, 0x99]), Color::new([0x73, 0x86, 0x9a])]),
];

/// Of faults; no tenant changes it.
const DANGER: [Color; 2] = [Color::new([0xa8, 0x20, 0x1a]), Color::new([0xff, 0xab, 0xa3])];

/// Text, whatever its size (WCAG 2.2, 1.4.3).
const TEXT: f64 = 4.5;
/// Borders of fields and buttons (1.4.11).
const BORDER: f64 = 3.0;

/// What stands on what.
const PAIRS: [(&str, &str, f64); 13] = [
    ("ink", "ground", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "field", TEXT),
    ("muted", "ground", TEXT),
    ("muted", "surface", TEXT),
    ("accent", "ground", TEXT),
    ("accent", "surface", TEXT),
    ("on_accent", "accent", TEXT),
    ("danger", "ground", TEXT),
    ("danger", "surface", TEXT),
    ("control", "ground", BORDER),
    ("control", "surface", BORDER),
    ("control", "field", BORDER),
];
/// How much of the accent is in the ground of what is chosen, in percent: `color-mix` in the sheets.
const CHOSEN: u16 = 13;

/// The colours of a page in the light or in the dark.
#[derive(Clone, Debug)]
pub struct Palette<'a> {
    colors: &'a Colors,
    /// 0 in the light, 1 in the dark: the column of [`ROLES`].
    column: usize,
}

impl<'a> Palette<'a> {
    /// In the light.
    pub const fn light(colors: &'a Schemes) -> Self {
        Self { colors: &colors.light, column: 0 }
    }

    /// In the dark.
    pub const fn dark(colors: &'a Schemes) -> Self {
        Self { colors: &colors.dark, column: 1 }
    }

    /// Whether the tenant has chosen a colour.
    pub fn is_chosen(&self, role: &str) -> bool {
        self.chosen(role).is_some()
    }

    fn chosen(&self, role: &str) -> Option<Color> {
        self.colors.of(role)?.parse().ok()
    }

    /// The colour: the tenant's, or the default. Where the accent is chosen and nothing is said about what stands
    /// on it, that is black or white.
    pub fn get(&self, role: &str) -> Color {
        let default = || match role {
            "danger" => DANGER[self.column],
            _ => ROLES.iter().find(|(name, _)| *name == role).map_or(Color::new([0; 3]), |(_, by)| by[self.column]),
        };
        match (self.chosen(role), self.chosen("accent")) {
            (Some(color), _) => color,
            (None, Some(accent)) if role == "on_accent" => {
                let (white, black) = (Color::new([0xff; 3]), Color::new([0; 3]));
                if accent.contrast(white) >= TEXT { white } else { black }
            }
            (None, _) => default(),
        }
    }
}

/// Notes every pair of colours that cannot be told from each other, where the tenant has chosen one of them.
pub(super) fn check(scheme: Scheme, colors: &Schemes, fields: &mut Fields) {
    for (name, palette, unseen) in
        [("light", Palette::light(colors), Scheme::Dark), ("dark", Palette::dark(colors), Scheme::Light)]
    {
        if scheme == unseen {
            continue;
        }
        for (text, ground, least) in PAIRS {
            // What is told at the chosen one of both can be mended there.
            let Some(field) = [text, ground].into_iter().find(|role| palette.is_chosen(role)) else { continue };
            let (on, behind) = (palette.get(text), palette.get(ground));
            let grounds = match text {
                "accent" => vec![behind, behind.tinted(on, CHOSEN)],
                _ => vec![behind],
            };
            let ratio = grounds.into_iter().map(|ground| on.contrast(ground)).fold(f64::INFINITY, f64::min);
            if ratio < least {
                // Rounded down: what fails never reads as if it held.
                let ratio = (ratio * 100.0).floor() / 100.0;
                let message = format!(
                    "{text} ({on}) on {ground} ({behind}) has a contrast of {ratio:.2}:1, and WCAG 2.2 AA asks for \
                     {least}:1"
                );
                fields.wrong(format!("/colors/{name}/{field}"), "contrast", message);
            }
        }
    }
}
