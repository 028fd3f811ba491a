//! What the machine offers: programs, a user who may run PostgreSQL, free ports, random names.

use std::{
    env,
    ffi::OsString,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    net::TcpListener,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::{Failure, run};

/// Sixty-four random bits in hexadecimal: names, passwords.
pub(crate) fn random_name() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// A port of 127.0.0.1 that nobody listens on. It lies below the range from which the system picks
/// ports for outgoing connections, so that a stopped server finds its port free when it starts again.
/// Somebody may still take it first: whoever starts a server tries again with another.
pub(crate) fn free_port() -> u16 {
    loop {
        let random = RandomState::new().build_hasher().finish();
        let port = 10_000 + u16::try_from(random % 20_000).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The directory that holds all of `programs`: PATH first, then where packages put PostgreSQL, the
/// newest version first.
pub(crate) fn directory_with(programs: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort_by_key(|bin| {
        let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        std::cmp::Reverse(version.and_then(|v| v.parse::<u32>().ok()))
    });
    env::split_paths(&path)
        .chain(versions)
        .find(|directory| programs.iter().all(|program| directory.join(program).is_file()))
}

/// The user that runs PostgreSQL, which refuses to be run by root.
pub(crate) enum RunAs {
    /// We are not root: ourselves.
    Ourselves,
    /// We are root: the user `postgres`, by its ids.
    Postgres { uid: u32, gid: u32 },
}

impl RunAs {
    /// Looks at who we are.
    pub(crate) fn find() -> Result<Self, Failure> {
        let id = |arguments: &[&str]| -> Result<u32, Failure> {
            let text = run(Command::new("id").args(arguments))?;
            text.trim().parse().map_err(|_| Failure::Failed { program: "id".to_owned(), output: text })
        };
        if id(&["-u"])? != 0 {
            return Ok(Self::Ourselves);
        }
        let missing = |_| Failure::Missing {
            program: "a user named postgres",
            hint: "root may not run PostgreSQL; `apt-get install postgresql` makes the user, or run the tests as another user",
        };
        Ok(Self::Postgres {
            uid: id(&["-u", "postgres"]).map_err(missing)?,
            gid: id(&["-g", "postgres"]).map_err(missing)?,
        })
    }

    /// Words to put before a command. `setpriv` replaces itself by the command, so signals reach it.
    pub(crate) fn prefix(&self) -> Vec<OsString> {
        match self {
            Self::Ourselves => Vec::new(),
            Self::Postgres { uid, gid } => {
                ["setpriv".to_owned(), format!("--reuid={uid}"), format!("--regid={gid}"), "--init-groups".to_owned()]
                    .map(OsString::from)
                    .to_vec()
            }
        }
    }

    /// A command to run as that user, who may not be allowed to enter our working directory.
    pub(crate) fn command(&self, words: &[OsString]) -> Command {
        let mut line = self.prefix().into_iter().chain(words.iter().cloned());
        let mut command = Command::new(line.next().unwrap_or_default());
        command.args(line).current_dir("/");
        command
    }

    /// Makes the user own a file or directory.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Failure> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Postgres { uid, gid } => chown(path, Some(*uid), Some(*gid)).map_err(Failure::file(path)),
        }
    }
}
