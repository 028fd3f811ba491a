//! The program from the outside: exit codes, and failures in one sentence that says what to do.

#![expect(clippy::expect_used, reason = "this crate is test code")]

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

const PASSWORD: &str = "Correct-Horse-7-Battery";

/// The program in a directory of its own, deaf to the environment of whoever runs the tests.
fn portcullis(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(dir).env_clear();
    // The cheapest hashing that the rules allow.
    command.env("PORTCULLIS__PASSWORDS__ARGON2__MEMORY", "19MiB");
    command.env("PORTCULLIS__PASSWORDS__ARGON2__PARALLELISM", "1");
    command
}

fn run(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = portcullis(dir, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Whoever does not read it has ended already.
    let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Runs what must fail with this code, and returns its one sentence.
fn refused(dir: &Path, arguments: &[&str], input: &str, code: i32) -> String {
    let output = run(dir, arguments, input);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    assert!(error.starts_with("portcullis: "), "{error}");
    error
}

fn done(dir: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(dir, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_filter_of_breached_passwords_is_built_used_and_refused_when_it_is_damaged() {
    let dir = tempfile::tempdir().expect("a directory");
    let here = dir.path();
    // SHA-1 of PASSWORD among others, not sorted.
    let list = "4B0DC43B3AA3C0A4E1BB8DDDB9E80CCA6B9B1A3A:1\r\n0F74D56D27D13CA906CC65C35AF93FF9F53E385F:7\r\n0000000CAEF405439D57847A8657218C618160B2:15\r\n";
    fs::write(here.join("list.txt"), list).expect("written");
    let unsorted = refused(here, &["passwords", "build-filter", "list.txt", "breached"], "", 1);
    assert!(unsorted.contains("line 2 is smaller than the one before"), "{unsorted}");
    let told = done(here, &["passwords", "build-filter", "-", "breached", "--unsorted", "--min-count", "2"], list);
    assert_eq!(told, "breached: 2 breached passwords out of 3 lines\n");
    let garbage = refused(here, &["passwords", "build-filter", "-", "other"], "password123\n", 1);
    assert!(garbage.contains("line 1 is not SHA1:TIMES"), "{garbage}");
    assert!(!here.join("other").exists() && !here.join("other.part").exists(), "nothing half-written stays");
    refused(here, &["passwords", "build-filter", "nowhere", "other"], "", 1);

    fs::write(here.join("portcullis.toml"), "[passwords]\nbreach_filter = \"breached\"\n").expect("written");
    let create = ["admin", "create", "--email", "boss@example.com", "--password-stdin"];
    let told = refused(here, &create, PASSWORD, 1);
    assert!(told.contains("known from a breach"), "{told}");
    fs::write(here.join("breached"), "PASSWORD LIST").expect("written");
    let told = refused(here, &create, "Another-Horse-7-Battery", 1);
    assert!(told.contains("passwords.breach_filter breached: is no filter"), "{told}");
}

#[test]
fn users_are_imported_and_exported_by_the_file() {
    let dir = tempfile::tempdir().expect("a directory");
    done(dir.path(), &["init", "gate", "--password-stdin"], PASSWORD);
    let gate = dir.path().join("gate");
    let hash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    let file = format!("email,email_verified,display_name,password_hash\nada@example.com,true,=Ada,{hash}\n");
    fs::write(gate.join("users.csv"), file).expect("written");
    let dry = done(&gate, &["users", "import", "users.csv", "--dry-run"], "");
    assert!(dry.starts_with("nothing was kept; it would be: 1 made"), "{dry}");
    let told = done(&gate, &["users", "import", "users.csv"], "");
    assert_eq!(told, "1 made, 0 brought up to date, 0 there already, 0 not done\n");
    let again = done(&gate, &["users", "import", "users.csv", "--upsert"], "");
    assert_eq!(again, "0 made, 1 brought up to date, 0 there already, 0 not done\n");
    let wrong = run(&gate, &["users", "import", "-", "--format", "csv"], "email\nnobody\n");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stdout).starts_with("line 2: email must be an e-mail address"), "{}", text(&wrong.stdout));
    let unsaid = refused(&gate, &["users", "import", "users.txt"], "", 2);
    assert!(unsaid.contains("--format"), "{unsaid}");
    let exported = done(&gate, &["users", "export", "--format", "csv"], "");
    assert!(exported.contains(",ada@example.com,") && exported.contains(",'=Ada,"), "{exported}");
    assert!(!exported.contains("$2b$"), "{exported}");
    assert!(exported.contains(",admin@localhost,true,"), "who runs it vouches for the address: {exported}");
    // What others may read takes on nothing of it: neither a file that was there, nor what a link leads to.
    fs::write(gate.join("open.txt"), "").expect("written");
    std::os::unix::fs::symlink("open.txt", gate.join("all.jsonl")).expect("a link");
    fs::set_permissions(gate.join("open.txt"), fs::Permissions::from_mode(0o644)).expect("set");
    done(&gate, &["users", "export", "all.jsonl", "--with-password-hashes"], "");
    assert_eq!(fs::read_to_string(gate.join("open.txt")).expect("a file"), "");
    assert!(refused(&gate, &["users", "export", "data", "--format", "csv"], "", 1).contains("it is no file"));
    let left = fs::read_dir(&gate).expect("the directory").flatten();
    assert!(!left.map(|one| one.file_name()).any(|name| name.to_string_lossy().ends_with(".part")));
    let written = fs::read_to_string(gate.join("all.jsonl")).expect("a file");
    assert!(written.contains(hash), "{written}");
    let mode = fs::metadata(gate.join("all.jsonl")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its owner alone");
}

#[test]
fn init_makes_everything_once_and_nothing_when_it_fails() {
    let dir = tempfile::tempdir().expect("a directory");
    let weak = refused(dir.path(), &["init", "gate", "--password-stdin"], "password", 1);
    assert!(weak.contains("password"), "{weak}");
    assert_eq!(fs::read_dir(dir.path().join("gate")).expect("the directory").count(), 0, "nothing half-written");

    let said = done(dir.path(), &["init", "gate", "--email", "ada@example.com", "--password-stdin"], PASSWORD);
    assert!(said.contains("ada@example.com") && !said.contains(PASSWORD), "{said}");
    let mode = |file: &str| fs::metadata(dir.path().join(file)).expect(file).permissions().mode() & 0o777;
    assert_eq!(
        (mode("gate/data"), mode("gate/data/master.key"), mode("gate/data/portcullis.db")),
        (0o700, 0o600, 0o600)
    );
    assert!(refused(dir.path(), &["init", "gate"], "", 1).contains("exists already"));
    assert!(done(&dir.path().join("gate"), &["config", "check"], "").starts_with("ok: portcullis.toml"));
    let again = refused(
        &dir.path().join("gate"),
        &["admin", "create", "--email", "ada@example.com", "--password-stdin"],
        PASSWORD,
        1,
    );
    assert!(again.contains("already") && again.contains("reset-password"), "{again}");
}

#[test]
fn a_made_password_is_shown_once_and_works_for_no_argument() {
    let dir = tempfile::tempdir().expect("a directory");
    let said = done(dir.path(), &["init"], "");
    assert!(said.contains("shown this once"), "{said}");
    let output = run(dir.path(), &["admin", "create", "--email", "x@example.com", "--password", PASSWORD], "");
    assert_eq!(output.status.code(), Some(2), "a password is never an argument");
    let nobody =
        refused(dir.path(), &["admin", "reset-password", "--email", "x@example.com", "--password-stdin"], PASSWORD, 1);
    assert!(nobody.contains("no user x@example.com"), "{nobody}");
    let empty = refused(dir.path(), &["admin", "create", "--email", "x@example.com", "--password-stdin"], "\n", 2);
    assert!(empty.contains("standard input is empty"), "{empty}");
    let silent = refused(dir.path(), &["admin", "create", "--email", "x@example.com"], "", 2);
    assert!(silent.contains("--password-stdin"), "{silent}");
    assert!(done(dir.path(), &["admin", "unlock", "--email", "admin@localhost"], "").contains("was not locked"));
}

#[test]
fn a_missing_database_is_not_made_by_looking() {
    let dir = tempfile::tempdir().expect("a directory");
    for arguments in [&["migrate", "status"][..], &["keys", "list"], &["admin", "unlock", "--email", "a@example.com"]] {
        let sentence = refused(dir.path(), arguments, "", 1);
        assert!(sentence.contains("there is no database") && sentence.contains("migrate up"), "{sentence}");
    }
    assert_eq!(fs::read_dir(dir.path()).expect("the directory").count(), 0);
}

#[test]
fn keys_rotate_and_retire() {
    let dir = tempfile::tempdir().expect("a directory");
    done(dir.path(), &["init"], "");
    let first = done(dir.path(), &["keys", "list"], "");
    assert!(first.lines().count() == 1 && first.contains(" active "), "{first}");
    done(dir.path(), &["keys", "rotate"], "");
    let two = done(dir.path(), &["keys", "list"], "");
    assert!(two.contains(" active ") && two.contains(" retiring "), "{two}");
    let old = first.split_whitespace().next().expect("a key id");
    done(dir.path(), &["keys", "retire", old], "");
    let listed = done(dir.path(), &["keys", "list"], "");
    assert!(listed.lines().any(|l| l.starts_with(old) && l.contains(" retired ")), "{listed}");
    assert!(refused(dir.path(), &["keys", "list", "--tenant", "acme"], "", 1).contains("no tenant acme"));
}

#[test]
fn the_audit_log_is_verified_from_the_outside() {
    let dir = tempfile::tempdir().expect("a directory");
    done(dir.path(), &["init"], "");
    let whole = done(dir.path(), &["audit", "verify"], "");
    assert!(whole.starts_with("default: ") && whole.contains("head "), "{whole}");
    assert!(refused(dir.path(), &["audit", "verify", "--tenant", "acme"], "", 1).contains("no tenant acme"));
}

#[test]
fn another_master_key_or_none_is_refused_before_anything_happens() {
    let dir = tempfile::tempdir().expect("a directory");
    done(dir.path(), &["init"], "");
    let key = dir.path().join("data/master.key");
    let right = fs::read(&key).expect("the key");

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("set");
    assert!(refused(dir.path(), &["keys", "list"], "", 1).contains("chmod 600"));
    fs::remove_file(&key).expect("removed");
    assert!(refused(dir.path(), &["serve"], "", 1).contains("is missing"));
    assert!(!key.exists(), "no other key is made for an old database");

    let other = tempfile::tempdir().expect("a directory");
    done(other.path(), &["init"], "");
    fs::copy(other.path().join("data/master.key"), &key).expect("copied");
    let wrong = refused(dir.path(), &["serve"], "", 1);
    assert!(wrong.contains("not the one this database was created with"), "{wrong}");
    fs::write(&key, right).expect("restored");
    done(dir.path(), &["keys", "list"], "");
}

#[test]
fn a_busy_port_ends_in_one_sentence() {
    let dir = tempfile::tempdir().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (setting, name) in
        [("PORTCULLIS__SERVER__LISTEN", "server.listen"), ("PORTCULLIS__SERVER__OPS_LISTEN", "server.ops_listen")]
    {
        let mut command = portcullis(dir.path(), &["serve"]);
        command.env("PORTCULLIS__SERVER__LISTEN", "127.0.0.1:0").env("PORTCULLIS__SERVER__OPS_LISTEN", "127.0.0.1:0");
        let output = command.env(setting, &address).output().expect("it ends");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(&address) && error.contains(name), "{error}");
    }
}

#[test]
fn a_broken_configuration_is_refused_with_code_2() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("portcullis.toml"), "[server]\nlisten = 1\n[kv]\nulr = \"memory\"\n").expect("written");
    for arguments in [&["serve"][..], &["config", "check"], &["migrate", "up"]] {
        let output = run(dir.path(), arguments, "");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.starts_with("portcullis.toml:2:1: server.listen: expected a string"), "{error}");
        assert!(error.contains("portcullis.toml:4:1: kv.ulr: unknown setting; did you mean \"url\"?"), "{error}");
    }
    assert!(!dir.path().join("data").exists(), "nothing was started");
}

#[test]
fn documents_are_printed_without_a_database() {
    let dir = tempfile::tempdir().expect("a directory");
    let schema: serde_json::Value = serde_json::from_str(&done(dir.path(), &["config", "schema"], "")).expect("JSON");
    assert!(schema["properties"]["server"].is_object());
    let api: serde_json::Value = serde_json::from_str(&done(dir.path(), &["openapi"], "")).expect("JSON");
    assert_eq!(api["openapi"].as_str().map(|v| &v[..4]), Some("3.1."));
    assert!(api["paths"]["/api/v1/auth/login"]["post"].is_object());
    assert_eq!(fs::read_dir(dir.path()).expect("the directory").count(), 0);
}
