//! A test that needs another process runs itself a second time, in another part.

use std::{env, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

const PART: &str = "PORTCULLIS_TEST_PART";

/// What the other process is told, in the process that it is told to.
pub(crate) fn part() -> Option<String> {
    env::var(PART).ok()
}

/// Says a line to the test that started us.
#[expect(clippy::print_stdout, reason = "this is how the two processes talk")]
pub(crate) fn say(line: &str) {
    // On a line of its own: the harness has begun one.
    println!("\n>{line}");
}

/// Another process. Killed when dropped.
pub(crate) struct Other {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Other {
    /// Runs `test`, which calls this, in the part `told`.
    pub(crate) fn start(test: &str, told: &str) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args([test, "--exact", "--nocapture"]).env(PART, told).kill_on_drop(true);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("another process");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// The next thing it says; `None` once it has ended.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        while let Some(line) = self.lines.next_line().await.expect("text") {
            if let Some(said) = line.strip_prefix('>') {
                return Some(said.to_owned());
            }
        }
        None
    }

    /// Kills it with SIGKILL, and returns what it had still said.
    pub(crate) async fn kill(mut self) -> Vec<String> {
        self.child.start_kill().expect("kill");
        let mut rest = Vec::new();
        while let Some(said) = self.hear().await {
            rest.push(said);
        }
        self.child.wait().await.expect("reaped");
        rest
    }
}
