//! The three encoders, with settings for answers that are made anew each time: fast rather than small.

use std::io::{self, Write as _};

use bytes::Bytes;

use super::Algorithm;

/// Gzip's level, of nine.
const GZIP: u32 = 5;
/// Brotli's quality, of eleven, its window (256 KiB) and its buffer.
const BROTLI: (u32, u32, usize) = (4, 18, 8 << 10);
/// Zstandard's level, of twenty-two.
const ZSTD: i32 = 3;

/// One encoder at work. What it has made waits in it until it is taken.
pub(super) enum Encoder {
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    /// A new one. `None`: there is no memory for it.
    pub(super) fn new(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Gzip => Self::Gzip(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP))),
            Algorithm::Br => {
                let (quality, window, buffer) = BROTLI;
                Self::Brotli(Box::new(brotli::CompressorWriter::new(Vec::new(), buffer, quality, window)))
            }
            Algorithm::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD).ok()?),
        })
    }

    /// Takes more to compress.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(data),
            Self::Brotli(encoder) => encoder.write_all(data),
            Self::Zstd(encoder) => encoder.write_all(data),
        }
    }

    /// Makes everything so far readable for the other side.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.flush(),
            Self::Brotli(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }

    /// What has been made since the last time.
    pub(super) fn take(&mut self) -> Bytes {
        let made = match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        std::mem::take(made).into()
    }

    /// The end of the stream.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        let made = match self {
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Brotli(encoder) => encoder.into_inner(),
            Self::Zstd(encoder) => encoder.finish()?,
        };
        Ok(made.into())
    }
}
