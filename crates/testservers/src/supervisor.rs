//! The supervising shell: what makes a server end with its owner without unsafe code or a daemon.

use std::{
    ffi::OsString,
    fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::failure::Failure;

const SCRIPT: &str = include_str!("supervise.sh");
/// A server that has not answered for this long never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server and how to run it.
pub(crate) struct Server {
    /// Belongs to the supervisor, which removes it in the end.
    pub(crate) directory: PathBuf,
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
    /// Ends the server at once.
    pub(crate) last_signal: &'static str,
}

impl Server {
    fn shell(&self, mode: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "supervise", mode]).arg(&self.directory).arg(self.last_signal);
        // A group of its own: what is sent to the test's group (by a terminal, by nextest) is not for it.
        shell.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell
    }

    /// Starts the server; it runs for as long as the process `owner` lives.
    pub(crate) fn share(&self, owner: u32) -> Result<(), Failure> {
        let mut shell = self.shell("shared");
        shell.arg(owner.to_string()).args(&self.command);
        // The waiting thread only spares us a zombie; the shell outlives this process.
        let mut child = shell.spawn().map_err(Failure::file("sh"))?;
        thread::spawn(move || child.wait());
        Ok(())
    }

    /// Waits until the server answers; `probe` asks it.
    pub(crate) fn wait_until(&self, mut probe: impl FnMut() -> bool) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            if probe() {
                return Ok(());
            }
            // The directory itself vanishes when a shared server ended and was cleaned up.
            if self.directory.join("exit").exists() || !self.directory.exists() {
                return Err(self.failure("ended by itself"));
            }
            if started.elapsed() > PATIENCE {
                return Err(self.failure("does not answer"));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The server's process id, once it was started.
    pub(crate) fn pid(&self) -> Option<String> {
        fs::read_to_string(self.directory.join("pid")).ok().map(|pid| pid.trim().to_owned())
    }

    fn failure(&self, what: &'static str) -> Failure {
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = log.lines().collect();
        Failure::Server { what, log: lines[lines.len().saturating_sub(20)..].join("\n") }
    }
}

/// A server of our own: it obeys us, and ends when this value is dropped or this process dies.
pub(crate) struct Owned {
    pub(crate) server: Server,
    shell: Child,
    /// `None` only while dropping: closing it ends the server.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Owned {
    /// A supervisor without a running server: [`start`](Self::start) it.
    pub(crate) fn new(server: Server) -> Result<Self, Failure> {
        let mut shell = server.shell("owned");
        shell.args(&server.command).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().map_err(Failure::file("sh"))?;
        let closed = || Failure::file("sh")(io::ErrorKind::BrokenPipe.into());
        let orders = Some(shell.stdin.take().ok_or_else(closed)?);
        let answers = BufReader::new(shell.stdout.take().ok_or_else(closed)?);
        Ok(Self { server, shell, orders, answers })
    }

    /// Starts the server. It may not answer yet.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        self.order("start")
    }

    /// Sends a signal that ends the server, and waits for the end.
    pub(crate) fn end(&mut self, signal: &str) -> Result<(), Failure> {
        self.order(signal)
    }

    /// Holds the server still.
    pub(crate) fn pause(&mut self) -> Result<(), Failure> {
        self.order("STOP")
    }

    /// Lets it go on.
    pub(crate) fn resume(&mut self) -> Result<(), Failure> {
        self.order("CONT")
    }

    fn order(&mut self, word: &str) -> Result<(), Failure> {
        let mut send = || {
            let orders = self.orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            writeln!(orders, "{word}")?;
            let mut answer = String::new();
            match self.answers.read_line(&mut answer)? {
                0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                _ => Ok(()),
            }
        };
        send().map_err(Failure::file("sh"))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Nothing to do about a failure, and nobody to tell.
        let _ = self.shell.wait();
    }
}

/// Makes a directory that its owner alone may list; others may pass through it to what they own.
pub(crate) fn make_directory(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o711).recursive(true).create(path).map_err(Failure::file(path))
}

/// Writes a file that its owner alone may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(Failure::file(path))
}
