//! The running program hears of a changed file and of signals.

#![expect(clippy::expect_used, reason = "this crate is test code")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The program on free ports, with the configuration in its directory.
struct Program {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Program {
    fn start(dir: &Path) -> Self {
        let log = dir.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .arg("serve")
            .current_dir(dir)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let greeting = lines.next().expect("a greeting").expect("text");
        let url = greeting.split_whitespace().find(|word| word.starts_with("http://")).expect("its address").to_owned();
        // What it says further is read, so that it never waits for us.
        std::thread::spawn(move || lines.count());
        Self { child, url, log }
    }

    async fn status(&self, path: &str) -> u16 {
        reqwest::get(format!("{}{path}", self.url)).await.expect("an answer").status().as_u16()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().expect("kill").success());
    }

    fn said(&self, words: &str) -> bool {
        fs::read_to_string(&self.log).expect("the log").contains(words)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration with these routes, all to a service that is not there: its absence is a 502, which no
/// route at all is not.
fn write(dir: &Path, routes: &[&str]) {
    let mut text = "[server]\nlisten = \"127.0.0.1:0\"\nops_listen = \"127.0.0.1:0\"\n\
        [passwords]\nthreads = 1\nargon2 = { memory = \"19MiB\" }\n\
        [upstreams.gone]\ntargets = [\"http://127.0.0.1:1\"]\n"
        .to_owned();
    for route in routes {
        text += &format!(
            "[[routes]]\nname = \"{route}\"\nmatch.path = \"/{route}\"\nupstream = \"gone\"\nauth = \"none\"\n"
        );
    }
    // As editors do it: the file is never half-written.
    fs::write(dir.join("next"), text).expect("written");
    fs::rename(dir.join("next"), dir.join("portcullis.toml")).expect("renamed");
}

async fn until(mut happened: impl AsyncFnMut() -> bool) {
    while !happened().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_changed_file_and_a_signal_are_heard_and_a_broken_file_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &["one"]);
    let mut program = Program::start(dir.path());
    assert_eq!((program.status("/one").await, program.status("/two").await), (502, 404));

    write(dir.path(), &["one", "two"]);
    until(async || program.status("/two").await == 502).await;

    write(dir.path(), &["three", "three"]);
    until(async || program.said("the old one serves on")).await;
    assert!(program.said("routes[1].name"), "every error is logged");
    assert_eq!((program.status("/one").await, program.status("/three").await), (502, 404));

    write(dir.path(), &["four"]);
    program.signal("-HUP");
    until(async || program.status("/four").await == 502).await;
    assert_eq!(program.status("/one").await, 404);

    program.signal("-TERM");
    assert_eq!(program.child.wait().expect("it ends").code(), Some(0));
}

/// Runs a command in the directory; what it said, and its exit code.
fn command(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    let output = command.args(arguments).current_dir(dir).env_clear().output().expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().expect("a code"), String::from_utf8(said).expect("text"))
}

#[tokio::test]
async fn the_command_line_changes_what_a_running_program_serves() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &["one"]);
    let mut program = Program::start(dir.path());
    let made = |name: &str, upstream: &str| {
        format!(
            "[upstreams.also]\ntargets = [\"http://127.0.0.1:1\"]\n\
             [[routes]]\nname = \"{name}\"\nmatch = {{ path = \"/{name}\" }}\nupstream = \"{upstream}\"\nauth = \"none\"\n"
        )
    };
    let file = |text: String| fs::write(dir.path().join("made.toml"), text).expect("written");

    file(made("two", "also"));
    assert_eq!(command(dir.path(), &["config", "diff", "made.toml"]), (0, "+ upstream also\n+ route two\n".to_owned()));
    assert_eq!(program.status("/two").await, 404, "nothing was changed");
    let (code, said) = command(dir.path(), &["config", "apply", "made.toml", "--reason", "to try it"]);
    assert_eq!((code, said.as_str()), (0, "revision 1 is made: 2 changes\n"));
    until(async || program.status("/two").await == 502).await;
    assert_eq!(program.status("/one").await, 502, "the file's route stays");

    let (code, exported) = command(dir.path(), &["config", "export"]);
    assert_eq!(code, 0);
    file(exported);
    let (_, said) = command(dir.path(), &["config", "apply", "made.toml"]);
    assert_eq!(said, "nothing differs from revision 1\n");
    assert!(command(dir.path(), &["config", "export", "--all"]).1.contains("name = \"one\""));

    file(made("three", "nowhere") + "[server]\nworkers = 3\n");
    let (code, said) = command(dir.path(), &["config", "apply", "made.toml"]);
    assert!(code == 2 && said.contains("made.toml:8:2: server: only"), "{code} {said}");
    file(made("three", "nowhere"));
    let (code, said) = command(dir.path(), &["config", "apply", "made.toml"]);
    assert!(code == 2 && said.contains("routes.three.upstream: ") && said.contains("nothing was changed"), "{said}");
    file(made("one", "also"));
    let (code, said) = command(dir.path(), &["config", "apply", "made.toml"]);
    assert!(code == 2 && said.contains("routes.one: is in the configuration file too"), "{said}");
    file(made("three", "also"));
    let (code, said) = command(dir.path(), &["config", "apply", "made.toml", "--if-revision", "0"]);
    assert!(code == 1 && said.contains("the last revision is 1"), "{said}");
    let (code, _) = command(dir.path(), &["config", "apply", "made.toml", "--if-revision", "1"]);
    assert_eq!(code, 0);
    until(async || program.status("/three").await == 502).await;
    assert_eq!(program.status("/two").await, 404);

    // A file that does not go together with what was made is refused, while it runs and at the start.
    write(dir.path(), &["one", "three"]);
    until(async || program.said("does not go together with revision 2")).await;
    assert_eq!(program.status("/one").await, 502);
    program.signal("-TERM");
    assert_eq!(program.child.wait().expect("it ends").code(), Some(0));
    let (code, said) = command(dir.path(), &["serve"]);
    assert!(code == 1 && said.contains("does not go together with revision 2") && said.contains("three"), "{said}");
}
