//! Where a body ends, and what of it has arrived.
//!
//! Pure: how the bytes are cut into reads does not change what they mean. A chunked body is followed
//! strictly (RFC 9112 §7.1), because whoever reads it differently would find the next message elsewhere.
//! Its pieces are passed on as they come, its trailers are collected within a bound.

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Longest chunk extension (RFC 9112 §7.1.1); nobody needs one.
const MAX_EXTENSION: u16 = 256;

/// Most trailer fields.
const MAX_TRAILERS: usize = 64;

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    /// After so many bytes; none when no length was given.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// With the connection (responses only).
    UntilClose,
}

/// What comes next of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
    /// Nothing more can be told without more bytes.
    More,
}

/// The body breaks its own framing. Nothing after it may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the body breaks its framing")]
pub(crate) struct BadFraming;

/// Follows one body.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    /// The bytes of the trailer lines.
    trailers: Vec<u8>,
    /// Most bytes of them.
    max_trailers: usize,
    /// Whether a space after a chunk's size is forgiven, as some servers write one.
    lenient: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Length(u64),
    UntilClose,
    Chunks(Chunk),
    Done,
}

/// Where in a chunked body the next byte stands.
#[derive(Clone, Copy, Debug)]
enum Chunk {
    Size {
        value: u64,
        digits: u8,
    },
    Extension {
        value: u64,
        length: u16,
    },
    SizeLf {
        value: u64,
    },
    Data(u64),
    DataCr,
    DataLf,
    /// At the start of a trailer line.
    Trailer,
    TrailerLine,
    TrailerLf,
    EndLf,
}

impl Decoder {
    /// For a request's body; `max_trailers` bounds its trailers, in bytes.
    pub(crate) const fn request(framing: Framing, max_trailers: usize) -> Self {
        let state = match framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunks(Chunk::Size { value: 0, digits: 0 }),
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, trailers: Vec::new(), max_trailers, lenient: false }
    }

    /// For a response's body.
    pub(crate) const fn response(framing: Framing, max_trailers: usize) -> Self {
        let mut decoder = Self::request(framing, max_trailers);
        decoder.lenient = true;
        decoder
    }

    /// Whether all of the body has been given out.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.state, State::Length(0) | State::Done)
    }

    /// How many bytes are to come, where that is known.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::Done => Some(0),
            State::UntilClose | State::Chunks(_) => None,
        }
    }

    /// The connection has ended: whether that is where the body ends, too.
    pub(crate) const fn close(&mut self) -> bool {
        if matches!(self.state, State::UntilClose) {
            self.state = State::Done;
        }
        self.is_done()
    }

    /// Takes the next piece from what has arrived.
    pub(crate) fn next(&mut self, input: &mut Bytes) -> Result<Piece, BadFraming> {
        match &mut self.state {
            State::Length(0) | State::Done => Ok(Piece::End),
            _ if input.is_empty() => Ok(Piece::More),
            State::Length(left) => Ok(Piece::Data(take(input, left))),
            State::UntilClose => Ok(Piece::Data(std::mem::take(input))),
            State::Chunks(_) => self.next_of_chunks(input),
        }
    }

    fn next_of_chunks(&mut self, input: &mut Bytes) -> Result<Piece, BadFraming> {
        while let (State::Chunks(chunk), Some(&byte)) = (self.state, input.first()) {
            if let Chunk::Data(mut left) = chunk {
                let data = take(input, &mut left);
                self.state = State::Chunks(if left == 0 { Chunk::DataCr } else { Chunk::Data(left) });
                return Ok(Piece::Data(data));
            }
            input.advance(1);
            if let (Chunk::EndLf, b'\n') = (chunk, byte) {
                self.state = State::Done;
                return if self.trailers.is_empty() { Ok(Piece::End) } else { self.parse_trailers() };
            }
            self.state = State::Chunks(self.step(chunk, byte)?);
        }
        Ok(Piece::More)
    }

    /// What follows a byte of the framing.
    fn step(&mut self, chunk: Chunk, byte: u8) -> Result<Chunk, BadFraming> {
        Ok(match (chunk, byte) {
            // Fifteen digits are more than any body and cannot overflow.
            (Chunk::Size { value, digits: digits @ ..15 }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                Chunk::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Chunk::Size { digits: 0, .. }, _) => return Err(BadFraming),
            (Chunk::Size { value, .. }, b';') => Chunk::Extension { value, length: 0 },
            (Chunk::Size { value, .. }, b' ' | b'\t') if self.lenient => Chunk::Extension { value, length: 0 },
            (Chunk::Size { value, .. } | Chunk::Extension { value, .. }, b'\r') => Chunk::SizeLf { value },
            (Chunk::Extension { value, length: length @ ..MAX_EXTENSION }, b'\t' | b' '..=b'~') => {
                Chunk::Extension { value, length: length + 1 }
            }
            (Chunk::SizeLf { value: 0 }, b'\n') => Chunk::Trailer,
            (Chunk::SizeLf { value }, b'\n') => Chunk::Data(value),
            (Chunk::DataCr, b'\r') => Chunk::DataLf,
            (Chunk::DataLf, b'\n') => Chunk::Size { value: 0, digits: 0 },
            (Chunk::Trailer, b'\r') => Chunk::EndLf,
            // A line that starts with a space would be a folded one (RFC 9112 §5.2).
            (Chunk::Trailer, b'!'..=b'~') | (Chunk::TrailerLine, b'\t' | b' '..=b'~' | 0x80..) => {
                self.keep(byte)?;
                Chunk::TrailerLine
            }
            (Chunk::TrailerLine, b'\r') => {
                self.keep(byte)?;
                Chunk::TrailerLf
            }
            (Chunk::TrailerLf, b'\n') => {
                self.keep(byte)?;
                Chunk::Trailer
            }
            _ => return Err(BadFraming),
        })
    }

    fn keep(&mut self, byte: u8) -> Result<(), BadFraming> {
        if self.trailers.len() >= self.max_trailers {
            return Err(BadFraming);
        }
        self.trailers.push(byte);
        Ok(())
    }

    fn parse_trailers(&mut self) -> Result<Piece, BadFraming> {
        let mut lines = std::mem::take(&mut self.trailers);
        lines.extend_from_slice(b"\r\n");
        let mut fields = [httparse::EMPTY_HEADER; MAX_TRAILERS];
        let Ok(httparse::Status::Complete((_, fields))) = httparse::parse_headers(&lines, &mut fields) else {
            return Err(BadFraming);
        };
        let mut trailers = HeaderMap::with_capacity(fields.len());
        for field in fields {
            let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| BadFraming)?;
            let value = HeaderValue::from_bytes(field.value).map_err(|_| BadFraming)?;
            trailers.append(name, value);
        }
        Ok(Piece::Trailers(trailers))
    }
}

/// As much of the input as belongs to what is left.
fn take(input: &mut Bytes, left: &mut u64) -> Bytes {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left -= count as u64;
    input.split_to(count)
}
