use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    failure, machine, postgres, redis, run,
    supervisor::{Owned, Server},
    *,
};

/// Asks `psql` at `url`; `Err` is what the server said.
fn ask(url: &str, sql: &str) -> Result<String, String> {
    let bin = machine::directory_with(&["psql"]).expect("psql");
    failure::run(Command::new(bin.join("psql")).args(["-XqAtw", "-v", "ON_ERROR_STOP=1", "-c", sql, url]))
        .map(|text| text.trim().to_owned())
        .map_err(|failure| failure.to_string())
}

fn ping(url: &str) -> Option<String> {
    let cli = machine::directory_with(&["redis-cli"]).expect("redis-cli").join("redis-cli");
    let output = Command::new(cli).args(["--no-auth-warning", "-u", url, "ping"]).output().expect("redis-cli");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn every_test_gets_an_empty_database_of_its_own() {
    let (ours, other) = (postgres().await, postgres().await);
    assert_ne!(ours.name(), other.name());
    ask(&ours.url(), "CREATE TABLE t (x int)").expect("the owner may create");
    assert_eq!(ask(&other.url(), "SELECT count(*) FROM pg_tables WHERE tablename = 't'").as_deref(), Ok("0"));
}

#[tokio::test]
async fn the_owner_may_create_roles_but_row_level_security_binds_it() {
    let database = postgres().await;
    let sql = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user";
    assert_eq!(ask(&database.url(), sql).as_deref(), Ok("f|f|t|t"));
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    assert_eq!(ask(&database.superuser_url(), sql).as_deref(), Ok("t"));
}

#[tokio::test]
async fn a_database_is_dropped_with_its_value() {
    let (gone, witness) = (postgres().await, postgres().await);
    let sql = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", gone.name());
    assert_eq!(ask(&witness.url(), &sql).as_deref(), Ok("1"));
    drop(gone);
    until(|| ask(&witness.url(), &sql).as_deref() == Ok("0"));
}

#[tokio::test]
async fn a_server_wants_its_password() {
    let database = postgres().await;
    let (user, rest) = database.url().rsplit_once('@').map(|(u, r)| (u.to_owned(), r.to_owned())).expect("a URL");
    let url = format!("{}:wrong@{rest}", user.rsplit_once(':').expect("a password").0);
    assert!(ask(&url, "SELECT 1").expect_err("a wrong password").contains("password authentication failed"));
}

#[tokio::test]
async fn a_killed_postgres_keeps_what_it_acknowledged() {
    let server = PrivatePostgres::start().await;
    ask(&server.url(), "CREATE TABLE t (x int); INSERT INTO t VALUES (7)").expect("write");
    server.kill().await;
    ask(&server.url(), "SELECT 1").expect_err("nobody is there");
    server.start_again().await;
    assert_eq!(ask(&server.url(), "SELECT x FROM t").as_deref(), Ok("7"));
    server.stop().await;
    ask(&server.url(), "SELECT 1").expect_err("nobody is there");
}

#[tokio::test]
async fn the_runs_redis_is_shared_and_its_spaces_are_not() {
    let (ours, other) = (redis().await, redis().await);
    assert_eq!(ours.url(), other.url());
    assert_ne!(ours.prefix(), other.prefix());
    assert_eq!(ping(ours.url()).as_deref(), Some("PONG"));
}

#[tokio::test]
async fn a_private_redis_goes_and_comes_back() {
    let server = PrivateRedis::start().await;
    assert_eq!(ping(&server.url()).as_deref(), Some("PONG"));
    server.kill().await;
    assert_eq!(ping(&server.url()), None);
    server.start_again().await;
    server.pause().await;
    server.resume().await;
    assert_eq!(ping(&server.url()).as_deref(), Some("PONG"));
    server.stop().await;
    assert_eq!(ping(&server.url()), None);
}

/// A "server" that only stays.
fn stayer() -> Server {
    let directory = run::private_directory().expect("a directory");
    Server { directory, command: ["sleep", "1000"].map(Into::into).to_vec(), last_signal: "KILL" }
}

fn lives(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status().expect("kill").success()
}

fn wait_for_pid(directory: &Path) -> String {
    let path: PathBuf = directory.join("pid");
    until(|| path.exists());
    std::fs::read_to_string(path).expect("pid").trim().to_owned()
}

#[test]
fn an_owned_server_ends_with_its_value_and_leaves_nothing() {
    let mut owned = Owned::new(stayer()).expect("a shell");
    owned.start().expect("start");
    let directory = owned.server.directory.clone();
    let pid = wait_for_pid(&directory);
    assert!(lives(&pid));
    drop(owned);
    assert!(!lives(&pid));
    assert!(!directory.exists());
}

#[test]
fn a_shared_server_ends_when_the_run_ends_however_it_ends() {
    let server = stayer();
    let mut run = Command::new("sleep").arg("1000").spawn().expect("sleep");
    server.share(run.id()).expect("start");
    let pid = wait_for_pid(&server.directory);
    assert!(lives(&pid));
    run.kill().expect("kill");
    run.wait().expect("reaped");
    until(|| !server.directory.exists());
    assert!(!lives(&pid));
}

#[test]
fn a_server_that_ends_by_itself_is_reported_with_its_last_words() {
    let directory = run::private_directory().expect("a directory");
    let command = ["sh", "-c", "echo the port is taken; exit 1"].map(Into::into).to_vec();
    let mut owned = Owned::new(Server { directory, command, last_signal: "KILL" }).expect("a shell");
    owned.start().expect("start");
    let failure = owned.server.wait_until(|| false).expect_err("it ended");
    assert!(failure.to_string().contains("ended by itself") && failure.to_string().contains("the port is taken"));
}

#[test]
fn a_program_that_is_not_there_is_not_found() {
    assert!(machine::directory_with(&["sh"]).is_some());
    assert!(machine::directory_with(&["sh", "no-such-program"]).is_none());
}
