//! What is wrong with a configuration, and where: one line each, like a compiler's.
//!
//! A report holds every error at once. It never repeats a value that might be a secret.

use std::{fmt, path::PathBuf, sync::Arc};

/// Where a setting was made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// In a file. Line and column count from 1; the column counts characters.
    File {
        /// The file, as it was named.
        file: Arc<PathBuf>,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// In an environment variable of this name.
    Environment(String),
    /// By a command line option of this name.
    Option(&'static str),
    /// Nowhere: it is the default.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Option(name) => f.write_str(name),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One step into the configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into an array, counting from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}
impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The name of a setting: `routes[0].upstream`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// One step further.
    #[must_use]
    pub fn then(&self, step: impl Into<Step>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }
    /// Reads `routes[0].upstream`, as it is shown. Keys with dots or brackets in them are not understood;
    /// whoever is looked up by them is found at the nearest table around.
    pub fn parse(text: &str) -> Self {
        let parts = text.split(['.', '[']).filter(|p| !p.is_empty());
        let step = |part: &str| match part.strip_suffix(']').map(str::parse) {
            Some(Ok(index)) => Step::Index(index),
            _ => Step::from(part),
        };
        Self(parts.map(step).collect())
    }
    /// The number of the route that this is about.
    pub(super) fn route(&self) -> Option<usize> {
        match self.0.as_slice() {
            [Step::Key(key), Step::Index(i), ..] if key == "routes" => Some(*i),
            _ => None,
        }
    }
    /// Whether the last step is this key.
    pub(super) fn ends_with(&self, key: &str) -> bool {
        matches!(self.0.last(), Some(Step::Key(last)) if last == key)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    let bare =
                        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
                    if bare { f.write_str(key)? } else { write!(f, "{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

/// One error.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    /// Where it was written.
    pub place: Place,
    /// Which setting. Empty when the text could not be read that far.
    pub path: Path,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Every error of a configuration, in the order of their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report(Vec<Finding>);

impl Report {
    pub(super) fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort();
        findings.dedup();
        Self(findings)
    }
    /// The errors.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.0 {
            writeln!(f, "{finding}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 error in the configuration; nothing was started or changed"),
            n => write!(f, "{n} errors in the configuration; nothing was started or changed"),
        }
    }
}

impl std::error::Error for Report {}

/// Which of the known names was probably meant, as the end of a sentence: `; did you mean "listen"?`,
/// or nothing when none is near.
pub(super) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&written.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1.max(name.chars().count() / 3))
        .min()
        .map(|(_, name)| format!("; did you mean \"{name}\"?"))
        .unwrap_or_default()
}
