//! One server for a whole test run, though every test is a process of its own.
//!
//! The first process that needs the server starts it while it holds a file lock; the others wait for
//! the lock and read where the server is. The run's name is nextest's; under plain `cargo test`, which
//! has none, a run is one process.

use std::{
    env,
    fs::{self, File},
    os::unix::process::parent_id,
    path::{Path, PathBuf},
    process,
    sync::LazyLock,
};

use crate::{
    failure::Failure,
    machine::random_name,
    supervisor::{make_directory, write_private},
};

/// How often a server is started before giving up: a port that was free may be taken a moment later.
const ATTEMPTS: u32 = 3;

/// The run this process belongs to: its directory, and the process whose end is the end of the run.
struct Run {
    directory: PathBuf,
    owner: u32,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    // Nobody can guess the name (both are random), so nobody can have put something there before us.
    let (name, owner) = match env::var("NEXTEST_RUN_ID") {
        Ok(id) => (id, parent_id()),
        Err(_) => (random_name(), process::id()),
    };
    Run { directory: env::temp_dir().join(format!("portcullis-tests-{name}")), owner }
});

/// The directory for a server of this process alone.
pub(crate) fn private_directory() -> Result<PathBuf, Failure> {
    let directory = RUN.directory.join(random_name());
    make_directory(&directory)?;
    Ok(directory)
}

/// Reads where the run's server `name` is; starts it first if nobody has.
///
/// `start` gets an empty directory and the owner's process id, and returns the text that tells where
/// the server is.
pub(crate) fn shared(name: &str, start: impl Fn(&Path, u32) -> Result<String, Failure>) -> Result<String, Failure> {
    let directory = RUN.directory.join(name);
    let (lock, address) = (directory.with_extension("lock"), directory.join("address"));
    make_directory(&RUN.directory)?;
    // Held until the end of this function; the system releases it if this process dies.
    let file = File::create(&lock).map_err(Failure::file(&lock))?;
    file.lock().map_err(Failure::file(&lock))?;
    if let Ok(known) = fs::read_to_string(&address) {
        return Ok(known);
    }
    let found = attempt(|| {
        make_directory(&directory)?;
        start(&directory, RUN.owner)
    })?;
    write_private(&address, &found)?;
    Ok(found)
}

/// Tries `work` again when the server ended by itself, as it does when its port was taken.
pub(crate) fn attempt<T>(mut work: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 1..ATTEMPTS {
        match work() {
            Err(Failure::Server { .. }) => {}
            done => return done,
        }
    }
    work()
}
