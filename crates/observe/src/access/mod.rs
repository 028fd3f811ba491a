//! The access log: one line for each finished request.
//!
//! A request formats its line straight into a buffer in memory and goes on. Buffers are written by one
//! thread of their own: when they are full, and at least every [`FLUSH_EVERY`]. **It never blocks a
//! request**: what a slow disk cannot take is dropped, and counted ([`AccessLog::stats`]).
//!
//! Lines are bounded, hold nothing that could break a line or a terminal, and no secrets: queries are
//! not part of a path, and tokens within a path are cut out. Lines of different threads may be slightly
//! out of order; each has its own time.
//!
//! Deliberately absent: rotation (the file is opened for appending, so that it can be copied and
//! truncated), and sampling.

mod line;
mod writer;

use std::{
    cell::Cell,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use kernel::exchange::Exchange;
use parking_lot::Mutex;

use self::writer::{Message, Writer};
use crate::logging::Format;

/// Longest time a line waits for being written.
pub const FLUSH_EVERY: Duration = Duration::from_millis(150);
/// A buffer of this size is handed to the writer, in bytes: some hundreds of lines, so that waking the writer
/// costs each of them next to nothing.
const FULL: usize = 128 * 1024;
/// Room for the line that fills a buffer.
const SPARE: usize = 4 * 1024;
/// Most full buffers that wait for the writer: 8 MiB that a slow disk may be behind.
const WAITING: usize = 64;
/// Threads share these buffers by turns; more than there are cores, so that sharing is rare.
const LANES: usize = 32;

/// Writes the access log.
#[derive(Debug)]
pub struct AccessLog {
    shared: Arc<Shared>,
    queue: SyncSender<Message>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What requests and the writer share.
#[derive(Debug)]
struct Shared {
    format: Format,
    lanes: Box<[Lane]>,
    closed: AtomicBool,
    written: AtomicU64,
    dropped: AtomicU64,
}

/// A buffer on cache lines of its own, so that threads do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
struct Lane(Mutex<Buffer>);

#[derive(Debug)]
struct Buffer {
    bytes: Vec<u8>,
    lines: u64,
    stamp: line::Stamp,
}

/// How many lines came through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccessStats {
    /// Lines handed to the operating system.
    pub written: u64,
    /// Lines lost to a slow or broken sink.
    pub dropped: u64,
}

impl AccessLog {
    /// Begins to write to standard output; [`Format::Auto`] looks whether that is a terminal.
    pub fn stdout(format: Format) -> io::Result<Self> {
        let terminal = io::IsTerminal::is_terminal(&io::stdout());
        Self::to(format.on(terminal), Box::new(io::stdout()))
    }

    /// Begins to append to a file.
    pub fn file(format: Format, path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Self::to(format.on(false), Box::new(file))
    }

    /// Begins to write anywhere.
    pub fn to(format: Format, sink: Box<dyn Write + Send>) -> io::Result<Self> {
        let lane = || Lane(Mutex::new(Buffer { bytes: Vec::new(), lines: 0, stamp: line::Stamp::default() }));
        let shared = Arc::new(Shared {
            format,
            lanes: (0..LANES).map(|_| lane()).collect(),
            closed: AtomicBool::new(false),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        let (queue, messages) = mpsc::sync_channel(WAITING);
        let writer = Writer::new(shared.clone(), sink);
        let thread = thread::Builder::new().name("access-log".into()).spawn(move || writer.run(&messages))?;
        Ok(Self { shared, queue, writer: Mutex::new(Some(thread)) })
    }

    /// Records one request. Costs the formatting of its line.
    pub fn record(&self, route: &str, exchange: &Exchange<'_>) {
        let shared = &*self.shared;
        if shared.closed.load(Ordering::Relaxed) {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut buffer = shared.lanes[turn() % LANES].0.lock();
        let Buffer { bytes, lines, stamp } = &mut *buffer;
        match shared.format {
            Format::Text => line::text(bytes, stamp, route, exchange),
            Format::Auto | Format::Json => line::json(bytes, stamp, route, exchange),
        }
        *lines += 1;
        if bytes.len() >= FULL {
            let full = Message::Lines(std::mem::replace(bytes, Vec::with_capacity(FULL + SPARE)), *lines);
            *lines = 0;
            // Still under the lane's lock: its lines reach the queue in their order.
            self.hand_over(full);
        }
    }

    fn hand_over(&self, full: Message) {
        if let Err(
            mpsc::TrySendError::Full(Message::Lines(_, lines))
            | mpsc::TrySendError::Disconnected(Message::Lines(_, lines)),
        ) = self.queue.try_send(full)
        {
            self.shared.dropped.fetch_add(lines, Ordering::Relaxed);
        }
    }

    /// Waits until everything recorded before is written.
    pub fn flush(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.queue.send(Message::Flush(done)).is_ok() {
            // An error means that the writer has ended, and has written everything before.
            let _ = wait.recv();
        }
    }

    /// Writes what is left and ends. Later requests are counted as dropped.
    pub fn shutdown(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        if let Some(thread) = self.writer.lock().take() {
            // Neither fails unless the thread has ended already.
            let _ = self.queue.send(Message::Stop);
            let _ = thread.join();
        }
    }

    /// How many lines came through.
    pub fn stats(&self) -> AccessStats {
        AccessStats {
            written: self.shared.written.load(Ordering::Relaxed),
            dropped: self.shared.dropped.load(Ordering::Relaxed),
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// The lane of this thread.
fn turn() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static TURN: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    TURN.get()
}

#[cfg(test)]
mod tests;
