//! Bitmaps within a drawing (SVG) or a style sheet, each judged as one that stands alone. Pure.
//!
//! They are in addresses (`data:image/png;base64,…`, RFC 2397) of attributes and of style sheets. Addresses are looked
//! for in what browsers make of either: with references of XML resolved, with and without the escapes of CSS (CSS
//! Syntax Level 3 §4.3.7), and without tabs and line ends (URL Standard §4.4). What is too much is found rather than
//! missed: a word such as `data:` in an attribute is an address, too.
//!
//! Invariants:
//! - An address whose bytes cannot be judged is refused, whatever it would be.
//! - All bitmaps together unpack to no more than the largest that may stand alone.
//! - The work grows with the bytes, and no faster.
//!
//! Deliberately absent: whether the drawing is otherwise in order. Browsers show nothing of what comes after a fault.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::Problem;
use percent_encoding::percent_decode_str;

use super::{
    Kind, NO_IMAGE, Place,
    image::{fits, sniff},
    pixels,
};
use crate::http::Fields;

/// Longest type of an address that is looked at, in bytes.
const MAX_TYPE: usize = 100;
/// What bitmaps are called, one of them wrongly.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/jpg", "image/webp"];

/// Refuses a drawing with bitmaps that unpack to more than its place has room for, or nobody knows to how much.
pub(super) fn check(place: Place, drawing: &str) -> Result<(), Problem> {
    Room::of(place).drawing(drawing)
}

fn broken() -> Problem {
    Problem::new(NO_IMAGE).detail("This SVG is not whole: something in it is not closed.")
}

/// What comes before the end, which is taken, too.
fn until<'a>(text: &'a str, end: &str, rest: &mut &'a str) -> Result<&'a str, Problem> {
    let (taken, after) = text.split_once(end).ok_or_else(broken)?;
    *rest = after;
    Ok(taken)
}

/// What stands between `<` and `>`. Each value of an attribute is judged.
fn tag(text: &str, mut judge: impl FnMut(&str) -> Result<(), Problem>) -> Result<&str, Problem> {
    let mut place = 0;
    loop {
        place += text[place..].find(['"', '\'', '>']).ok_or_else(broken)?;
        let quote = &text[place..=place];
        if quote == ">" {
            return Ok(&text[..place]);
        }
        let value = &text[place + 1..];
        let value = &value[..value.find(quote).ok_or_else(broken)?];
        judge(value)?;
        place += value.len() + 2;
    }
}

/// Whether this is the tag of a style sheet, of whatever namespace.
fn is_sheet(tag: &str) -> bool {
    let name = tag.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
    name.rsplit(':').next().is_some_and(|name| name.eq_ignore_ascii_case("style"))
}

/// A text with its references resolved (XML 1.0 §4.1 and §4.6). There are no entities of its own.
fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('&');
    out += parts.next().unwrap_or_default();
    for part in parts {
        match part.split_once(';').and_then(|(name, after)| Some((reference(name)?, after))) {
            Some((c, after)) => {
                out.push(c);
                out += after;
            }
            None => {
                out.push('&');
                out += part;
            }
        }
    }
    out
}

fn reference(name: &str) -> Option<char> {
    match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
        None => match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
    }
}

/// A text without the escapes of CSS.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let mut code = None;
        for _ in 0..6 {
            let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
            code = Some(code.unwrap_or(0) * 16 + digit);
            chars.next();
        }
        match code {
            Some(code) => {
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                chars.next_if(char::is_ascii_whitespace);
            }
            None => out.extend(chars.next()),
        }
    }
    out
}

/// How much there is room for.
pub(super) struct Room {
    place: Place,
    /// Pixels.
    left: u64,
}

impl Room {
    /// All that a place has.
    pub(super) fn of(place: Place) -> Self {
        Self { place, left: u64::from(place.max_side()).pow(2) }
    }

    /// A drawing, with all that is within it.
    pub(super) fn drawing(&mut self, drawing: &str) -> Result<(), Problem> {
        // The text of each element that is open, without that of elements within, if it is a sheet.
        let mut open: Vec<Option<String>> = Vec::new();
        let mut rest = drawing;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("<![CDATA[") {
                let text = until(after, "]]>", &mut rest)?;
                if let Some(Some(sheet)) = open.last_mut() {
                    *sheet += text;
                }
            } else if let Some(after) = rest.strip_prefix("<!--") {
                until(after, "-->", &mut rest)?;
            } else if let Some(after) = rest.strip_prefix("<?") {
                until(after, "?>", &mut rest)?;
            } else if let Some(after) = rest.strip_prefix("</") {
                until(after, ">", &mut rest)?;
                if let Some(sheet) = open.pop().ok_or_else(broken)? {
                    self.judge(&sheet)?;
                }
            } else if let Some(after) = rest.strip_prefix('<') {
                let tag = tag(after, |value| self.judge(&resolved(value)))?;
                rest = &after[tag.len() + 1..];
                if !tag.ends_with('/') {
                    open.push(is_sheet(tag).then(String::new));
                }
            } else {
                let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
                rest = after;
                if let Some(Some(sheet)) = open.last_mut() {
                    *sheet += &resolved(text);
                }
            }
        }
        if open.is_empty() { Ok(()) } else { Err(broken()) }
    }

    /// An image that a style sheet holds: the address after its scheme.
    pub(super) fn image(&mut self, address: &str) -> Result<(), Problem> {
        match drawn(address) {
            Some(drawing) if sniff(drawing.as_bytes()) == Some(Kind::Svg) => self.drawing(&drawing),
            _ => self.bitmap(address),
        }
    }

    /// Judges every address in a text.
    fn judge(&mut self, text: &str) -> Result<(), Problem> {
        self.addresses(text)?;
        // Escaped, it is the same address once more.
        if text.contains('\\') { self.addresses(&unescaped(text)) } else { Ok(()) }
    }

    fn addresses(&mut self, text: &str) -> Result<(), Problem> {
        let text = text.replace(['\t', '\r', '\n'], "");
        for (place, scheme) in text.to_ascii_lowercase().match_indices("data:") {
            self.bitmap(&text[place + scheme.len()..])?;
        }
        Ok(())
    }

    fn bitmap(&mut self, address: &str) -> Result<(), Problem> {
        let unknown = || {
            let detail = "What an SVG or a style sheet holds (data:…) must be a PNG, JPEG or WebP image in base64.";
            Problem::new(NO_IMAGE).detail(detail)
        };
        let bytes = content(address).ok_or_else(unknown)?;
        let kind = sniff(&bytes).filter(|kind| matches!(kind, Kind::Png | Kind::Jpeg | Kind::Webp));
        let pixels = fits(self.place, pixels::of(kind.ok_or_else(unknown)?, &bytes), "of a bitmap inside ")?;
        let left = self.left.checked_sub(u64::from(pixels.width) * u64::from(pixels.height));
        self.left = left.ok_or_else(|| {
            let side = self.place.max_side();
            let mut fields = Fields::new();
            fields.wrong("bitmaps", "too_large", format!("together may have as many pixels as {side} by {side}"));
            fields.check().err().unwrap_or_else(unknown)
        })?;
        Ok(())
    }
}

/// The bytes of an address, after its scheme: what comes before the first sign that is not base64's.
fn content(address: &str) -> Option<Vec<u8>> {
    let (head, data) = address.split_at(address.bytes().take(MAX_TYPE).position(|b| b == b',')?);
    let head = head.to_ascii_lowercase();
    let named = head.strip_suffix("base64")?.trim_end_matches(' ').strip_suffix(';')?.split(';').next()?;
    if !TYPES.contains(&named.trim_matches(' ')) {
        return None;
    }
    let own = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut base64: Vec<u8> = data.bytes().skip(1).filter(|b| *b != b' ').take_while(own).collect();
    // At most two bytes of the last: no header ends there.
    base64.truncate(base64.len() / 4 * 4);
    BASE64_STANDARD.decode(base64).ok()
}

/// The drawing that an address holds, after its scheme.
fn drawn(address: &str) -> Option<String> {
    let (head, data) = address.split_at(address.bytes().take(MAX_TYPE).position(|b| b == b',')?);
    let bytes = match &*head.to_ascii_lowercase() {
        "image/svg+xml;base64" => BASE64_STANDARD.decode(&data[1..]).ok()?,
        "image/svg+xml" | "image/svg+xml;utf8" | "image/svg+xml;charset=utf-8" => {
            percent_decode_str(&data[1..]).collect()
        }
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::branding::samples;

    fn png(width: u32, height: u32) -> String {
        BASE64_STANDARD.encode(samples::png_of(width, height))
    }

    fn refused(inside: &str) -> Option<&'static str> {
        check(Place::Favicon, &format!("<svg>{inside}</svg>")).err().map(|problem| problem.kind.code)
    }

    #[test]
    fn bitmaps_inside_are_judged_as_others_are() {
        for (kind, bytes) in [("png", samples::png()), ("jpeg", samples::jpeg()), ("webp", samples::webp())] {
            let data = BASE64_STANDARD.encode(bytes);
            assert_eq!(refused(&format!("<image href='data:image/{kind};base64,{data}'/>")), None, "{kind}");
        }
        assert_eq!(refused(&format!("<image href=' DATA:image/jpg; BASE64,{}'/>", png(512, 512))), None);
        for (width, height, field) in [(513, 1, "width"), (1, 30_000, "height")] {
            let drawing = format!("<svg><image href='data:image/png;base64,{}'/></svg>", png(width, height));
            let problem = check(Place::Favicon, &drawing).expect_err("refused");
            let [error] = &problem.errors[..] else { panic!("{:?}", problem.errors) };
            let side = width.max(height);
            let message = format!("of a bitmap inside may be 512 pixels at most, and is {side}");
            assert_eq!((&*error.field, error.code, &*error.message), (field, "too_large", &*message));
            assert_eq!(check(Place::Logo, &drawing).is_ok(), side == 513);
        }
    }

    #[test]
    fn many_small_ones_are_a_large_one() {
        let images = |count| format!("<image href='data:image/png;base64,{}'/>", png(256, 256)).repeat(count);
        assert_eq!((refused(&images(4)), refused(&images(5))), (None, Some("request.invalid")));
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        let gif = "R0lGODlhAQABAAAAACw=";
        for inside in [
            &format!("<image href='data:image/gif;base64,{gif}'/>")[..],
            &format!("<image href='data:image/png;base64,{gif}'/>"),
            &format!("<image href='data:;base64,{}'/>", png(1, 1)),
            &format!("<image href='data:text/css;base64,{}'/>", png(1, 1)),
            &format!("<image href='data:image/png;base64{},{}'/>", " ".repeat(100), png(1, 1)),
            "<image href='data:image/png,%89PNG'/>",
            "<image href='data:image/png;base64,'/>",
            "<image href='data:image/svg+xml;base64,PHN2Zy8+'/>",
            "<image href='data:'/>",
            "<style>@font-face { src: url(data:font/woff2;base64,d09GMg==) }</style>",
            "<g>",
            "</g>",
            "<g a='>",
            "<g a='b'",
            "<!-- ",
            "<![CDATA[",
        ] {
            assert_eq!(refused(inside), Some("branding.not_an_image"), "{inside}");
        }
        for fine in ["<title>Market data: 2026</title>", "<!-- data: --><g a='b&c;' d=\"'\"/>", "<path d='M0 0'/>"] {
            assert_eq!(refused(fine), None, "{fine}");
        }
    }

    #[test]
    fn an_address_is_found_however_it_is_written() {
        let (large, small) = (png(4_096, 1), png(1, 1));
        for (before, after) in [
            ("<image href='data:", "'/>"),
            ("<a:image xmlns:a='x' b:href = \"data:", "\"/>"),
            ("<image href='&#100;&#x61;ta:", "'/>"),
            ("<image href='da&#10;t&#9;a\n:", "'/>"),
            ("<set attributeName='href' to='x;data:", "'/>"),
            ("<rect style='fill: url(\"data:", "\")'/>"),
            ("<rect style='fill: url(\\64 \\000061\\ta:", ")'/>"),
            ("<style>a { fill: url(data:", ") }</style>"),
            ("<style>a { fill: url(da<!-- -->t<g>b</g>a<?b?>:", ") }</style>"),
            ("<a:style ><![CDATA[a { fill: url(d]]>at<![CDATA[a:", ") }]]></a:style>"),
            ("<style><![CDATA[a { fill: url(\\64 ata:", ") }]]></style>"),
            ("<style>a { fill: url(\"d\\\nata:", "\") }</style>"),
        ] {
            let inside = |data| format!("{before}image/png;base64,{data}{after}");
            let judged = (refused(&inside(&small)), refused(&inside(&large)));
            assert_eq!(judged, (None, Some("request.invalid")), "{before}");
        }
        // Neither reading of it hides the other.
        let two = format!("<style><![CDATA[a {{ fill: url(data:image/png;base64&#44;{small},{large}) }}]]></style>");
        assert!(refused(&two).is_some());
    }

    #[test]
    fn sheets_hold_bitmaps_and_drawings() {
        let judged = |address: &str| Room::of(Place::Favicon).image(address).err().map(|problem| problem.kind.code);
        let with = |width| format!("<svg><image href='data:image/png;base64,{}'/></svg>", png(width, 1));
        for (width, expected) in [(512, None), (513, Some("request.invalid"))] {
            let plain = with(width).replace(' ', "%20");
            assert_eq!(judged(&format!("image/png;base64,{}", png(width, 1))), expected);
            assert_eq!(judged(&format!("image/svg+xml,{plain}")), expected);
            assert_eq!(judged(&format!("image/svg+xml;charset=UTF-8,{plain}")), expected);
            assert_eq!(judged(&format!("image/svg+xml;base64,{}", BASE64_STANDARD.encode(with(width)))), expected);
        }
        for wrong in [
            "image/gif;base64,R0lGODlhAQABAAAAACw=",
            "image/svg+xml,<html/>",
            "image/svg+xml;charset=utf-16,<svg></svg>",
        ] {
            assert_eq!(judged(wrong), Some("branding.not_an_image"), "{wrong}");
        }
    }

    #[test]
    fn as_much_of_one_thing_as_may_be_sent_is_judged_to_its_end() {
        // Were each looked at to the end of the text, this would take minutes.
        let bitmap = format!("data:image/png;base64,{} ", png(1, 1));
        for (piece, bare, whole) in [
            ("data:", true, false),
            ("data:image/png;", true, false),
            (&bitmap, true, true),
            ("<g a='", false, true),
            ("&", true, true),
            ("\\", true, true),
            ("<style>", false, true),
            ("<g>", false, true),
            ("<!--", false, true),
            ("&#1;data:,", true, false),
        ] {
            let many = piece.repeat(256 * 1024 / piece.len());
            let fine = |drawing: &str| check(Place::Logo, drawing).is_ok();
            let judged = (fine(&many), fine(&format!("<svg a=\"{many}\"/>")), fine(&format!("<svg a='{many}")));
            assert_eq!(judged, (bare, whole, false), "{piece}");
        }
    }
}
