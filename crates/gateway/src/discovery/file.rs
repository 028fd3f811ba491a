//! A file that lists targets, looked at again and again: files on network shares and in containers tell
//! nobody that they changed.
//!
//! Whoever writes it should write beside it and rename: half a file is an error, and keeps the last set.

use std::{path::PathBuf, time::SystemTime};

use serde::Deserialize;

use crate::config::{TargetConfig, check_target};

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A watched file.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    /// What it was read as.
    seen: Option<Stamp>,
}

/// What a changed file differs in.
type Stamp = (Option<SystemTime>, u64, u64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    targets: Vec<TargetConfig>,
}

impl File {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.into(), seen: None }
    }

    /// The targets, if the file has changed since they were read.
    pub(super) async fn look(&mut self) -> Result<Option<Vec<TargetConfig>>, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let data = tokio::fs::metadata(&self.path).await.map_err(failed)?;
        let inode = std::os::unix::fs::MetadataExt::ino(&data);
        let stamp = Some((data.modified().ok(), data.len(), inode));
        if self.seen == stamp {
            return Ok(None);
        }
        if data.len() > MAX_FILE {
            return Err(format!("{} is larger than 1MiB", self.path.display()));
        }
        let text = tokio::fs::read_to_string(&self.path).await.map_err(failed)?;
        let targets = self.parse(&text)?;
        self.seen = stamp;
        Ok(Some(targets))
    }

    fn parse(&self, text: &str) -> Result<Vec<TargetConfig>, String> {
        let is_json = self.path.extension().is_some_and(|extension| extension == "json");
        let parsed = if is_json {
            serde_json::from_str::<Listed>(text).map_err(|error| error.to_string())
        } else {
            toml::from_str::<Listed>(text).map_err(|error| error.message().to_owned())
        };
        let listed = parsed.map_err(|error| format!("{}: {error}", self.path.display()))?;
        if listed.targets.len() > super::found::MAX_TARGETS {
            return Err(format!("{} lists more than 256 targets", self.path.display()));
        }
        for target in &listed.targets {
            check_target(target).map_err(|error| format!("{}: {error}", self.path.display()))?;
        }
        Ok(listed.targets)
    }
}
