//! The colours that a tenant chooses, as they are sent, stored and shown. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Light or dark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ColorScheme)]
pub enum Scheme {
    /// As the reader wishes.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// Colours in the light and in the dark.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BrandingColors)]
pub struct Schemes {
    /// In the light.
    pub light: Colors,
    /// In the dark.
    pub dark: Colors,
}

macro_rules! colors {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Colours as `#rrggbb`. Texts are judged by their contrast (WCAG 2.2 AA) when they are set.
        #[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct Colors {$(
            $(#[$doc])*
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, example = "#1f4a70")]
            pub $name: Option<String>,
        )*}

        impl Colors {
            /// What the tenant has chosen.
            pub(super) fn of(&self, role: &str) -> Option<&str> {
                match role { $(stringify!($name) => self.$name.as_deref(),)* _ => None }
            }

            /// All of them, by role.
            pub(super) fn each(&mut self) -> impl Iterator<Item = (&'static str, &mut Option<String>)> {
                [$((stringify!($name), &mut self.$name)),*].into_iter()
            }
        }
    };
}

colors! {
    /// Buttons, links and what is chosen.
    accent,
    /// The text of buttons; black or white unless given.
    on_accent,
    /// Behind everything.
    ground,
    /// Behind texts: cards.
    surface,
    /// Behind what is typed.
    field,
    /// Texts.
    ink,
    /// Texts of less weight.
    muted,
    /// Lines that only decorate.
    line,
    /// Borders of fields and buttons.
    control,
}
