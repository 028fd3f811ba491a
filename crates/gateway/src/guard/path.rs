//! One spelling for each path.
//!
//! Routing, authorization and the upstream all see the path that comes out of here, so that no two of
//! them can read the same request differently. Invariants: the result starts with `/`, has no empty
//! and no dot segments (an empty last one, a trailing slash, stays: it may mean something upstream),
//! every escape is two upper-case digits and needed, and normalising it again changes nothing.
//!
//! What different servers are known to read differently is refused rather than guessed at: encoded
//! slashes and backslashes, control characters, broken escapes, bytes that are not UTF-8, and dot
//! segments that carry parameters (`..;x`).

use std::borrow::Cow;

/// Why a path cannot be normalised.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidPath {
    /// It does not start with a slash (`*` included).
    #[error("the path must start with a slash")]
    Relative,
    /// `%` is not followed by two hexadecimal digits.
    #[error("the path has a broken percent escape")]
    Escape,
    /// `%2F`, `%5C` or `\`.
    #[error("the path has an encoded slash or a backslash")]
    Separator,
    /// A control character, plain or escaped.
    #[error("the path has a control character")]
    Control,
    /// The decoded bytes are not UTF-8.
    #[error("the path is not UTF-8")]
    Encoding,
    /// A dot segment with parameters.
    #[error("the path has a dot segment with parameters")]
    DotParameters,
}

/// How a byte may stand in a normalised path (RFC 3986 §3.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Stands for itself, and its escape is undone (RFC 3986 §6.2.2.2).
    Unreserved,
    /// Stands for itself; its escape means something else and stays.
    Reserved,
    /// `/`: decided by the segments around it.
    Slash,
    /// Must be escaped.
    Escaped,
    /// `\`.
    Backslash,
    /// Never acceptable.
    Control,
}

const CLASSES: [Class; 256] = {
    let mut table = [Class::Escaped; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the index is below 256")]
        let byte = i as u8;
        table[i] = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Class::Unreserved,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' => {
                Class::Reserved
            }
            b'/' => Class::Slash,
            b'\\' => Class::Backslash,
            0..=0x1f | 0x7f => Class::Control,
            _ => Class::Escaped,
        };
        i += 1;
    }
    table
};

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// The path in its one spelling. Borrowed, without allocation, when it already is.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, InvalidPath> {
    if !path.starts_with('/') {
        return Err(InvalidPath::Relative);
    }
    if is_normal(path.as_bytes()) {
        return Ok(Cow::Borrowed(path));
    }
    rewrite(path.as_bytes()).map(Cow::Owned)
}

/// Whether normalising takes segments away: empty ones, and dot segments, escaped or not. Where somebody else
/// forwards the path as it is, what it leads to would be in doubt.
pub(crate) fn loses_segments(path: &str) -> bool {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        if matches!(plain.as_str(), "." | "..") || (segment.is_empty() && segments.peek().is_some()) {
            return true;
        }
    }
    false
}

/// Whether the path needs no work: the common case, in one pass.
fn is_normal(path: &[u8]) -> bool {
    let mut after_slash = false;
    for &byte in path {
        match class(byte) {
            // A segment that starts with a dot, or an empty one, is looked at closely.
            Class::Unreserved if after_slash && byte == b'.' => return false,
            Class::Unreserved | Class::Reserved => after_slash = false,
            Class::Slash if after_slash => return false,
            Class::Slash => after_slash = true,
            _ => return false,
        }
    }
    true
}

/// Escapes first, then segments (RFC 3986 §6.2.2): `%2e%2e` is a dot segment too.
fn rewrite(path: &[u8]) -> Result<String, InvalidPath> {
    let mut text = String::with_capacity(path.len() + 8);
    // What the escapes stand for, to be judged as UTF-8 as a whole.
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.iter().copied();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'%';
        let byte = if escaped {
            let digits = [bytes.next().ok_or(InvalidPath::Escape)?, bytes.next().ok_or(InvalidPath::Escape)?];
            hex(digits[0]).zip(hex(digits[1])).map(|(high, low)| high << 4 | low).ok_or(InvalidPath::Escape)?
        } else {
            byte
        };
        decoded.push(byte);
        match class(byte) {
            Class::Unreserved => text.push(char::from(byte)),
            Class::Reserved | Class::Slash if !escaped => text.push(char::from(byte)),
            Class::Reserved | Class::Escaped => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                text.push('%');
                text.push(char::from(DIGITS[usize::from(byte >> 4)]));
                text.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
            Class::Slash | Class::Backslash => return Err(InvalidPath::Separator),
            Class::Control => return Err(InvalidPath::Control),
        }
    }
    std::str::from_utf8(&decoded).map_err(|_| InvalidPath::Encoding)?;
    remove_dot_segments(&text)
}

/// RFC 3986 §5.2.4, and empty segments with it.
fn remove_dot_segments(path: &str) -> Result<String, InvalidPath> {
    let mut result = String::with_capacity(path.len());
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "" | "." if last => result.push('/'),
            "" | "." => {}
            ".." => {
                result.truncate(result.rfind('/').unwrap_or(0));
                if last {
                    result.push('/');
                }
            }
            _ => {
                if is_dot_with_parameters(segment) {
                    return Err(InvalidPath::DotParameters);
                }
                result.push('/');
                result.push_str(segment);
            }
        }
    }
    Ok(result)
}

/// Some servers cut parameters off before they look for dot segments.
fn is_dot_with_parameters(segment: &str) -> bool {
    let rest = segment.trim_start_matches('.');
    (1..=2).contains(&(segment.len() - rest.len())) && (rest.starts_with(';') || rest.starts_with("%3B"))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}
