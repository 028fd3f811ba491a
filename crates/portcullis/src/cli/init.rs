//! `portcullis init`: everything a new installation needs, or nothing.

use std::{
    fs::{self, OpenOptions},
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;
use identity::users::Email;
use kernel::{OsRandom, Secret};

use super::{
    Failure,
    admin::read_password,
    failure::{block_on, reason},
    output,
};
use crate::{
    app::{Missing, identity_node},
    config::{DEFAULT_FILE, Sources},
    operator::{FIRST_ADMIN, admins, password},
    secrets,
};

const TEMPLATE: &str = include_str!("template.toml");

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The directory to write to; made when it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The first administrator's e-mail address
    #[arg(long, value_name = "EMAIL", default_value = FIRST_ADMIN)]
    email: String,
    /// Read the first administrator's password from standard input. Otherwise it is asked for on a terminal,
    /// and made and shown once elsewhere
    #[arg(long)]
    password_stdin: bool,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let email: Email = self.email.parse().map_err(|e| Failure::usage(format!("--email {e}")))?;
        let files = Files::new(&self.dir);
        files.refuse_existing()?;
        let chosen = match self.password_stdin || std::io::stdin().is_terminal() {
            true => Some(read_password(self.password_stdin)?),
            false => None,
        };
        let password = chosen.clone().unwrap_or_else(|| password::generate(&OsRandom::new()));
        let done = files.write().and_then(|()| files.first_admin(email, password.clone()));
        if let Err(failure) = done {
            // Nothing half-written: a later attempt must not stumble over what this one left.
            files.remove();
            return Err(failure);
        }
        output::line(&format!("wrote {} and {}", files.config.display(), files.key.display()));
        output::line(&format!("made the administrator {}", self.email));
        if chosen.is_none() {
            output::line(&format!("their password, shown this once: {}", password.expose()));
        }
        output::line(&match self.dir.as_os_str() == "." {
            true => "start with: portcullis serve".to_owned(),
            false => format!("start with: cd {} && portcullis serve", self.dir.display()),
        });
        Ok(())
    }
}

/// What is written.
struct Files {
    dir: PathBuf,
    config: PathBuf,
    data: PathBuf,
    key: PathBuf,
    database: PathBuf,
}

impl Files {
    fn new(dir: &Path) -> Self {
        let data = dir.join("data");
        Self {
            dir: dir.to_owned(),
            config: dir.join(DEFAULT_FILE),
            key: data.join("master.key"),
            database: data.join("portcullis.db"),
            data,
        }
    }

    fn refuse_existing(&self) -> Result<(), Failure> {
        let there = [&self.config, &self.key, &self.database].into_iter().find(|file| file.exists());
        match there {
            Some(file) => Err(Failure::new(format!(
                "{} exists already and is not replaced; choose another directory, or move it away",
                file.display()
            ))),
            None => Ok(()),
        }
    }

    fn write(&self) -> Result<(), Failure> {
        let failed = |file: &Path, e| Failure::new(format!("cannot write {}: {}", file.display(), reason(&e)));
        fs::create_dir_all(&self.dir).map_err(|e| failed(&self.dir, e))?;
        secrets::create(&self.key, &OsRandom::new()).map_err(Failure::new)?;
        let written = OpenOptions::new().write(true).create_new(true).open(&self.config);
        written.and_then(|mut file| file.write_all(TEMPLATE.as_bytes())).map_err(|e| failed(&self.config, e))
    }

    /// Makes the database, wherever the environment may want it, and somebody who can log in.
    fn first_admin(&self, email: Email, password: Secret) -> Result<(), Failure> {
        let config = Sources::from_process(Some(self.config.clone()), Some(self.data.clone())).load()?.config;
        block_on(async {
            let core = identity_node::for_command(&config, Missing::Create).await?;
            Ok(admins::create(&core, email, password).await?)
        })
    }

    /// Removes what [`Files::refuse_existing`] did not find. Directories go when nothing else is in them.
    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", self.database.display()));
        }
        let _ = fs::remove_file(&self.key);
        let _ = fs::remove_file(&self.config);
        let _ = fs::remove_dir(&self.data);
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
        assert!(uncommented().matches("\nurl = ").count() == 5, "settings are commented as `#name`");
    }

    #[test]
    fn an_existing_file_is_never_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let files = Files::new(dir.path());
        files.refuse_existing().expect("nothing is there");
        files.write().expect("the first time");
        let refusal = files.refuse_existing().expect_err("the second time").to_string();
        assert!(refusal.contains("exists already"), "{refusal}");
        files.write().expect_err("nor by force");
        files.remove();
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 0, "nothing is left");
    }
}
