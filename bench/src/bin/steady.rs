//! Requests at a steady rate, and how long each took from when it was due.
//!
//! A client that waits for slow answers before it asks again measures a server at its best ("coordinated
//! omission"): here a request that is late because the one before it was slow counts as late. Prints one
//! line of JSON. `wrk` cannot do this.
//!
//! It never sleeps, so that what it adds to a time is microseconds and not a timer's granularity, and with
//! `--upstream` it is the service behind the gate as well: two processes that share a core would wait for each
//! other's time slices, and those waits would be most of what is measured.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Debug, Parser)]
struct Arguments {
    /// The server.
    #[arg(long)]
    server: SocketAddr,
    /// What to ask for.
    #[arg(long)]
    path: String,
    /// An access token.
    #[arg(long)]
    token: Option<String>,
    /// Requests a second, over all connections.
    #[arg(long)]
    rate: f64,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// How long to measure.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Also answer requests here, as the service behind the gate.
    #[arg(long)]
    upstream: Option<SocketAddr>,
}

/// Asked for before measuring begins, so that connections are open.
const WARM_UP: Duration = Duration::from_millis(500);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello, world";

/// Answers every request without a body on a connection.
async fn answer(mut stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8_192);
    while stream.read_buf(&mut buffer).await? > 0 {
        while let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            buffer.drain(..end + 4);
            stream.write_all(ANSWER).await?;
        }
    }
    Ok(())
}

async fn be_upstream(listener: TcpListener) -> Result<(), Error> {
    loop {
        let (stream, _) = listener.accept().await?;
        // Ends with its connection, however that ends.
        drop(tokio::spawn(answer(stream)));
    }
}

/// Asks and reads one answer with a `Content-Length`.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Result<(), Error> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection ended".into());
        }
        let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end])?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("unexpected answer: {}", head.lines().next().unwrap_or_default()).into());
        }
        let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
        });
        let length = length.ok_or("the answer has no Content-Length")??;
        while buffer.len() < end + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err("the answer broke off".into());
            }
        }
        return Ok(());
    }
}

async fn one_connection(a: Arguments, number: u32, begin: Instant) -> Result<Vec<u64>, Error> {
    let mut stream = TcpStream::connect(a.server).await?;
    stream.set_nodelay(true)?;
    let token = a.token.as_ref().map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n{token}\r\n", a.path, a.server).into_bytes();
    let period = Duration::from_secs_f64(f64::from(a.connections) / a.rate);
    // Spread evenly over the period.
    let mut due = begin + period.mul_f64(f64::from(number) / f64::from(a.connections));
    let measured = begin + WARM_UP;
    let end = measured + Duration::from_secs(a.seconds);
    let (mut latencies, mut buffer) = (Vec::new(), Vec::with_capacity(8_192));
    while due < end {
        while Instant::now() < due {
            tokio::task::yield_now().await;
        }
        exchange(&mut stream, &request, &mut buffer).await?;
        if due >= measured {
            latencies.push(u64::try_from(due.elapsed().as_micros())?);
        }
        due += period;
    }
    Ok(latencies)
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the result")]
async fn main() -> Result<(), Error> {
    let a = Arguments::parse();
    if let Some(address) = a.upstream {
        drop(tokio::spawn(be_upstream(TcpListener::bind(address).await?)));
    }
    let begin = Instant::now() + Duration::from_millis(200);
    let tasks: Vec<_> = (0..a.connections).map(|n| tokio::spawn(one_connection(a.clone(), n, begin))).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    all.sort_unstable();
    let at = |per_mille: usize| all.get((all.len() * per_mille / 1_000).min(all.len().saturating_sub(1))).copied();
    println!("{}", json!({"count": all.len(), "p50_us": at(500), "p99_us": at(990), "p999_us": at(999)}));
    Ok(())
}
