//! WebSocket messages that come back: an upstream that echoes them, and the load that sends them.
//!
//! Frames are read and written as bytes, so that both ends cost little beside what is measured between them. The
//! load prints one line of JSON: how many messages came back. `wrk` cannot do this.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Echoes every message.
    Echo {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Sends messages, each when the one before has come back.
    Load {
        /// The server.
        #[arg(long)]
        server: SocketAddr,
        /// What to ask for.
        #[arg(long)]
        path: String,
        /// Connections, each with one message under way.
        #[arg(long, default_value_t = 64)]
        connections: u32,
        /// Bytes of a message; at most 65535.
        #[arg(long, default_value_t = 128)]
        size: u16,
        /// How long to measure.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

/// Reads up to the end of a head; what came behind it stays in the buffer.
async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<String, Error> {
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8(buffer.drain(..end + 4).collect())?;
            return Ok(head);
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection ended".into());
        }
    }
}

/// The length of the frame that the buffer begins with, and where its payload begins (RFC 6455 §5.2). `None` when
/// its head is not complete.
fn frame(buffer: &[u8]) -> Option<(usize, usize)> {
    let mask = if buffer.get(1)? & 0x80 == 0 { 0 } else { 4 };
    let (payload, head) = match buffer[1] & 0x7f {
        126 => (usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?])), 4 + mask),
        short => (usize::from(short), 2 + mask),
    };
    Some((head + payload, head))
}

/// A whole frame; the buffer begins with it.
async fn read_frame(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<(usize, usize)>, Error> {
    loop {
        if let Some(found) = frame(buffer).filter(|(length, _)| *length <= buffer.len()) {
            return Ok(Some(found));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// The head of a binary message of this length.
fn begin(length: u16, mask: Option<[u8; 4]>) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut head = vec![0x82];
    match u8::try_from(length) {
        Ok(short) if short < 126 => head.push(masked | short),
        _ => {
            head.push(masked | 126);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend(mask.unwrap_or_default().iter().filter(|_| mask.is_some()));
    head
}

/// Answers one client until it leaves. The key is not looked at: both ends are ours.
async fn echo(mut stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(1 << 16);
    read_head(&mut stream, &mut buffer).await?;
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    while let Some((length, payload)) = read_frame(&mut stream, &mut buffer).await? {
        let mask: [u8; 4] = buffer[payload - 4..payload].try_into()?;
        let mut answer = begin(u16::try_from(length - payload)?, None);
        answer.extend(buffer[payload..length].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        stream.write_all(&answer).await?;
        buffer.drain(..length);
    }
    Ok(())
}

/// Sends until the time is over. Returns how many came back.
async fn talk(server: SocketAddr, path: String, size: u16, until: Instant) -> Result<u64, Error> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await?;
    let mut buffer = Vec::with_capacity(1 << 16);
    let head = read_head(&mut stream, &mut buffer).await?;
    if !head.starts_with("HTTP/1.1 101") {
        return Err(format!("unexpected answer: {}", head.lines().next().unwrap_or_default()).into());
    }
    let text: Vec<u8> = (0..size).map(|n| n.to_be_bytes()[1]).collect();
    let mask = [1, 2, 3, 4];
    let mut message = begin(size, Some(mask));
    message.extend(text.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    let mut count = 0;
    while Instant::now() < until {
        stream.write_all(&message).await?;
        let (length, payload) = read_frame(&mut stream, &mut buffer).await?.ok_or("the connection ended")?;
        if buffer[payload..length] != text {
            return Err("another message came back".into());
        }
        buffer.drain(..length);
        count += 1;
    }
    Ok(count)
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the result")]
async fn main() -> Result<(), Error> {
    match Arguments::parse().what {
        What::Echo { listen } => {
            let listener = TcpListener::bind(listen).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(echo(stream));
            }
        }
        What::Load { server, path, connections, size, seconds } => {
            let until = Instant::now() + Duration::from_secs(seconds);
            let all: Vec<_> = (0..connections).map(|_| tokio::spawn(talk(server, path.clone(), size, until))).collect();
            let mut messages = 0;
            for one in all {
                messages += one.await??;
            }
            println!("{}", json!({ "messages": messages }));
            Ok(())
        }
    }
}
