//! Redis: a space in the run's server, or a server of one's own.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    failure::{Failure, or_fail},
    machine::{directory_with, free_port, random_name},
    run,
    supervisor::{Owned, Server, write_private},
};

/// A space in the Redis server of this test run: the server is shared, the prefix is this test's own.
#[derive(Debug)]
pub struct RedisSpace {
    url: String,
    prefix: String,
}

impl RedisSpace {
    /// `redis://default:password@127.0.0.1:port`
    pub fn url(&self) -> &str {
        &self.url
    }
    /// What this test's keys and channels must begin with. Letters and digits.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// A space of one's own in the run's Redis, which is started when it is first asked for.
///
/// # Panics
/// Fails the test when the machine has no Redis, or it does not start.
pub async fn redis() -> RedisSpace {
    let url = or_fail(|| {
        run::shared("redis", |directory, owner| {
            let redis = Redis::prepare(directory)?;
            redis.server.share(owner)?;
            redis.server.wait_until(|| redis.address.answers())?;
            Ok(redis.address.url())
        })
    })
    .await;
    RedisSpace { url, prefix: format!("t{}", random_name()) }
}

/// A Redis server that one test may stop and start. It forgets everything when it stops.
/// It ends when this value is dropped.
pub struct PrivateRedis {
    owned: Arc<Mutex<Owned>>,
    address: Address,
}

impl PrivateRedis {
    /// A running server.
    ///
    /// # Panics
    /// Fails the test when the machine has no Redis, or it does not start.
    pub async fn start() -> Self {
        or_fail(|| {
            run::attempt(|| {
                let Redis { server, address } = Redis::prepare(&run::private_directory()?)?;
                let mut owned = Owned::new(server)?;
                owned.start()?;
                owned.server.wait_until(|| address.answers())?;
                Ok(Self { owned: Arc::new(Mutex::new(owned)), address })
            })
        })
        .await
    }

    /// `redis://default:password@127.0.0.1:port`; stays the same when the server starts again.
    pub fn url(&self) -> String {
        self.address.url()
    }

    /// Ends the server in order, and waits for its end.
    pub async fn stop(&self) {
        self.with(|owned, _| owned.end("TERM")).await;
    }

    /// Ends the server at once, as a crash would, and waits for its end.
    pub async fn kill(&self) {
        self.with(|owned, _| owned.end("KILL")).await;
    }

    /// Holds the server still: connections stay open, nothing is answered until [`resume`](Self::resume).
    pub async fn pause(&self) {
        self.with(|owned, _| owned.pause()).await;
    }

    /// Lets a paused server go on.
    pub async fn resume(&self) {
        self.with(|owned, _| owned.resume()).await;
    }

    /// Starts the server again on the same port, empty, and waits until it answers.
    pub async fn start_again(&self) {
        self.with(|owned, address| {
            owned.start()?;
            owned.server.wait_until(|| address.answers())
        })
        .await;
    }

    async fn with(&self, work: impl FnOnce(&mut Owned, &Address) -> Result<(), Failure> + Send + 'static) {
        let (owned, address) = (Arc::clone(&self.owned), self.address.clone());
        or_fail(move || work(&mut owned.lock().unwrap_or_else(PoisonError::into_inner), &address)).await;
    }
}

#[derive(Clone)]
struct Address {
    port: u16,
    password: String,
}

impl Address {
    fn url(&self) -> String {
        format!("redis://default:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// Whether the server knows our password (so it is ours) and answers.
    fn answers(&self) -> bool {
        let ask = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(format!("AUTH {}\r\nPING\r\nQUIT\r\n", self.password).as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            std::io::Result::Ok(answer.starts_with("+OK\r\n+PONG\r\n"))
        };
        ask().unwrap_or(false)
    }
}

struct Redis {
    server: Server,
    address: Address,
}

impl Redis {
    /// Chooses a port and a password and writes the configuration; starts nothing.
    fn prepare(directory: &Path) -> Result<Self, Failure> {
        let program = ["redis-server", "valkey-server"]
            .iter()
            .find_map(|name| directory_with(&[name]).map(|found| found.join(name)))
            .ok_or(Failure::Missing { program: "redis-server", hint: "apt-get install redis-server" })?;
        let address = Address { port: free_port(), password: random_name() };
        let configuration = directory.join("redis.conf");
        write_private(
            &configuration,
            &format!(
                "bind 127.0.0.1\nport {}\nrequirepass {}\nsave \"\"\nappendonly no\ndir {}\n",
                address.port,
                address.password,
                directory.display()
            ),
        )?;
        let command = vec![program.into_os_string(), configuration.into_os_string()];
        Ok(Self { server: Server { directory: directory.to_owned(), command, last_signal: "KILL" }, address })
    }
}
