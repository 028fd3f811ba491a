//! The one place that writes to the terminal. A reader that went away (`| head`) is no error.

use std::io::{self, Write as _};

/// A line on standard output.
pub(super) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
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
