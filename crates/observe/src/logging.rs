//! The log of the process itself: what it does and what goes wrong, on standard error.
//!
//! One event a line, as JSON or for people, cleaned of what looks like a secret. Requests are not logged
//! here: that is [`crate::access`].
//!
//! Deliberately absent: files and rotation, which the service manager does better; settings from
//! `RUST_LOG`, for the configuration (and its environment variables) is the one place.

use std::io::{self, IsTerminal as _, Write};

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt::MakeWriter, util::SubscriberInitExt as _};

use crate::redact;

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Format {
    /// What [`Format::Auto`] means where output goes to a terminal, or not.
    #[must_use]
    pub const fn on(self, terminal: bool) -> Self {
        match self {
            Self::Auto if terminal => Self::Text,
            Self::Auto => Self::Json,
            chosen => chosen,
        }
    }
}

/// Why the log cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The directives do not parse.
    #[error("`{0}` says no level: write error, warn, info, debug or trace, or directives such as info,gateway=debug")]
    Directives(String, #[source] ParseError),
    /// Somebody else has begun one in this process.
    #[error("the process logs already")]
    Already,
}

/// Begins to log on standard error. `directives`: a level, or levels by module (`info,gateway=debug`).
pub fn init(format: Format, directives: &str) -> Result<(), LoggingError> {
    let terminal = io::stderr().is_terminal();
    subscriber(format.on(terminal), terminal, directives, io::stderr)?.try_init().map_err(|_| LoggingError::Already)
}

/// What [`init`] installs, writing elsewhere.
fn subscriber<W>(
    format: Format,
    colours: bool,
    directives: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(directives).map_err(|error| LoggingError::Directives(directives.to_owned(), error))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Clean(writer));
    Ok(match format {
        Format::Json => Box::new(builder.json().flatten_event(true).with_span_list(false).finish()),
        Format::Auto | Format::Text => Box::new(builder.with_ansi(colours).finish()),
    })
}

/// Cleans every event before it is written: an event arrives in one piece.
struct Clean<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Clean<W> {
    type Writer = Clean<W::Writer>;
    fn make_writer(&'w self) -> Self::Writer {
        Clean(self.0.make_writer())
    }
}

impl<W: Write> Write for Clean<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(redact::scrub(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::Secret;
    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, colours: bool, directives: &str, speak: impl FnOnce()) -> String {
        let memory = Memory::default();
        let sink = memory.clone();
        let subscriber = subscriber(format, colours, directives, move || sink.clone()).expect("directives");
        tracing::subscriber::with_default(subscriber, speak);
        let bytes = memory.0.lock().clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn no_secret_reaches_the_log_in_any_format() {
        let secret = Secret::<String>::new("hunter2".into());
        for (format, colours) in [(Format::Json, false), (Format::Text, false), (Format::Text, true)] {
            let text = logged(format, colours, "info", || {
                let span = tracing::info_span!("login", password = "hunter2");
                let _in = span.enter();
                tracing::info!(?secret, "cannot reach postgres://gate:hunter2@db/x");
                tracing::warn!(token = %"hunter2", header = "Bearer hunter2hunter2", "refused");
                tracing::error!(body = r#"{"password":"hunter2"}"#, "bad");
            });
            assert!(!text.contains("hunter2"), "{format:?}: {text}");
            assert!(text.contains("[secret]") && text.contains("refused"), "{format:?}: {text}");
        }
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged(Format::Json, false, "info", || {
            tracing::info!(listen = "127.0.0.1:8080", "ready");
            tracing::error!(password = "a\"b", "two\nlines");
        });
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!((lines.len(), &lines[0]["message"], &lines[0]["level"]), (2, &"ready".into(), &"INFO".into()));
        assert_eq!(lines[1]["password"], "[secret]");
    }

    #[test]
    fn levels_are_chosen_by_module() {
        let text = logged(Format::Text, false, "warn,observe=debug", || {
            tracing::debug!("ours");
            tracing::info!(target: "elsewhere", "theirs");
        });
        assert!(text.contains("ours") && !text.contains("theirs"));
        assert!(subscriber(Format::Json, false, "loud=louder", io::sink).is_err());
    }

    #[test]
    fn auto_is_for_people_on_a_terminal_only() {
        assert_eq!((Format::Auto.on(true), Format::Auto.on(false)), (Format::Text, Format::Json));
        assert_eq!((Format::Json.on(true), Format::Text.on(false)), (Format::Json, Format::Text));
    }
}
