//! Images that a tenant gives: what they are is seen in their bytes. Pure.

use aws_lc_rs::digest::{SHA256, digest};
use kernel::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    NO_IMAGE, embedded,
    pixels::{self, Pixels},
};
use crate::http::Fields;

/// Where an image is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BrandingPlace)]
pub enum Place {
    /// On top of every page, instead of the name. It should be readable as the name is.
    Logo,
    /// The same on dark grounds; the logo unless given.
    LogoDark,
    /// In the browser's tab.
    Favicon,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Logo, Self::LogoDark, Self::Favicon];

    /// As stored, and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logo => "logo",
            Self::LogoDark => "logo_dark",
            Self::Favicon => "favicon",
        }
    }

    /// From what is stored or in an address.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == text)
    }

    /// Most bytes.
    pub(super) const fn max_bytes(self) -> usize {
        match self {
            Self::Logo | Self::LogoDark => 256 * 1024,
            Self::Favicon => 64 * 1024,
        }
    }

    /// Most pixels a side: a logo of the largest size is 16 MiB to a browser.
    pub(super) const fn max_side(self) -> u32 {
        match self {
            Self::Logo | Self::LogoDark => 2_048,
            Self::Favicon => 512,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $media:literal $extension:literal,)*) => {
        /// What an image is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind {$($(#[$doc])* $name),*}

        impl Kind {
            /// Its media type.
            pub const fn media_type(self) -> &'static str {
                match self { $(Self::$name => $media),* }
            }
            /// As stored, and the end of its address.
            pub const fn extension(self) -> &'static str {
                match self { $(Self::$name => $extension),* }
            }
            /// From what is stored.
            pub fn from_stored(text: &str) -> Option<Self> {
                match text { $($extension => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// Portable Network Graphics.
    Png = "image/png" "png",
    /// JPEG.
    Jpeg = "image/jpeg" "jpg",
    /// WebP.
    Webp = "image/webp" "webp",
    /// Scalable Vector Graphics.
    Svg = "image/svg+xml" "svg",
    /// An icon of Windows.
    Ico = "image/x-icon" "ico",
}

/// What these bytes are, if that may stand at the place.
pub(super) fn judge(place: Place, bytes: &[u8]) -> Result<Kind, Problem> {
    let kind = sniff(bytes).ok_or(NO_IMAGE)?;
    if kind == Kind::Ico && place != Place::Favicon {
        return Err(Problem::new(NO_IMAGE).detail("An ICO file can be the favicon only."));
    }
    match std::str::from_utf8(bytes) {
        Ok(drawing) if kind == Kind::Svg => embedded::check(place, drawing)?,
        _ => drop(fits(place, pixels::of(kind, bytes), "")?),
    }
    Ok(kind)
}

/// Refuses what unpacks to more than a page needs. `what` says which image it is about.
pub(super) fn fits(place: Place, pixels: Option<Pixels>, what: &str) -> Result<Pixels, Problem> {
    let pixels = pixels.ok_or_else(|| Problem::new(NO_IMAGE).detail("How large the image is cannot be read."))?;
    let most = place.max_side();
    let mut fields = Fields::new();
    for (field, side) in [("width", pixels.width), ("height", pixels.height)] {
        if side > most {
            fields.wrong(field, "too_large", format!("{what}may be {most} pixels at most, and is {side}"));
        }
    }
    fields.check()?;
    Ok(pixels)
}

pub(super) fn sniff(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Kind::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Kind::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Kind::Webp),
        [0, 0, 1, 0, ..] => Some(Kind::Ico),
        _ => is_svg(bytes).then_some(Kind::Svg),
    }
}

/// Whether this is an SVG without what plainly acts, and without entities that grow. That nothing runs is not seen to
/// here: browsers run no script of an image, and all are served in a sandbox.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
    let mut body = text.as_str();
    // What may stand before it: a declaration and comments.
    loop {
        let (open, close) = match body {
            _ if body.starts_with("<?xml") => ("<?xml", "?>"),
            _ if body.starts_with("<!--") => ("<!--", "-->"),
            _ => break,
        };
        let Some((inside, rest)) = body[open.len()..].split_once(close) else { return false };
        if open == "<?xml" && !is_read_as_here(inside) {
            return false;
        }
        body = rest.trim_start();
    }
    let named = body.strip_prefix("<svg").is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '>']));
    let wrong = ["<!doctype", "<!entity", "<script", ":script", "javascript:", "<foreignobject", "<?xml-stylesheet"];
    named && body.ends_with('>') && !wrong.iter().any(|wrong| text.contains(wrong))
}

/// Whether browsers read the signs of a drawing that has this declaration as they are read here: in other encodings some
/// are swallowed. It is of lower case.
fn is_read_as_here(declaration: &str) -> bool {
    let Some((_, rest)) = declaration.split_once("encoding") else { return true };
    let named = rest.trim_start_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    let name = named.trim_start_matches(['"', '\'']).split(['"', '\'']).next().unwrap_or_default();
    matches!(name, "utf-8" | "us-ascii" | "iso-8859-1")
}

/// What an image is called by: changes with its content.
pub(super) fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref()[..16].iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::branding::samples;

    #[test]
    fn an_image_is_what_its_bytes_say() {
        for (bytes, kind) in [
            (&samples::png()[..], Kind::Png),
            (&samples::jpeg(), Kind::Jpeg),
            (&samples::webp(), Kind::Webp),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Kind::Svg),
            (b"<?xml version=\"1.0\" encoding = \"UTF-8\" standalone='no'?><svg></svg>", Kind::Svg),
            (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --> <svg\n><path d='M0 0'/></svg>\n", Kind::Svg),
        ] {
            assert_eq!(judge(Place::Logo, bytes).expect("an image"), kind);
        }
        let icon = samples::ico();
        assert_eq!(judge(Place::Favicon, &icon).expect("an icon"), Kind::Ico);
        assert_eq!(judge(Place::Logo, &icon).expect_err("no logo").kind, NO_IMAGE);
    }

    #[test]
    fn what_is_no_image_or_acts_is_refused() {
        for wrong in [
            &b""[..],
            b"GIF89a",
            b"<html><svg></svg></html>",
            b"<svgx/>",
            b"<svg><script>alert(1)</script></svg>",
            b"<svg><ScRiPt/></svg>",
            b"<svg><a href='JAVASCRIPT:alert(1)'/></svg>",
            b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>",
            b"<svg><foreignObject/></svg>",
            b"<?xml version='1.0' encoding='Shift_JIS'?><svg></svg>",
            b"<?xml version='1.0' encoding=\"ISO-2022-JP\"?><svg></svg>",
            b"<svg \xff/>",
            b"\x89PNG",
            // Begins as one, and says nowhere how large it is.
            b"\x89PNG\r\n\x1a\n and the rest",
            b"\xff\xd8\xff\xe0",
            b"RIFF\x10\0\0\0WEBPVP8 ",
            b"\0\0\x01\0\x01\0",
        ] {
            let refused = judge(Place::Favicon, wrong).err().map(|problem| problem.kind.code);
            assert_eq!(refused, Some("branding.not_an_image"), "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_with_its_sides() {
        let sized = |width, height| samples::png_of(width, height);
        let refused = |place, width, height| judge(place, &sized(width, height)).err().map(|problem| problem.errors);
        assert_eq!(refused(Place::Logo, 2_048, 2_048), None);
        assert_eq!(refused(Place::Favicon, 512, 512), None);
        let errors = refused(Place::LogoDark, 30_000, 2_048).expect("refused");
        let told: Vec<_> = errors.iter().map(|e| (&*e.field, e.code, &*e.message)).collect();
        assert_eq!(told, [("width", "too_large", "may be 2048 pixels at most, and is 30000")]);
        assert_eq!(refused(Place::Favicon, 513, u32::MAX).expect("refused").len(), 2);
        assert_eq!(judge(Place::Logo, &sized(4_096, 4_096)).expect_err("refused").kind.code, "request.invalid");
    }
}
