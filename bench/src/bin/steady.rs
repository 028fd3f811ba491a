//! Requests at a steady rate, and how long each took from when it was due.
//!
//! A client that waits for slow answers before it asks again measures a server at its best ("coordinated
//! omission"): here a request that is late because the one before it was slow counts as late. Prints one
//! line of JSON. `wrk` cannot do this.
//!
//! It never sleeps, so that what it adds to a time is microseconds and not a timer's granularity, and with
//! `--upstream` it is the service behind the gate as well: two processes that share a core would wait for each
//! other's time slices, and those waits would be most of what is measured. For the same reason it plays the
//! attackers too: with `--guesses` it guesses at accounts that do not exist, each guess costing a hash, evenly
//! spread in time, while it measures what the other requests notice of that.
//!
//! Whenever the system takes the processor away from it (another process, the kernel's own threads, the host of
//! a virtual machine), nobody knows how long an answer waited to be read. It notices that by the gap in its own
//! rounds, and leaves out and counts the requests that were under way.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_local,
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
    /// Also guess at passwords this often a second, over 128 connections of their own.
    #[arg(long)]
    guesses: Option<f64>,
}

/// Connections that guess.
const GUESSERS: u32 = 128;
/// A round over all tasks that takes longer than this was interrupted. One without interruption takes a tenth.
const STALL: Duration = Duration::from_micros(250);

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

/// Asks and reads one answer with a `Content-Length`, of which it gives the status.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Result<u16, Error> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection ended".into());
        }
        let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end])?;
        let status = head.split(' ').nth(1).ok_or("the answer has no status")?.parse()?;
        let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
        });
        let length = length.ok_or("the answer has no Content-Length")??;
        while buffer.len() < end + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err("the answer broke off".into());
            }
        }
        return Ok(status);
    }
}

/// When one of several connections asks, which together ask at a steady rate.
struct Pace {
    period: Duration,
    due: Instant,
}

impl Pace {
    fn new(begin: Instant, rate: f64, connections: u32, number: u32) -> Self {
        let period = Duration::from_secs_f64(f64::from(connections) / rate);
        // Spread evenly over the period.
        Self { period, due: begin + period.mul_f64(f64::from(number) / f64::from(connections)) }
    }

    /// Waits, without sleeping, until it is time.
    async fn wait(&self) {
        while Instant::now() < self.due {
            tokio::task::yield_now().await;
        }
    }
}

async fn connect(server: SocketAddr) -> Result<TcpStream, Error> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A time, from when to when.
#[derive(Clone, Copy)]
struct Span(Instant, Instant);

impl Span {
    fn overlaps(&self, other: &Self) -> bool {
        self.0 < other.1 && other.0 < self.1
    }
}

/// Notes when this process did not run.
async fn watch(stalls: Rc<RefCell<Vec<Span>>>) {
    let mut last = Instant::now();
    loop {
        tokio::task::yield_now().await;
        let now = Instant::now();
        if now - last > STALL {
            stalls.borrow_mut().push(Span(last, now));
        }
        last = now;
    }
}

/// Measures: when its requests were due, and when they were answered.
async fn one_connection(a: Arguments, number: u32, begin: Instant) -> Result<Vec<Span>, Error> {
    let mut stream = connect(a.server).await?;
    let token = a.token.as_ref().map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n{token}\r\n", a.path, a.server).into_bytes();
    let mut pace = Pace::new(begin, a.rate, a.connections, number);
    let measured = begin + WARM_UP;
    let end = measured + Duration::from_secs(a.seconds);
    let (mut spans, mut buffer) = (Vec::new(), Vec::with_capacity(8_192));
    while pace.due < end {
        pace.wait().await;
        match exchange(&mut stream, &request, &mut buffer).await? {
            200 => {}
            other => return Err(format!("unexpected answer {other}").into()),
        }
        if pace.due >= measured {
            spans.push(Span(pace.due, Instant::now()));
        }
        pace.due += pace.period;
    }
    Ok(spans)
}

/// Guesses until it is aborted. A connection whose last guess still waits for its hash misses its turn.
async fn one_guesser(server: SocketAddr, rate: f64, number: u32, begin: Instant, tally: Rc<Tally>) {
    let guessing = async {
        let mut stream = connect(server).await?;
        let mut pace = Pace::new(begin, rate, GUESSERS, number);
        let mut buffer = Vec::with_capacity(8_192);
        for guess in 0_u64.. {
            pace.wait().await;
            let body = json!({"email": format!("nobody-{number}-{guess}@example.com"), "password": "a wrong guess"})
                .to_string();
            let request = format!(
                "POST /api/v1/auth/login HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            match exchange(&mut stream, request.as_bytes(), &mut buffer).await? {
                401 => tally.hashed.update(|count| count + 1),
                503 => tally.refused.update(|count| count + 1),
                other => return Err(format!("unexpected answer {other}: {}", String::from_utf8_lossy(&buffer)).into()),
            }
            while pace.due < Instant::now() {
                pace.due += pace.period;
            }
        }
        Ok::<(), Error>(())
    };
    if let Err(error) = guessing.await {
        tally.failed.replace(Some(error));
    }
}

#[derive(Default)]
struct Tally {
    hashed: Cell<u64>,
    refused: Cell<u64>,
    /// What was not attacked has not been measured either.
    failed: RefCell<Option<Error>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tokio::task::LocalSet::new().run_until(measure(Arguments::parse())).await
}

#[expect(clippy::print_stdout, reason = "the result")]
async fn measure(a: Arguments) -> Result<(), Error> {
    if let Some(address) = a.upstream {
        drop(tokio::spawn(be_upstream(TcpListener::bind(address).await?)));
    }
    let begin = Instant::now() + Duration::from_millis(200);
    let (tally, stalls) = (Rc::new(Tally::default()), Rc::new(RefCell::new(Vec::new())));
    drop(spawn_local(watch(Rc::clone(&stalls))));
    if let Some(rate) = a.guesses {
        for number in 0..GUESSERS {
            drop(spawn_local(one_guesser(a.server, rate, number, begin, Rc::clone(&tally))));
        }
    }
    let tasks: Vec<_> = (0..a.connections).map(|n| tokio::spawn(one_connection(a.clone(), n, begin))).collect();
    let (mut latencies, mut unseen) = (Vec::new(), 0);
    for task in tasks {
        for span in task.await?? {
            if stalls.borrow().iter().any(|stall| stall.overlaps(&span)) {
                unseen += 1;
            } else {
                latencies.push(u64::try_from((span.1 - span.0).as_micros())?);
            }
        }
    }
    if let Some(error) = tally.failed.take() {
        return Err(error);
    }
    latencies.sort_unstable();
    let count = latencies.len();
    let at = |per_mille: usize| latencies.get((count * per_mille / 1_000).min(count.saturating_sub(1))).copied();
    println!(
        "{}",
        json!({
            "count": count, "unseen": unseen, "p50_us": at(500), "p99_us": at(990), "p999_us": at(999),
            "guesses_hashed": tally.hashed.get(), "guesses_refused": tally.refused.get(),
        })
    );
    Ok(())
}
