//! How many pixels an image unpacks to, by its header: a few bytes may say that they are gigabytes. Pure.
//!
//! The header is what browsers make room for, so what it says is judged, whatever follows. A header that a strict
//! reader cannot follow is no image.
//!
//! Deliberately absent: SVG, which is drawn at the size that the page gives it. What is within one,
//! [`embedded`](super::embedded) judges.

use super::Kind;

/// Width and height.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Pixels {
    fn new(width: impl Into<u32>, height: impl Into<u32>) -> Self {
        Self { width: width.into(), height: height.into() }
    }
}

/// What the header of a raster image says. `None`: nothing that can be shown.
pub(super) fn of(kind: Kind, bytes: &[u8]) -> Option<Pixels> {
    let pixels = match kind {
        Kind::Png => png(bytes),
        Kind::Jpeg => jpeg(bytes),
        Kind::Webp => webp(bytes),
        Kind::Ico => ico(bytes),
        Kind::Svg => None,
    };
    pixels.filter(|pixels| pixels.width > 0 && pixels.height > 0)
}

/// `N` bytes at a place.
fn at<const N: usize>(bytes: &[u8], place: usize) -> Option<[u8; N]> {
    bytes.get(place..)?.first_chunk().copied()
}

/// The first chunk is the header (PNG, Third Edition §11.2.1). Frames of an animation lie within it.
fn png(bytes: &[u8]) -> Option<Pixels> {
    let header = at(bytes, 8)? == *b"\0\0\0\rIHDR";
    let pixels = Pixels::new(u32::from_be_bytes(at(bytes, 16)?), u32::from_be_bytes(at(bytes, 20)?));
    header.then_some(pixels)
}

/// The first frame's header comes after segments that say their length (ITU-T T.81 §B.1.1.4 and §B.2.2).
fn jpeg(bytes: &[u8]) -> Option<Pixels> {
    let mut place = 2;
    loop {
        let [0xff, marker] = at(bytes, place)? else { return None };
        match marker {
            // A marker may be filled up.
            0xff => place += 1,
            // Tables for Huffman and arithmetic coding are numbered among the frames.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let height = u16::from_be_bytes(at(bytes, place + 5)?);
                return Some(Pixels::new(u16::from_be_bytes(at(bytes, place + 7)?), height));
            }
            // Neither nothing, nor what has no length, nor pixels before anybody has said how many.
            0x00 | 0x01 | 0xd0..=0xda => return None,
            _ => {
                let length = u16::from_be_bytes(at(bytes, place + 2)?);
                place += 2 + usize::from(length.max(2));
            }
        }
    }
}

/// The first chunk says how large the canvas is (RFC 9649 §2.5 to §2.7). Frames that do not fit it are not shown.
fn webp(bytes: &[u8]) -> Option<Pixels> {
    match &at(bytes, 12)? {
        b"VP8 " => {
            let starts = at(bytes, 23)? == [0x9d, 0x01, 0x2a];
            // Above 14 bits is how to scale it up.
            let side = |place| Some(u16::from_le_bytes(at(bytes, place)?) & 0x3fff);
            let pixels = Pixels::new(side(26)?, side(28)?);
            starts.then_some(pixels)
        }
        b"VP8L" => {
            let [0x2f, sides @ ..] = at::<5>(bytes, 20)? else { return None };
            let sides = u32::from_le_bytes(sides);
            Some(Pixels::new((sides & 0x3fff) + 1, ((sides >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => {
            let side = |[a, b, c]: [u8; 3]| u32::from_le_bytes([a, b, c, 0]) + 1;
            Some(Pixels::new(side(at(bytes, 24)?), side(at(bytes, 27)?)))
        }
        _ => None,
    }
}

/// The largest of its images. What the directory says of them is a hint: each has a header of its own, and is a PNG
/// or a bitmap.
fn ico(bytes: &[u8]) -> Option<Pixels> {
    let mut largest = Pixels::new(0u32, 0u32);
    for entry in 0..u16::from_le_bytes(at(bytes, 4)?) {
        let start = u32::from_le_bytes(at(bytes, 6 + 16 * usize::from(entry) + 12)?);
        let image = bytes.get(usize::try_from(start).ok()?..)?;
        let one = if image.starts_with(b"\x89PNG\r\n\x1a\n") { png(image)? } else { bitmap(image)? };
        largest = Pixels::new(largest.width.max(one.width), largest.height.max(one.height));
    }
    Some(largest)
}

/// A `BITMAPINFOHEADER`. Its height counts the mask below the colours, and is negative from the top down.
fn bitmap(bytes: &[u8]) -> Option<Pixels> {
    let header = u32::from_le_bytes(at(bytes, 0)?) >= 40;
    let side = |place| Some(i32::from_le_bytes(at(bytes, place)?).unsigned_abs());
    let pixels = Pixels::new(side(4)?, side(8)?.div_ceil(2));
    header.then_some(pixels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::branding::samples;

    fn pixels(width: u32, height: u32) -> Option<Pixels> {
        Some(Pixels { width, height })
    }

    #[test]
    fn images_of_common_programs_are_measured() {
        for (kind, bytes) in [
            (Kind::Png, samples::png()),
            (Kind::Jpeg, samples::jpeg()),
            (Kind::Webp, samples::webp()),
            (Kind::Webp, samples::webp_lossless()),
            (Kind::Webp, samples::webp_animated()),
        ] {
            assert_eq!(of(kind, &bytes), pixels(3, 2), "{kind:?}");
        }
        assert_eq!(of(Kind::Ico, &samples::ico()), pixels(4, 4));
        assert_eq!(of(Kind::Ico, &samples::ico_of_png()), pixels(4, 4));
        assert_eq!(of(Kind::Svg, b"<svg/>"), None);
    }

    #[test]
    fn a_header_that_ends_early_is_none() {
        // One byte before each header's end: what is behind it matters to nobody.
        for (kind, bytes, header) in [
            (Kind::Png, samples::png(), 24),
            (Kind::Webp, samples::webp(), 30),
            (Kind::Webp, samples::webp_lossless(), 25),
            (Kind::Webp, samples::webp_animated(), 30),
            (Kind::Ico, samples::ico(), 34),
            (Kind::Ico, samples::ico_of_png(), 46),
        ] {
            assert!(of(kind, &bytes[..header]).is_some(), "{kind:?}");
            assert!((0..header).all(|end| of(kind, &bytes[..end]).is_none()), "{kind:?}");
        }
        let jpeg = samples::jpeg();
        let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame");
        assert!((0..frame + 9).all(|end| of(Kind::Jpeg, &jpeg[..end]).is_none()));
        assert!(of(Kind::Jpeg, &jpeg[..frame + 9]).is_some());
    }

    #[test]
    fn what_a_header_says_is_believed() {
        assert_eq!(of(Kind::Png, &samples::png_of(u32::MAX, 1)), pixels(u32::MAX, 1));
        assert_eq!(of(Kind::Png, &samples::png_of(0, 1)), None);
        let patched = |mut bytes: Vec<u8>, place: usize, with: &[u8]| {
            bytes[place..place + with.len()].copy_from_slice(with);
            bytes
        };
        let jpeg = samples::jpeg();
        let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame");
        let huge = patched(jpeg, frame + 5, &[0xff, 0xff, 0xff, 0xfe]);
        assert_eq!(of(Kind::Jpeg, &huge), pixels(65_534, 65_535));
        let huge = patched(samples::webp(), 26, &[0xff; 4]);
        assert_eq!(of(Kind::Webp, &huge), pixels(16_383, 16_383));
        let huge = patched(samples::webp_lossless(), 21, &[0xff; 4]);
        assert_eq!(of(Kind::Webp, &huge), pixels(16_384, 16_384));
        let huge = patched(samples::webp_animated(), 24, &[0xff; 6]);
        assert_eq!(of(Kind::Webp, &huge), pixels(1 << 24, 1 << 24));
        // The directory of an icon calls them small.
        let huge = patched(samples::ico(), 26, &i32::MIN.to_le_bytes());
        assert_eq!(of(Kind::Ico, &patched(huge, 30, &i32::MIN.to_le_bytes())), pixels(1 << 31, 1 << 30));
        let huge = patched(samples::ico_of_png(), 38, &[0, 1, 0, 0]);
        assert_eq!(of(Kind::Ico, &huge), pixels(65_536, 4));
        // The second image of an icon counts as the first does, and none is none.
        let mut two = [b"\0\0\x01\0\x02\0".as_slice(), &[0; 12], &38u32.to_le_bytes(), &[0; 12]].concat();
        two.extend(&62u32.to_le_bytes());
        two.extend(&samples::png_of(7, 1)[..24]);
        two.extend(&samples::png_of(1, 900)[..24]);
        assert_eq!(of(Kind::Ico, &two), pixels(7, 900));
        assert_eq!(of(Kind::Ico, b"\0\0\x01\0\0\0"), None);
    }

    #[test]
    fn a_jpeg_that_is_not_in_order_is_none() {
        let frame = b"\xff\xc0\0\x0b\x08\0\x02\0\x03\x01\x01\x11\0";
        let jpeg = |before: &[u8]| of(Kind::Jpeg, &[b"\xff\xd8", before, frame].concat());
        for fine in [&b""[..], b"\xff\xff\xff", b"\xff\xfe\0\x04hi", b"\xff\xc4\0\x02", b"\xff\xfe\0\0"] {
            assert_eq!(jpeg(fine), pixels(3, 2), "{fine:?}");
        }
        let progressive = [b"\xff\xd8\xff\xc2", &frame[2..]].concat();
        assert_eq!(of(Kind::Jpeg, &progressive), pixels(3, 2));
        for wrong in [&b"x"[..], b"\xff\0", b"\xff\xd8", b"\xff\xd9", b"\xff\xda\0\x02", b"\xff\xfe\xff\xff"] {
            assert_eq!(jpeg(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_measured_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200), broken in any::<u8>()) {
            for kind in [Kind::Png, Kind::Jpeg, Kind::Webp, Kind::Ico] {
                of(kind, &bytes);
            }
            for (kind, mut bytes) in [
                (Kind::Png, samples::png()),
                (Kind::Jpeg, samples::jpeg()),
                (Kind::Webp, samples::webp_animated()),
                (Kind::Ico, samples::ico()),
                (Kind::Ico, samples::ico_of_png()),
            ] {
                let place = usize::from(broken) % bytes.len();
                bytes[place] = bytes[place].wrapping_add(broken | 1);
                of(kind, &bytes);
            }
        }
    }
}
