//! Follows the bytes a client sends over one HTTP/1 connection, so that every head is judged before
//! the HTTP library sees a byte of it.
//!
//! The scanner knows where each body ends (by length or by decoding its chunks), and therefore where
//! the next head begins. It is pure: how the bytes are cut into reads does not change its verdict.
//! An HTTP/2 preface makes it step aside for good, and so does an upgrade once it is granted.

use super::{
    BadHead, HeadLimits,
    head::{self, Framing},
};

/// RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Method, two spaces and the version around a target.
const REQUEST_LINE_EXTRA: usize = 64;

/// Longest chunk extension (RFC 9112 §7.1.1); nobody needs one.
const MAX_EXTENSION: usize = 256;

/// What has become of the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// What was not passed is the beginning of a head: show it again with more behind it.
    More,
    /// What follows what was passed is a bad head. Nothing after it may be used.
    BadHead(BadHead),
    /// The body in what was passed breaks its own framing. Nothing after it may be used.
    BadBody,
    /// What was passed ends with a request that asks to upgrade: what follows is known only after the
    /// answer ([`Scanner::upgraded`], [`Scanner::declined`]).
    Undecided,
}

/// Where in the stream the next byte stands.
#[derive(Clone, Copy, Debug)]
enum State {
    /// In a head; the next bytes shown begin with it.
    Head(HeadProgress),
    /// So many bytes of a body are left.
    Body(u64),
    Chunks(Chunk),
    Undecided,
    /// Not HTTP/1.
    Raw,
}

/// How far an incomplete head has been looked at, so that a slow one is not looked at again and again.
#[derive(Clone, Copy, Debug, Default)]
struct HeadProgress {
    /// Start of the line that is not complete yet.
    line: usize,
    /// Bytes without a line feed behind `line`.
    seen: usize,
    /// Start of the request line: one empty line before it is tolerated (RFC 9112 §2.2).
    start: usize,
    /// Whether the request line is complete.
    in_fields: bool,
}

/// Where in a chunked body (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug)]
enum Chunk {
    Size {
        value: u64,
        digits: u8,
    },
    Extension(usize),
    SizeLf {
        value: u64,
    },
    Data(u64),
    DataCr,
    DataLf,
    /// At the start of a trailer line; so many bytes of trailers so far.
    Trailer(usize),
    TrailerLine(usize),
    TrailerLf(usize),
    EndLf,
}

/// The state machine of one connection.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    limits: HeadLimits,
    /// Heads that were passed.
    heads: u64,
    /// Size of the chunk whose extension is being skipped.
    chunk: u64,
    first: bool,
}

impl Scanner {
    pub(crate) fn new(limits: HeadLimits) -> Self {
        Self { state: State::Head(HeadProgress::default()), limits, heads: 0, chunk: 0, first: true }
    }

    /// How many heads were passed so far: the number, from zero, of the next one.
    pub(crate) const fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether the next byte belongs to a head.
    pub(crate) const fn in_head(&self) -> bool {
        matches!(self.state, State::Head(_))
    }

    /// Whether the bytes are not HTTP/1 and pass unseen.
    pub(crate) const fn is_raw(&self) -> bool {
        matches!(self.state, State::Raw)
    }

    /// The upgrade was granted: what follows is no longer HTTP/1.
    pub(crate) fn upgraded(&mut self) {
        self.state = State::Raw;
    }

    /// The upgrade was not granted: what follows is the next head.
    pub(crate) fn declined(&mut self) {
        self.state = State::Head(HeadProgress::default());
    }

    /// Looks at what follows what was passed before. Returns how much of it may be passed on.
    pub(crate) fn advance(&mut self, data: &[u8]) -> (usize, Outcome) {
        let mut at = 0;
        while at < data.len() {
            match &mut self.state {
                State::Raw => return (data.len(), Outcome::More),
                State::Undecided => return (at, Outcome::Undecided),
                State::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(data.len() - at);
                    at += taken;
                    *left -= taken as u64;
                    if *left == 0 {
                        self.declined();
                    }
                }
                State::Chunks(_) => match self.chunks(&data[at..]) {
                    Ok(taken) => at += taken,
                    Err(taken) => return (at + taken, Outcome::BadBody),
                },
                State::Head(progress) => {
                    if self.first && is_preface(&data[at..]) {
                        if data.len() - at < PREFACE.len() {
                            return (at, Outcome::More);
                        }
                        self.state = State::Raw;
                        return (data.len(), Outcome::More);
                    }
                    let mut progress = *progress;
                    match find_end(&data[at..], &mut progress, &self.limits) {
                        Ok(None) => {
                            self.state = State::Head(progress);
                            return (at, Outcome::More);
                        }
                        Ok(Some(end)) => match self.head(&data[at + progress.start..at + end]) {
                            Ok(()) => at += end,
                            Err(bad) => return (at, Outcome::BadHead(bad)),
                        },
                        Err(bad) => return (at, Outcome::BadHead(bad)),
                    }
                }
            }
        }
        (at, if matches!(self.state, State::Undecided) { Outcome::Undecided } else { Outcome::More })
    }

    fn head(&mut self, head: &[u8]) -> Result<(), BadHead> {
        let accepted = head::check(head, &self.limits)?;
        self.heads += 1;
        self.first = false;
        self.state = match accepted.framing {
            _ if accepted.upgrade => State::Undecided,
            Framing::Length(0) => State::Head(HeadProgress::default()),
            Framing::Length(length) => State::Body(length),
            Framing::Chunked => State::Chunks(Chunk::Size { value: 0, digits: 0 }),
        };
        Ok(())
    }

    /// Follows a chunked body, strictly. Returns how many bytes belong to it; as an error, how many stand
    /// before the one that does not.
    fn chunks(&mut self, data: &[u8]) -> Result<usize, usize> {
        let mut at = 0;
        while at < data.len() {
            let State::Chunks(chunk) = self.state else { break };
            let byte = data[at];
            let next = match (chunk, byte) {
                (Chunk::Data(left), _) => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(data.len() - at);
                    at += taken;
                    let left = left - taken as u64;
                    self.state = State::Chunks(if left == 0 { Chunk::DataCr } else { Chunk::Data(left) });
                    continue;
                }
                (Chunk::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                    let digit = char::from(byte).to_digit(16).unwrap_or(0);
                    // Fifteen digits are more than any body and cannot overflow.
                    if digits >= 15 {
                        return Err(at);
                    }
                    Chunk::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
                }
                (Chunk::Size { digits: 0, .. }, _) => return Err(at),
                (Chunk::Size { value, .. }, b';') => {
                    self.chunk = value;
                    Chunk::Extension(0)
                }
                (Chunk::Size { value, .. }, b'\r') => Chunk::SizeLf { value },
                (Chunk::Extension(_), b'\r') => Chunk::SizeLf { value: self.chunk },
                (Chunk::Extension(n), b'\t' | b' '..=b'~') if n < MAX_EXTENSION => Chunk::Extension(n + 1),
                (Chunk::SizeLf { value: 0 }, b'\n') => Chunk::Trailer(0),
                (Chunk::SizeLf { value }, b'\n') => Chunk::Data(value),
                (Chunk::DataCr, b'\r') => Chunk::DataLf,
                (Chunk::DataLf, b'\n') => Chunk::Size { value: 0, digits: 0 },
                (Chunk::Trailer(_), b'\r') => Chunk::EndLf,
                (Chunk::TrailerLine(n), b'\r') => Chunk::TrailerLf(n),
                (Chunk::TrailerLf(n), b'\n') => Chunk::Trailer(n),
                // A line that starts with a space would be a folded one (RFC 9112 §5.2).
                (Chunk::Trailer(n), b'!'..=b'~') if n < self.limits.head => Chunk::TrailerLine(n + 1),
                (Chunk::TrailerLine(n), b'\t' | b' '..=b'~' | 0x80..) if n < self.limits.head => {
                    Chunk::TrailerLine(n + 1)
                }
                (Chunk::EndLf, b'\n') => {
                    self.declined();
                    return Ok(at + 1);
                }
                _ => return Err(at),
            };
            self.state = State::Chunks(next);
            at += 1;
        }
        Ok(at)
    }
}

fn is_preface(data: &[u8]) -> bool {
    let shown = data.len().min(PREFACE.len());
    data[..shown] == PREFACE[..shown]
}

/// The end of the head that begins `data`, line by line, without reading any byte twice. Bounds are
/// checked by position, so that the answer does not depend on how much has arrived.
fn find_end(data: &[u8], progress: &mut HeadProgress, limits: &HeadLimits) -> Result<Option<usize>, BadHead> {
    let line_limit = limits.head.min(limits.target + REQUEST_LINE_EXTRA);
    loop {
        let from = progress.line + progress.seen;
        let found = memchr::memchr(b'\n', &data[from..]).map(|i| from + i);
        let end = found.map_or(data.len(), |i| i + 1);
        if !progress.in_fields && end - progress.start > line_limit {
            return Err(BadHead::TargetTooLong);
        }
        if end - progress.start > limits.head {
            return Err(BadHead::TooLarge);
        }
        let Some(feed) = found else {
            progress.seen = data.len() - progress.line;
            return Ok(None);
        };
        let line = &data[progress.line..feed];
        let Some(line) = line.strip_suffix(b"\r") else { return Err(BadHead::LineEnding) };
        if line.is_empty() && progress.in_fields {
            return Ok(Some(end));
        }
        if line.is_empty() {
            if progress.start > 0 {
                return Err(BadHead::RequestLine);
            }
            progress.start = end;
        } else {
            progress.in_fields = true;
        }
        (progress.line, progress.seen) = (end, 0);
    }
}
