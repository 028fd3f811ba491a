//! From sources to a [`Config`], or to every reason why not.

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::PathBuf,
};

use serde_json::Value;

use super::{
    Config,
    judge::judge,
    report::{Finding, Path, Place, Report},
    schema::Schema,
    tree::{ENV_PREFIX, Tree},
};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "portcullis.toml";

/// Largest file that is read, in bytes: five thousand routes take about two mebibytes.
const MAX_FILE: u64 = 64 << 20;

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config`. When absent, `portcullis.toml` in the current directory is read if it exists.
    pub file: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// Environment variables. Those that are no setting are passed over.
    pub environment: Vec<(OsString, OsString)>,
}

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read, if any: the one to watch.
    pub file: Option<PathBuf>,
    /// How many environment variables were settings.
    pub variables: usize,
}

impl Sources {
    /// The process's own environment, and what the command line says.
    pub fn from_process(file: Option<PathBuf>, data_dir: Option<PathBuf>) -> Self {
        Self { file, data_dir, environment: std::env::vars_os().collect() }
    }

    /// Reads and judges everything.
    pub fn load(&self) -> Result<Loaded, Report> {
        let schema = Schema::new();
        let mut tree = Tree::default();
        let file = self.read_file(&mut tree);
        let variables = self.read_environment(&mut tree, &schema);
        if let Some(dir) = &self.data_dir {
            let path = Path::parse("storage.data_dir");
            tree.set(path, Value::String(dir.to_string_lossy().into_owned()), Place::Option("--data-dir"));
        }
        let config = judge(tree, &schema)?;
        Ok(Loaded { config, file, variables })
    }

    fn read_file(&self, tree: &mut Tree) -> Option<PathBuf> {
        let file = self.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        let read = || -> io::Result<String> {
            let mut text = String::new();
            std::fs::File::open(&file)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
            if text.len() as u64 > MAX_FILE {
                return Err(io::Error::other(format!("larger than {} MiB", MAX_FILE >> 20)));
            }
            Ok(text)
        };
        match read() {
            Ok(text) => {
                tree.read_toml(file.clone(), &text);
                Some(file)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => None,
            Err(error) => {
                let message = match error.kind() {
                    io::ErrorKind::NotFound => {
                        "there is no such file; `portcullis init` writes one, or leave out --config to run on defaults"
                            .to_owned()
                    }
                    io::ErrorKind::InvalidData => "the file is not UTF-8 text".to_owned(),
                    _ => format!("the file cannot be read: {error}"),
                };
                let place = Place::File { file: file.into(), line: 1, column: 1 };
                tree.findings.push(Finding { place, path: Path::default(), message });
                None
            }
        }
    }

    fn read_environment(&self, tree: &mut Tree, schema: &Schema) -> usize {
        let mut variables: Vec<(&str, &OsString)> = self
            .environment
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?.strip_prefix(ENV_PREFIX)?, value)))
            .collect();
        // Shorter names first, so that `ROUTES` as a whole comes before `ROUTES__0__NAME`.
        variables.sort_by_key(|(name, _)| (name.split("__").count(), *name));
        for (name, value) in &variables {
            match value.to_str() {
                Some(value) => tree.set_env(schema, name, value, &read_secret),
                None => tree.findings.push(Finding {
                    place: Place::Environment(format!("{ENV_PREFIX}{name}")),
                    path: Path::default(),
                    message: "the value is not UTF-8 text".to_owned(),
                }),
            }
        }
        variables.len()
    }
}

/// Reads the file that a `_FILE` variable names, without the line break that editors and `echo` add.
fn read_secret(file: &str) -> Result<String, String> {
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|f| f.take(1 << 20).read_to_string(&mut text))
        .map_err(|e| format!("the file {file} cannot be read: {e}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
