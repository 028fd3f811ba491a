//! Connections that wait for their next request: many, and cheap.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Gate, Upstream, open_to};

/// As many as the requirement names.
const MANY: usize = 10_000;

/// Most memory for one connection, in bytes, both ends and an unoptimised build's larger futures included. What
/// a release build takes is measured in `bench/`.
const MOST: usize = 16 << 10;

/// How many files this process may open: each connection is two of them here.
fn files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(1_024)
}

/// Memory in use, in bytes.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("the system tells");
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4_096
}

async fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let (mut answer, mut length) = ([0; 1_024], 0);
    while !answer[..length].ends_with(b"\r\n\r\nok") {
        let read = stream.read(&mut answer[length..]).await.expect("an answer");
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&answer[..length]));
        length += read;
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn ten_thousand_connections_wait_for_little() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!("[http]\nidle_timeout = '1h'\n{}", {
        open_to(upstream.address).replacen("upstreams.u.targets", "[upstreams.u]\ntargets", 1)
    }));
    let count = MANY.min(files().saturating_sub(256) / 2);
    // What is made once is there before anything is measured.
    let mut first = TcpStream::connect(gate.address).await.expect("connected");
    ask(&mut first).await;
    let before = memory();
    let mut waiting = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(gate.address).await.expect("connected");
        ask(&mut stream).await;
        waiting.push(stream);
        // The upstream of the test remembers every byte; that is not what is measured.
        upstream.seen.lock().clear();
    }
    // A connection gives back what serving needs once it has waited for a while.
    while memory().saturating_sub(before) > count * MOST {
        tokio::task::yield_now().await;
    }
    // And each of them is served again.
    for stream in waiting.iter_mut().step_by(97) {
        ask(stream).await;
    }
    ask(&mut first).await;
    let told = gate.ledger.counts();
    assert_eq!(told.0, count + 2 + count.div_ceil(97));
}
