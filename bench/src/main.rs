//! Load on the identity calls: logins and refreshes over HTTP, keep-alive, one thread.
//!
//! `wrk` cannot do this: each refresh needs the token that the one before returned. Prints one line of
//! JSON. The server must allow the rate: see the configuration that `bench/run.py` writes.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::{Parser, ValueEnum};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Call {
    /// Each connection logs in once, then refreshes its own chain of tokens.
    Refresh,
    /// Each connection logs in again and again.
    Login,
}

#[derive(Clone, Debug, Parser)]
struct Arguments {
    /// What to call.
    call: Call,
    /// The server.
    #[arg(long)]
    server: SocketAddr,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long to measure.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// An existing account.
    #[arg(long)]
    email: String,
    /// Its password.
    #[arg(long)]
    password: String,
}

static LOGINS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    async fn connect(server: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: server.to_string() })
    }

    async fn post(&mut self, path: &str, body: &Value) -> Result<(u16, Value), Error> {
        self.sender.ready().await?;
        let request = Request::post(path)
            .header("host", &self.host)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(body)?)))?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

#[derive(Default)]
struct Tally {
    latencies_us: Vec<u64>,
    refused: u64,
}

async fn one_connection(a: Arguments, start: tokio::sync::watch::Receiver<bool>) -> Result<Tally, Error> {
    let mut client = Client::connect(a.server).await?;
    let credentials = json!({"email": a.email, "password": a.password});
    let mut refresh = json!({});
    if a.call == Call::Refresh {
        // A few at a time: many attempts at one account at once look like guessing, and are locked out.
        let _turn = LOGINS.acquire().await?;
        refresh = log_in(&mut client, &credentials).await?;
    }
    let mut start = start;
    start.wait_for(|go| *go).await?;
    let end = Instant::now() + Duration::from_secs(a.seconds);
    let mut tally = Tally::default();
    while Instant::now() < end {
        let began = Instant::now();
        let (status, answer) = match a.call {
            Call::Refresh => client.post("/api/v1/auth/refresh", &refresh).await?,
            Call::Login => client.post("/api/v1/auth/login", &credentials).await?,
        };
        match status {
            200 => tally.latencies_us.push(u64::try_from(began.elapsed().as_micros())?),
            503 => {
                tally.refused += 1;
                // Many that ask again at once would measure the load, not the server.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            other => return Err(format!("unexpected answer {other}: {answer}").into()),
        }
        if a.call == Call::Refresh && status == 200 {
            refresh = json!({"refresh_token": answer["refresh_token"]});
        }
    }
    Ok(tally)
}

/// Logs in, waiting while the hashing pool is full, and returns the body of the first refresh.
async fn log_in(client: &mut Client, credentials: &Value) -> Result<Value, Error> {
    loop {
        match client.post("/api/v1/auth/login", credentials).await? {
            (200, answer) => return Ok(json!({"refresh_token": answer["refresh_token"]})),
            (503, _) => tokio::time::sleep(Duration::from_millis(200)).await,
            (status, answer) => return Err(format!("login answered {status}: {answer}").into()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the result")]
async fn main() -> Result<(), Error> {
    let a = Arguments::parse();
    let (go, start) = tokio::sync::watch::channel(false);
    let tasks: Vec<_> = (0..a.connections).map(|_| tokio::spawn(one_connection(a.clone(), start.clone()))).collect();
    drop(start);
    // Every connection waits for the same start; the driver reads this line to start its own clock.
    if a.call == Call::Refresh {
        tokio::time::sleep(Duration::from_secs(a.connections as u64 / 8 + 1)).await;
    }
    let began = Instant::now();
    go.send(true)?;
    let mut all = Tally::default();
    for task in tasks {
        let tally = task.await??;
        all.latencies_us.extend(tally.latencies_us);
        all.refused += tally.refused;
    }
    let seconds = began.elapsed().as_secs_f64();
    all.latencies_us.sort_unstable();
    let at = |q: f64| {
        let index = (all.latencies_us.len() as f64 * q) as usize;
        all.latencies_us.get(index.min(all.latencies_us.len().saturating_sub(1))).copied().unwrap_or(0)
    };
    let count = all.latencies_us.len();
    println!(
        "{}",
        json!({
            "count": count, "refused": all.refused, "seconds": seconds, "per_second": count as f64 / seconds,
            "p50_us": at(0.5), "p99_us": at(0.99),
        })
    );
    Ok(())
}
