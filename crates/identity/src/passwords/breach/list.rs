//! From the public list of breached passwords to a [`Filter`](super::Filter).
//!
//! The list has a line `SHA1:TIMES` for each password, hundreds of millions of them. Sorted by hash, as it is
//! published, it is built a part (a 256th) at a time: about 34 bytes for each password of a part, 150 MiB for a
//! list of a thousand million. Not sorted, every key is held, 8 bytes each, and sorted first.

use std::io::{self, BufRead, Read as _, Write};

use super::filter::{Writer, key, part};

/// Longest line: 40 digits, a colon, a number, a line's end.
const MAX_LINE: u64 = 64;
/// Progress is told after so many lines.
const TELL: u64 = 1 << 20;

/// How to build.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuildOptions {
    /// Passwords that were seen fewer times are left out.
    pub min_count: u64,
    /// Whether the list is sorted by hash.
    pub sorted: bool,
}

/// What was built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Built {
    /// Lines that were read.
    pub lines: u64,
    /// Passwords in the filter.
    pub passwords: u64,
}

/// Why no filter was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Reading or writing.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is something else.
    #[error("line {0} is not SHA1:TIMES, 40 hexadecimal digits and a number")]
    Line(u64),
    /// A line comes too late.
    #[error(
        "line {0} is smaller than the one before: sort the list by hash, or say --unsorted (8 bytes of memory a password)"
    )]
    Unsorted(u64),
    /// Nothing is left.
    #[error("no password in the list was seen often enough")]
    Empty,
}

/// Reads one line: the key, and how often the password was seen.
fn parse(line: &[u8]) -> Option<(u64, u64)> {
    let line = line.trim_ascii_end();
    let (hash, times) = line.split_at_checked(40)?;
    let mut bytes = [0; 8];
    for (byte, digits) in bytes.iter_mut().zip(hash.chunks_exact(2)) {
        *byte = digit(digits[0])? << 4 | digit(digits[1])?;
    }
    if !hash[16..].iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let times = match times {
        // A list without numbers: each was seen.
        [] => 1,
        [b':', number @ ..] => std::str::from_utf8(number).ok()?.parse().ok()?,
        _ => return None,
    };
    Some((key(&bytes), times))
}

const fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    }
}

/// Builds the filter of a list. `progress` is told now and then how many lines were read.
pub fn build_filter(
    mut list: impl BufRead,
    out: impl Write,
    options: BuildOptions,
    mut progress: impl FnMut(u64),
) -> Result<Built, BuildError> {
    let mut writer = Writer::begin(out, options.min_count)?;
    let mut keys: Vec<u64> = Vec::new();
    let (mut lines, mut last, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        if list.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        lines += 1;
        let (key, times) = parse(&line).ok_or(BuildError::Line(lines))?;
        if lines.is_multiple_of(TELL) {
            progress(lines);
        }
        if options.sorted {
            if key < last {
                return Err(BuildError::Unsorted(lines));
            }
            if part(key) != part(last) {
                close(&mut writer, &mut keys, part(key))?;
            }
            last = key;
        }
        if times >= options.min_count && keys.last() != Some(&key) {
            keys.push(key);
        }
    }
    if !options.sorted {
        keys.sort_unstable();
        keys.dedup();
        for some in keys.chunk_by(|a, b| part(*a) == part(*b)) {
            while some.first().is_some_and(|first| writer.parts() < part(*first)) {
                writer.part(&[])?;
            }
            writer.part(some)?;
        }
    } else if !keys.is_empty() {
        writer.part(&keys)?;
    }
    progress(lines);
    match writer.finish()? {
        0 => Err(BuildError::Empty),
        passwords => Ok(Built { lines, passwords }),
    }
}

/// Writes the part that is complete, and empty ones up to the next.
fn close(writer: &mut Writer<impl Write>, keys: &mut Vec<u64>, next: usize) -> io::Result<()> {
    writer.part(keys)?;
    keys.clear();
    while writer.parts() < next {
        writer.part(&[])?;
    }
    Ok(())
}
