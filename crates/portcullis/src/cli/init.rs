//! `portcullis init`: everything a new installation needs, or nothing.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use clap::Args;
use kernel::OsRandom;

use super::{Failure, failure::reason, output};
use crate::{config::DEFAULT_FILE, secrets};

const TEMPLATE: &str = include_str!("template.toml");

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The directory to write to; made when it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.dir.join(DEFAULT_FILE);
        let key = self.dir.join("data/master.key");
        for file in [&config, &key] {
            if file.exists() {
                return Err(Failure::new(format!(
                    "{} exists already and is not replaced; choose another directory, or move it away",
                    file.display()
                )));
            }
        }
        let failed = |file: &PathBuf, e| Failure::new(format!("cannot write {}: {}", file.display(), reason(&e)));
        fs::create_dir_all(&self.dir).map_err(|e| failed(&self.dir, e))?;
        secrets::create(&key, &OsRandom::new()).map_err(Failure::new)?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&config)
            .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()))
            .map_err(|e| {
                // Nothing half-written: a later attempt must not stumble over the key.
                let _ = fs::remove_file(&key);
                let _ = fs::remove_file(&config);
                failed(&config, e)
            })?;
        output::line(&format!("wrote {} and {}", config.display(), key.display()));
        let here = self.dir.as_os_str() == ".";
        output::line(&if here {
            "start with: portcullis serve".to_owned()
        } else {
            format!("start with: cd {} && portcullis serve", self.dir.display())
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    /// The template with every commented setting put in force.
    fn uncommented() -> String {
        let setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
        TEMPLATE.lines().map(|l| if setting(l) { &l[1..] } else { l }).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_template_is_a_good_configuration_commented_or_not() {
        let dir = tempfile::tempdir().expect("a directory");
        for text in [TEMPLATE.to_owned(), uncommented()] {
            let file = dir.path().join("portcullis.toml");
            fs::write(&file, text).expect("written");
            let loaded = Sources { file: Some(file), ..Sources::default() }.load();
            assert!(loaded.is_ok(), "{}", loaded.expect_err("checked"));
        }
        assert!(uncommented().matches("\nurl = ").count() == 3, "settings are commented as `#name`");
    }

    #[test]
    fn an_existing_file_is_never_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let init = || Init { dir: dir.path().to_owned() }.run();
        init().expect("the first time");
        let before = fs::read(dir.path().join("data/master.key")).expect("the key");
        let refusal = init().expect_err("the second time").to_string();
        assert!(refusal.contains("exists already"), "{refusal}");
        fs::remove_file(dir.path().join(DEFAULT_FILE)).expect("removed");
        init().expect_err("the key is still there");
        assert!(!dir.path().join(DEFAULT_FILE).exists(), "nothing half-written");
        assert_eq!(fs::read(dir.path().join("data/master.key")).expect("the key"), before);
    }
}
