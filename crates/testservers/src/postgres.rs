//! PostgreSQL: a database in the run's server, or a server of one's own.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    failure::{self, Failure, or_fail},
    machine::{RunAs, directory_with, free_port, random_name},
    run,
    supervisor::{Owned, Server, make_directory, write_private},
};

/// The role that owns every test's database. One for all of them, because roles belong to the whole
/// server: what one test's migration creates, another's may grant.
const OWNER: &str = "portcullis";
/// The server's superuser.
const SUPERUSER: &str = "postgres";

const HINT: &str = "apt-get install postgresql (15 or newer), or put its bin directory into PATH";

/// A database of one test, in the PostgreSQL server of this test run. Dropped with this value, also
/// when connections are still open.
#[derive(Debug)]
pub struct PgDatabase {
    address: Address,
    name: String,
}

impl PgDatabase {
    /// `postgres://portcullis:password@127.0.0.1:port/name`. The role owns the database and may create
    /// roles and databases; it is no superuser, so that row-level security can bind it. Other tests
    /// use it too: roles that a test creates are visible to all, and must be created if absent.
    pub fn url(&self) -> String {
        self.address.url(OWNER, &self.name)
    }
    /// The same database as the server's superuser: for looking behind the scenes.
    pub fn superuser_url(&self) -> String {
        self.address.url(SUPERUSER, &self.name)
    }
    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for PgDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let psql = self.address.psql(&sql);
        // Through a shell that does not wait: a test need not, and whoever ends the server needs no
        // help either. Failing leaves a database that goes with the server.
        let mut shell = Command::new("sh");
        shell.args(["-c", "\"$@\" &", "drop"]).arg(psql.get_program()).args(psql.get_args());
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = shell.status();
    }
}

/// A fresh database in the run's PostgreSQL, which is started when it is first asked for.
///
/// # Panics
/// Fails the test when the machine has no PostgreSQL, or it does not start.
pub async fn postgres() -> PgDatabase {
    or_fail(|| {
        let address = run::shared("postgres", |directory, owner| {
            let (server, cluster) = Cluster::prepare(directory)?;
            server.share(owner)?;
            server.wait_until(|| cluster.is_ready(&server))?;
            cluster.address.sql(&create_owner(&cluster.address.password))?;
            Ok(cluster.address.to_text())
        })?;
        let address = Address::from_text(&address)?;
        let name = format!("t{}", random_name());
        address.sql(&create_database(&name))?;
        Ok(PgDatabase { address, name })
    })
    .await
}

/// A PostgreSQL server that one test may stop and start, with one empty database. It ends when this
/// value is dropped.
pub struct PrivatePostgres {
    owned: Arc<Mutex<Owned>>,
    cluster: Cluster,
}

impl PrivatePostgres {
    /// A running server.
    ///
    /// # Panics
    /// Fails the test when the machine has no PostgreSQL, or it does not start.
    pub async fn start() -> Self {
        or_fail(|| {
            run::attempt(|| {
                let (server, cluster) = Cluster::prepare(&run::private_directory()?)?;
                let mut owned = Owned::new(server)?;
                owned.start()?;
                owned.server.wait_until(|| cluster.is_ready(&owned.server))?;
                cluster.address.sql(&create_owner(&cluster.address.password))?;
                cluster.address.sql(&create_database(OWNER))?;
                Ok(Self { owned: Arc::new(Mutex::new(owned)), cluster })
            })
        })
        .await
    }

    /// As [`PgDatabase::url`]; stays the same when the server starts again.
    pub fn url(&self) -> String {
        self.cluster.address.url(OWNER, OWNER)
    }

    /// As [`PgDatabase::superuser_url`].
    pub fn superuser_url(&self) -> String {
        self.cluster.address.url(SUPERUSER, OWNER)
    }

    /// Ends the server in order: transactions are rolled back, sessions closed. Waits for its end.
    pub async fn stop(&self) {
        self.with(|owned, _| owned.end("INT")).await;
    }

    /// Ends all of the server's processes at once, as a crash would: the next start recovers from the
    /// log. Waits for the end.
    pub async fn kill(&self) {
        self.with(|owned, _| owned.end("QUIT")).await;
    }

    /// Starts the server again with its data on the same port, and waits until it answers.
    pub async fn start_again(&self) {
        self.with(|owned, cluster| {
            owned.start()?;
            owned.server.wait_until(|| cluster.is_ready(&owned.server))
        })
        .await;
    }

    async fn with(&self, work: impl FnOnce(&mut Owned, &Cluster) -> Result<(), Failure> + Send + 'static) {
        let (owned, cluster) = (Arc::clone(&self.owned), self.cluster.clone());
        or_fail(move || work(&mut owned.lock().unwrap_or_else(PoisonError::into_inner), &cluster)).await;
    }
}

fn create_owner(password: &str) -> String {
    format!("CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE PASSWORD '{password}'")
}

fn create_database(name: &str) -> String {
    format!("CREATE DATABASE {name} TEMPLATE template0 OWNER {OWNER}")
}

/// How to reach a server. Superuser and owner share the password: it keeps other users of the machine
/// out, not the test.
#[derive(Clone, Debug)]
struct Address {
    port: u16,
    password: String,
    /// The client that speaks to it.
    psql: PathBuf,
}

impl Address {
    fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    fn to_text(&self) -> String {
        format!("{} {} {}", self.port, self.password, self.psql.display())
    }

    fn from_text(text: &str) -> Result<Self, Failure> {
        let mut words = text.splitn(3, ' ');
        let mut parse = || {
            let port = words.next()?.parse().ok()?;
            Some(Self { port, password: words.next()?.to_owned(), psql: words.next()?.into() })
        };
        parse().ok_or_else(|| Failure::Failed {
            program: "reading the server's address".to_owned(),
            output: text.to_owned(),
        })
    }

    /// One statement, as the superuser, outside any transaction.
    fn psql(&self, sql: &str) -> Command {
        let mut psql = Command::new(&self.psql);
        psql.args(["-XqAtw", "-v", "ON_ERROR_STOP=1", "-c", sql]).arg(self.url(SUPERUSER, "postgres"));
        psql
    }

    fn sql(&self, sql: &str) -> Result<String, Failure> {
        failure::run(&mut self.psql(sql))
    }
}

/// A data directory and how to reach the server that runs on it.
#[derive(Clone)]
struct Cluster {
    address: Address,
    data: PathBuf,
}

impl Cluster {
    /// Makes a data directory, chooses a port and writes the configuration; starts nothing.
    fn prepare(directory: &Path) -> Result<(Server, Self), Failure> {
        let missing = Failure::Missing { program: "PostgreSQL (initdb, postgres, psql)", hint: HINT };
        let bin = directory_with(&["initdb", "postgres", "psql"]).ok_or(missing)?;
        let run_as = RunAs::find()?;
        let address = Address { port: free_port(), password: random_name(), psql: bin.join("psql") };
        let (data, secret) = (directory.join("data"), directory.join("password"));
        make_directory(&data)?;
        write_private(&secret, &address.password)?;
        run_as.own(&data)?;
        run_as.own(&secret)?;

        // The C locale sorts by bytes, as SQLite does.
        let initdb: Vec<OsString> = [bin.join("initdb").as_os_str(), "-D".as_ref(), data.as_os_str()]
            .into_iter()
            .chain(["--no-sync", "--no-locale", "-E", "UTF8", "-A", "password", "-U", SUPERUSER].map(AsRef::as_ref))
            .chain(["--pwfile".as_ref(), secret.as_os_str()])
            .map(OsString::from)
            .collect();
        failure::run(&mut run_as.command(&initdb))?;

        let configuration = directory.join("postgresql.conf");
        write_private(&configuration, &settings(&address))?;
        run_as.own(&configuration)?;
        let mut option = OsString::from("config_file=");
        option.push(&configuration);
        let mut command = run_as.prefix();
        command.extend([bin.join("postgres").into(), "-D".into(), data.clone().into(), "-c".into(), option]);
        let server = Server { directory: directory.to_owned(), command, last_signal: "QUIT" };
        Ok((server, Self { address, data }))
    }

    /// Asks as `pg_ctl` does: the server writes its process id and its state into this file. The id
    /// tells whether the file is of this start or left behind by a crash.
    fn is_ready(&self, server: &Server) -> bool {
        let Ok(state) = fs::read_to_string(self.data.join("postmaster.pid")) else { return false };
        let mut lines = state.lines().map(str::trim);
        lines.next().map(str::to_owned) == server.pid() && lines.nth(6) == Some("ready")
    }
}

/// No `fsync`: see the crate's documentation. Passwords are plain MD5, because a proper hash would cost
/// every connection of every test milliseconds and guards nothing here.
fn settings(address: &Address) -> String {
    format!(
        "listen_addresses = '127.0.0.1'
port = {}
unix_socket_directories = ''
password_encryption = 'md5'
max_connections = 200
shared_buffers = '32MB'
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
",
        address.port
    )
}
