//! The one place that writes to the terminal. A reader that went away (`| head`) is no error.

use std::io::{self, IsTerminal as _, Write as _};

/// A line on standard output.
pub(super) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// How far a long command is, on standard error: over the line before on a terminal, and not at all elsewhere.
pub(super) fn progress(text: &str) {
    let mut err = io::stderr().lock();
    if err.is_terminal() {
        let _ = write!(err, "\r{text}\x1b[K").and_then(|()| err.flush());
    }
}

/// Ends the line of [`progress`].
pub(super) fn progress_done() {
    let mut err = io::stderr().lock();
    if err.is_terminal() {
        let _ = writeln!(err);
    }
}

/// A failure on standard error. Of several lines the last sums up; the others stand as they are, so that
/// editors find the places in them.
pub(super) fn error(text: &str) {
    let mut err = io::stderr().lock();
    let _ = match text.rsplit_once('\n') {
        Some((lines, last)) => writeln!(err, "{lines}\nportcullis: {last}"),
        None => writeln!(err, "portcullis: {text}"),
    };
}
