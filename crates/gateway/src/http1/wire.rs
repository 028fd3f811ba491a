//! Reading from a connection and writing to it, with buffers that cost an idle connection nothing.
//!
//! What arrives is read into a buffer of the thread and copied out at its true size; only a large body is
//! read into memory of its own. What is sent is encoded into a buffer that is borrowed from the thread
//! until it has gone out; large pieces of bodies are written from where they lie.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

/// What is read at once, when little is expected.
const PIECE: usize = 32 << 10;

/// What is read at once of a large body.
const LARGE: usize = 128 << 10;

/// Pieces of bodies up to this size are copied behind the head, so that they leave with it.
const COPIED: usize = 8 << 10;

/// How much may wait to be written before the source is asked for more.
const FULL: usize = 64 << 10;

/// Buffers that a thread keeps for its connections, and the largest it keeps.
const SPARES: usize = 64;
const SPARE_SIZE: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; PIECE].into());
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Reads what has arrived; empty at the end of the stream. `expected`: how much is known to come.
pub(crate) fn poll_read<S: AsyncRead + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    expected: u64,
) -> Poll<io::Result<Bytes>> {
    if expected > PIECE as u64 {
        let mut own = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(LARGE).min(LARGE));
        let count = ready!(poll_read_buf(Pin::new(stream), cx, &mut own))?;
        // A drop does not get a bucket.
        return Poll::Ready(Ok(if count < PIECE / 4 { Bytes::copy_from_slice(&own) } else { own.freeze() }));
    }
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    })
}

/// Adds what has arrived to what was there.
pub(crate) fn join(held: &mut Bytes, more: Bytes) {
    if held.is_empty() {
        *held = more;
        return;
    }
    // The only holder adds in place; what others still look at is copied.
    let mut all = std::mem::take(held).try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    all.extend_from_slice(&more);
    *held = all.freeze();
}

/// Bytes on their way out: encoded ones, then perhaps a large piece of a body, then what ends it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    buffer: Vec<u8>,
    /// How much of `buffer` has gone out.
    written: usize,
    large: Bytes,
    after: &'static [u8],
}

impl Outbox {
    /// Whether everything has gone out.
    pub(crate) const fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.large.is_empty() && self.after.is_empty()
    }

    /// Whether more may be put in. Whoever sees `false` flushes first.
    pub(crate) const fn has_room(&self) -> bool {
        self.large.is_empty() && self.after.is_empty() && self.buffer.len() < FULL
    }

    /// Where to encode to.
    pub(crate) fn encode(&mut self) -> &mut Vec<u8> {
        if self.buffer.capacity() == 0 {
            self.buffer = BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(4 << 10));
        }
        &mut self.buffer
    }

    /// Puts a piece of a body in, as a chunk if asked to.
    pub(crate) fn body(&mut self, data: Bytes, chunked: bool) {
        debug_assert!(self.has_room(), "whoever fills the box looks first");
        if data.is_empty() {
            // An empty chunk would end the body.
            return;
        }
        let after: &'static [u8] = if chunked { b"\r\n" } else { b"" };
        let buffer = self.encode();
        if chunked {
            super::encode::chunk_size(buffer, data.len());
        }
        if data.len() <= COPIED {
            buffer.extend_from_slice(&data);
            buffer.extend_from_slice(after);
        } else {
            (self.large, self.after) = (data, after);
        }
    }

    /// Forgets what has not gone out.
    pub(crate) fn clear(&mut self) {
        self.large = Bytes::new();
        self.after = b"";
        self.written = 0;
        self.give_back();
    }

    /// Writes until nothing is left.
    pub(crate) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.is_empty() {
            let first = &self.buffer[self.written..];
            let mut stream = Pin::new(&mut *stream);
            let count = if self.large.is_empty() && self.after.is_empty() {
                ready!(stream.as_mut().poll_write(cx, first))?
            } else {
                let pieces = [IoSlice::new(first), IoSlice::new(&self.large), IoSlice::new(self.after)];
                ready!(stream.as_mut().poll_write_vectored(cx, &pieces))?
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(count);
        }
        Pin::new(stream).poll_flush(cx)
    }

    fn advance(&mut self, mut count: usize) {
        let first = count.min(self.buffer.len() - self.written);
        self.written += first;
        count -= first;
        if self.written == self.buffer.len() {
            self.written = 0;
            self.give_back();
        }
        let second = count.min(self.large.len());
        self.large.advance(second);
        self.after = &self.after[count - second..];
    }

    /// Lends the buffer to others of this thread.
    fn give_back(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        if (1..=SPARE_SIZE).contains(&buffer.capacity()) {
            buffer.clear();
            BUFFERS.with_borrow_mut(|spares| {
                if spares.len() < SPARES {
                    spares.push(buffer);
                }
            });
        }
    }
}
