//! The thread that writes.

use std::{
    io::Write,
    mem,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::Instant,
};

use super::{FLUSH_EVERY, Shared};

/// What the thread is told.
pub(super) enum Message {
    /// A full buffer and the number of its lines.
    Lines(Vec<u8>, u64),
    /// Write everything, then answer.
    Flush(SyncSender<()>),
    /// Write everything, then end.
    Stop,
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    sink: Box<dyn Write + Send>,
    /// Changes places with the buffer that is swept, so that neither side allocates.
    spare: Vec<u8>,
    /// Whether the last write failed, so that an outage is told once.
    broken: bool,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, sink: Box<dyn Write + Send>) -> Self {
        Self { shared, sink, spare: Vec::new(), broken: false }
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        let mut swept = Instant::now();
        loop {
            let patience = FLUSH_EVERY.saturating_sub(swept.elapsed());
            match messages.recv_timeout(patience) {
                Ok(Message::Lines(bytes, lines)) => self.write(&bytes, lines),
                Ok(Message::Flush(done)) => {
                    self.sweep();
                    // Nobody may be waiting any more.
                    let _ = done.send(());
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if swept.elapsed() >= FLUSH_EVERY {
                self.sweep();
                swept = Instant::now();
            }
        }
        // Requests that were finishing while the end was announced.
        for message in messages.try_iter() {
            if let Message::Lines(bytes, lines) = message {
                self.write(&bytes, lines);
            }
        }
        self.sweep();
    }

    /// Writes what lies in buffers that are not full.
    fn sweep(&mut self) {
        for i in 0..self.shared.lanes.len() {
            let mut spare = mem::take(&mut self.spare);
            let lines = {
                let mut buffer = self.shared.lanes[i].0.lock();
                if buffer.lines > 0 {
                    mem::swap(&mut buffer.bytes, &mut spare);
                }
                mem::take(&mut buffer.lines)
            };
            if lines > 0 {
                self.write(&spare, lines);
                spare.clear();
            }
            self.spare = spare;
        }
        let flushed = self.sink.flush();
        self.note(flushed);
    }

    fn write(&mut self, bytes: &[u8], lines: u64) {
        let written = self.sink.write_all(bytes);
        let counter = if written.is_ok() { &self.shared.written } else { &self.shared.dropped };
        counter.fetch_add(lines, Ordering::Relaxed);
        self.note(written);
    }

    fn note(&mut self, outcome: std::io::Result<()>) {
        match outcome {
            Ok(()) => self.broken = false,
            Err(error) if !self.broken => {
                self.broken = true;
                tracing::error!(%error, "the access log cannot be written; its lines are dropped until it can");
            }
            Err(_) => {}
        }
    }
}
