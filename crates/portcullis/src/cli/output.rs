//! The one place that writes to the terminal. A reader that went away (`| head`) is no error.

use std::io::{self, Write as _};

/// A line on standard output.
pub(super) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// A failure on standard error.
pub(super) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "portcullis: {text}");
}
