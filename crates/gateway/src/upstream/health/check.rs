//! Active checks: one question to one target, on a connection of its own.
//!
//! A connection that is kept would say that the connection is well. Each check makes a new one and closes
//! it, and nothing of it touches the connections of the data plane.

use std::io;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    config::{CheckConfig, Protocol},
    upstream::{connect::Connector, target::Target},
};

/// Largest response head that is read.
const MAX_HEAD: usize = 16 << 10;

/// What checks call themselves.
const USER_AGENT: &str = "portcullis-check";

/// Asks the target. `Err` is why it is not well.
pub(in crate::upstream) async fn ask(
    target: &Target,
    connector: &Connector,
    config: &CheckConfig,
) -> Result<(), String> {
    let asked = async {
        let stream = connector.connect(target).await?;
        let Some(path) = &config.path else { return Ok(None) };
        let host = config.host.as_deref().or(target.authority.to_str().ok()).unwrap_or_default();
        let status = match target.protocol {
            Protocol::Http1 => ask_http1(stream, path, host).await?,
            Protocol::Http2 => ask_http2(stream, path, host, target.tls).await?,
        };
        io::Result::Ok(Some(status))
    };
    match tokio::time::timeout(config.timeout.get(), asked).await {
        Err(_) => Err(format!("no answer within {}", config.timeout)),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(status))) => match config.statuses.as_slice() {
            [] if (200..300).contains(&status) => Ok(()),
            wanted if wanted.contains(&status) => Ok(()),
            _ => Err(format!("answered {status}")),
        },
    }
}

/// The status of an HTTP/1.1 answer.
async fn ask_http1(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    path: &str,
    host: &str,
) -> io::Result<u16> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut head = Vec::with_capacity(1 << 10);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"));
        }
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        match response.parse(&head) {
            Ok(httparse::Status::Complete(length)) => match response.code {
                // Not the answer yet (RFC 9110 §15.2).
                Some(100..200) => drop(head.drain(..length)),
                code => return code.ok_or_else(|| io::Error::other("the answer has no status")),
            },
            Ok(httparse::Status::Partial) if head.len() <= MAX_HEAD => {}
            Ok(httparse::Status::Partial) => return Err(io::Error::other("the answer's head is too large")),
            Err(error) => return Err(io::Error::other(format!("the answer is not HTTP: {error}"))),
        }
    }
}

/// The status of an HTTP/2 answer.
async fn ask_http2(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    path: &str,
    host: &str,
    tls: bool,
) -> io::Result<u16> {
    let (mut sender, driver) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let scheme = if tls { "https" } else { "http" };
    let request = Request::get(format!("{scheme}://{host}{path}"))
        .header(header::USER_AGENT, USER_AGENT)
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let answer = sender.send_request(request);
    tokio::select! {
        // An answer that is followed by the end of the connection is an answer.
        biased;
        answer = answer => Ok(answer.map_err(io::Error::other)?.status().as_u16()),
        ended = driver => {
            ended.map_err(io::Error::other)?;
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"))
        }
    }
}
