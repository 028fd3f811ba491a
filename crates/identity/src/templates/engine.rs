//! Renders templates within bounds.

use std::io::{self, Write};

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, filters};

use super::{
    grammar::{self, Refused},
    model::{Rendered, Source, Values},
    places,
};

/// Instructions of one rendering; a default takes a few hundred. What one may cost is bounded by the grammar.
const FUEL: u64 = 20_000;
/// Bytes that one rendering may write.
const MAX_OUTPUT: usize = 256 * 1024;
/// Characters of a subject.
const MAX_SUBJECT: usize = 200;
/// Nested blocks.
const MAX_DEPTH: usize = 32;

/// Why a template does not work.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message} (line {line})")]
pub struct Broken {
    /// Of `subject`, `text` and `html`.
    pub field: &'static str,
    /// Counted from 1.
    pub line: usize,
    /// For people.
    pub message: String,
}

/// Renders all three parts; the first that does not work is told.
pub(super) fn render(source: &Source, values: &Values) -> Result<Rendered, Broken> {
    let subject = part("subject", &source.subject, values)?;
    // A subject is one line, whatever its values hold.
    let line = subject.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    Ok(Rendered {
        subject: line.collect::<Vec<_>>().join(" ").chars().take(MAX_SUBJECT).collect(),
        text: part("text", &source.text, values)?,
        html: part("html", &source.html, values)?,
    })
}

/// Everything that does not work with these values.
pub(super) fn check(source: &Source, values: &Values) -> Vec<Broken> {
    [("subject", &source.subject), ("text", &source.text), ("html", &source.html)]
        .into_iter()
        .filter_map(|(field, text)| part(field, text, values).err())
        .collect()
}

fn part(field: &'static str, text: &str, values: &Values) -> Result<String, Broken> {
    let refused = |refused: Refused| Broken { field, line: refused.line, message: refused.message };
    let pieces = grammar::read(text).map_err(refused)?;
    if field == "html" { places::html(&pieces) } else { places::plain(&pieces) }.map_err(refused)?;
    let broken = |error: &Error| Broken {
        field,
        line: error.line().unwrap_or(1),
        message: match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        },
    };
    let environment = environment(field == "html");
    let template = environment.template_from_str(text).map_err(|e| broken(&e))?;
    let mut output = Bounded(Vec::with_capacity(text.len()));
    template.render_captured_to(values, &mut output).map_err(|e| broken(&e))?;
    // Templates and values are UTF-8, and nothing is cut in the middle.
    String::from_utf8(output.0).map_err(|e| Broken { field, line: 1, message: e.to_string() })
}

/// Without the built-in filters and functions, some of which make much out of little.
fn environment(html: bool) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(move |_| if html { AutoEscape::Html } else { AutoEscape::None });
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(MAX_DEPTH);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("length", filters::length);
    environment
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(io::Error::other("the message becomes too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
