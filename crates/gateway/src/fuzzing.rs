//! What must hold for any bytes: shared by the fuzz targets in `fuzz/` and by the property tests, which run
//! the same checks over fragments that matter.
//!
//! Present only under test and under `cargo fuzz`. Each function panics where something does not hold.

use std::{
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use kernel::principal::Network;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    guard::{self, HeadLimits},
    http1::{Bounds, Client, HeadReader, Next, Server, ServerBody, rewrite_request},
    listener::proxy_protocol::{Parsed, parse},
    transform::Peer,
};

/// Small, so that bounds are met.
pub(crate) const LIMITS: HeadLimits = HeadLimits { head: 1_024, headers: 20, target: 256 };

/// A connection that gives one piece at a time, then ends.
pub(crate) struct Pieces(pub(crate) Vec<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match self.0.first_mut() {
            None => Poll::Ready(Ok(())),
            Some(piece) if piece.is_empty() => {
                self.0.remove(0);
                // Every cut is a pause.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(piece) => {
                let count = piece.len().min(buf.remaining());
                buf.put_slice(&piece[..count]);
                piece.drain(..count);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

pub(crate) fn bounds() -> Bounds {
    let long = Duration::from_secs(3_600);
    Bounds { heads: LIMITS, head_timeout: long, write_timeout: long, idle_timeout: long }
}

/// The pieces of a stream that is cut at these places.
pub(crate) fn pieces(stream: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut.min(&stream.len())).chain([0, stream.len()]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| stream[pair[0]..pair[1]].to_vec()).collect()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    #[expect(clippy::expect_used, reason = "never outside of tests and fuzzing")]
    runtime.expect("a runtime").block_on(future)
}

/// Every request that a client's connection brings when it is cut like this, with its body, and how it
/// went on.
pub(crate) fn read_requests(stream: &[u8], cuts: &[usize]) -> (Vec<String>, String) {
    let server = Arc::new(Mutex::new(Server::new(Pieces(pieces(stream, cuts)), bounds())));
    let mut requests = Vec::new();
    wait(async {
        loop {
            match std::future::poll_fn(|cx| server.lock().poll_next(cx)).await {
                Next::Request(head) => {
                    let mut seen = format!("{} {}", head.parts.method, head.parts.uri);
                    if let Some(mut body) = ServerBody::of(&server) {
                        while let Some(frame) = std::future::poll_fn(|cx| body.poll_frame(cx)).await {
                            let Ok(frame) = frame else { return (requests, "broken body".into()) };
                            match frame.into_data() {
                                Ok(data) => seen.push_str(&String::from_utf8_lossy(&data)),
                                Err(trailers) => seen.push_str(&format!("{:?}", trailers.trailers_ref())),
                            }
                        }
                    }
                    requests.push(seen);
                }
                Next::Bad(bad) => return (requests, format!("{bad:?}")),
                Next::Http2 => return (requests, "HTTP/2".into()),
                Next::End => return (requests, "end".into()),
            }
        }
    })
}

/// Two numbers to cut at, and the rest.
fn cut_by(data: &[u8]) -> (Vec<usize>, &[u8]) {
    match data {
        [a, b, rest @ ..] => (vec![usize::from(*a), usize::from(*b) * 2], rest),
        _ => (Vec::new(), data),
    }
}

/// A client's connection means the same however it is cut.
pub fn requests(data: &[u8]) {
    let (cuts, stream) = cut_by(data);
    assert_eq!(read_requests(stream, &cuts), read_requests(stream, &[]), "the cut does not matter");
}

/// A request that is let in is written down so that it is read as the same request again.
pub fn rewritten(data: &[u8]) {
    let take = |bytes: &[u8]| HeadReader::default().take(&mut Bytes::copy_from_slice(bytes), &LIMITS);
    let Ok(Some(head)) = take(data) else { return };
    let Some(host) = head.parts.headers.get(http::header::HOST) else { panic!("a head without a host was let in") };
    let Some(target) = head.parts.uri.path_and_query() else { return };
    // What grows beyond the bounds of its way in is not looked at again.
    let again = match take(&rewrite_request(&head, host, target.as_str())) {
        Ok(Some(again)) => again,
        Err(guard::BadHead::TooLarge | guard::BadHead::TargetTooLong) => return,
        other => panic!("what was let in is no request on the way out: {other:?}"),
    };
    assert_eq!((&again.parts.method, again.parts.uri.path_and_query()), (&head.parts.method, Some(target)));
    assert_eq!(again.framing, head.framing);
    let fields = |parts: &http::request::Parts| {
        let framing = [http::header::CONNECTION, http::header::CONTENT_LENGTH, http::header::TRANSFER_ENCODING];
        let mut all: Vec<(String, Vec<u8>)> = parts
            .headers
            .iter()
            .filter(|(name, _)| !framing.contains(name))
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(fields(&again.parts), fields(&head.parts));
}

/// What a client reads from an upstream that says these bytes and hangs up.
fn read_answer(stream: &[u8], cuts: &[usize]) -> String {
    let mut client = Client::new(Pieces(pieces(stream, cuts)));
    client.begin_plain(&Method::GET);
    wait(async {
        let head = match std::future::poll_fn(|cx| client.poll_head(cx)).await {
            Ok(response) => format!("{} {:?}", response.status(), response.headers()),
            // Which way it is none may depend on how much had come when it was seen.
            Err(_) => return "no answer".to_owned(),
        };
        let (mut data, mut trailers) = (Vec::new(), String::new());
        loop {
            match std::future::poll_fn(|cx| client.poll_body(cx)).await {
                None => return format!("{head} {data:?} {trailers} whole"),
                Some(Err(error)) => return format!("{head} {data:?} {error}"),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => data.extend_from_slice(&piece),
                    Err(frame) => trailers = format!("{:?}", frame.trailers_ref()),
                },
            }
        }
    })
}

/// An upstream's answer means the same however it is cut.
pub fn answers(data: &[u8]) {
    let (cuts, stream) = cut_by(data);
    assert_eq!(read_answer(stream, &cuts), read_answer(stream, &[]), "the cut does not matter");
}

/// A path has one spelling, and nothing in it that a server could read differently.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(normal) = guard::normalise(text) else { return };
    assert_eq!(guard::normalise(&normal).as_deref(), Ok(&*normal), "normalising again changes nothing");
    assert!(normal.starts_with('/') && !normal.contains("//") && !normal.contains('\\'), "{normal:?}");
    assert!(normal.split('/').all(|segment| !matches!(segment, "." | "..")), "{normal:?}");
    assert!(normal.bytes().all(|byte| byte.is_ascii_graphic()), "{normal:?}");
    let upper = normal.to_ascii_uppercase();
    assert!(!["%2F", "%5C", "%00", "%2E"].iter().any(|escape| upper.contains(escape)), "{normal:?}");
}

/// A host has one name.
pub fn host(data: &[u8]) {
    let Some(host) = std::str::from_utf8(data).ok().and_then(guard::parse_host) else { return };
    let name = host.canonical().into_owned();
    let again = guard::parse_host(&name).map(|host| host.canonical().into_owned());
    assert!(again.is_none_or(|again| again == name), "{name:?} is its own canonical name");
    assert!(name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'@' | b'\\' | b',')));
}

/// Nobody but a trusted proxy says where a request came from, whatever it writes.
pub fn forwarded(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for (line, name) in
        data.split(|byte| *byte == b'\n').zip(["x-forwarded-for", "x-forwarded-proto", "forwarded"].iter().cycle())
    {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(*name, value);
        }
    }
    let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    let nobody: Arc<[Network]> = Arc::new([]);
    let client = Peer::new(address, &nobody).client(&headers, &nobody);
    assert_eq!((client.ip, client.secure), (address, false));
    let all: Vec<Network> = "203.0.113.0/24".parse().into_iter().collect();
    let all: Arc<[Network]> = all.into();
    let client = Peer::new(address, &all).client(&headers, &all);
    assert_eq!(client.ip, client.ip.to_canonical(), "addresses are compared in one spelling");
}

/// The request that another proxy asks about is the one it tells of, byte for byte, or none.
pub fn questions(data: &[u8]) {
    const PATH: &str = "/forward-auth";
    const TOLD: [&str; 6] = [
        "x-forwarded-uri",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-method",
        "x-original-url",
        "x-original-method",
    ];
    let mut lines = data.split(|byte| *byte == b'\n');
    let below = lines.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    let Ok(uri) = format!("{PATH}{below}").parse::<http::Uri>() else { return };
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.uri = uri;
    parts.headers.insert(http::header::HOST, HeaderValue::from_static("gate.test"));
    for (line, name) in lines.zip(TOLD) {
        if let Ok(value) = HeaderValue::from_bytes(line)
            && !line.is_empty()
        {
            parts.headers.insert(name, value);
        }
    }
    let (uri, headers) = (parts.uri.clone(), parts.headers.clone());
    let client = crate::transform::Client { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
    if !crate::forward_auth::read(PATH, &mut parts, client) {
        return;
    }
    let told = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let asked = parts.uri.to_string();
    match (told("x-forwarded-uri"), told("x-original-url")) {
        (Some(said), None) => assert_eq!(said, asked.as_bytes()),
        (None, Some(said)) => assert!(said.ends_with(asked.as_bytes()), "{asked}"),
        (None, None) => assert_eq!(uri.to_string(), format!("{PATH}{asked}")),
        both => panic!("two ways at once: {both:?}"),
    }
    assert!(!guard::loses_segments(parts.uri.path()), "{asked}");
    assert!(parts.headers.get_all(http::header::HOST).iter().count() == 1);
    assert!(
        !TOLD
            .iter()
            .filter(|name| !matches!(**name, "x-forwarded-host" | "x-forwarded-proto"))
            .any(|name| parts.headers.contains_key(*name))
    );
}

/// A PROXY header ends in one place, however much of it has come and whatever follows.
pub fn proxy_protocol(data: &[u8]) {
    let Parsed::Header { source, length } = parse(data) else { return };
    assert!(length <= data.len());
    for shorter in 0..length {
        assert_eq!(parse(&data[..shorter]), Parsed::Incomplete, "cut at {shorter}");
    }
    let longer = [&data[..length], b"GET / HTTP/1.1\r\n"].concat();
    assert_eq!(parse(&longer), Parsed::Header { source, length });
}

#[cfg(test)]
mod tests;
