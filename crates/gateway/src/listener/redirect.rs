//! The port that only says: over https, please. And, to an authority that is to sign a certificate, that a host
//! is ours (RFC 8555 §8.3).
//!
//! Each connection gets one answer and is closed. There is no route and no upstream behind it, so
//! its bounds are fixed and small.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{acme::Acme, guard};

/// Connections at a time; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a connection may take, from beginning to end.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest request head.
const MAX_HEAD: usize = 16 << 10;
/// How long accepting rests when the machine is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The port that redirects.
pub(super) struct Redirect {
    listener: std::net::TcpListener,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// The port that it redirects to.
    port: u16,
    acme: Option<Arc<Acme>>,
}

impl Redirect {
    /// Binds the address.
    pub(super) fn bind(address: SocketAddr, port: u16, acme: Option<Arc<Acme>>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { address: listener.local_addr()?, listener, port, acme })
    }

    /// Redirects until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        match TcpListener::from_std(self.listener) {
            Ok(listener) => drop(stop.run_until_cancelled(serve(listener, self.port, self.acme)).await),
            Err(error) => tracing::error!(%error, "redirects to https cannot be served"),
        }
    }
}

async fn serve(listener: TcpListener, port: u16, acme: Option<Arc<Acme>>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection to redirect failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let acme = acme.clone();
        tokio::spawn(async move {
            let _slot = slot;
            let service = service_fn(|request| {
                let acme = acme.clone();
                async move { Ok::<_, Infallible>(answer(request, port, acme.as_deref()).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .max_buf_size(MAX_HEAD)
                .serve_connection(TokioIo::new(stream), service);
            // How these end is of no interest.
            let _ = tokio::time::timeout(TIMEOUT, connection).await;
        });
    }
}

/// The way to https, or what an authority asks for.
async fn answer(request: Request<Incoming>, port: u16, acme: Option<&Acme>) -> Response<Full<Bytes>> {
    let token = acme.zip(Acme::token(request.uri().path()).map(str::to_owned));
    let Some((acme, token)) = token else { return redirect(&request, port) };
    // It has no body that would be of interest.
    drop(request);
    match acme.answer(&token).await {
        Some(text) => {
            let mut response = Response::new(Full::from(text));
            let kind = HeaderValue::from_static("application/octet-stream");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        None => empty(StatusCode::NOT_FOUND),
    }
}

/// 308 keeps method and body (RFC 9110 §15.4.9). What names no host, or no path, cannot be redirected.
fn redirect(request: &Request<Incoming>, port: u16) -> Response<Full<Bytes>> {
    let Some(location) = location(request, port) else { return empty(StatusCode::BAD_REQUEST) };
    let mut response = empty(StatusCode::PERMANENT_REDIRECT);
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn location(request: &Request<impl Sized>, port: u16) -> Option<HeaderValue> {
    if request.method() == Method::CONNECT {
        return None;
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(one), None) => guard::parse_host(one.to_str().ok()?)?,
        _ => return None,
    };
    let target = request.uri().path_and_query().map(|target| target.as_str()).filter(|t| t.starts_with('/'))?;
    let name = host.canonical();
    HeaderValue::try_from(match port {
        443 => format!("https://{name}{target}"),
        port => format!("https://{name}:{port}{target}"),
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::{Request, location};

    fn to(host: &str, target: &str, port: u16) -> Option<String> {
        let request = Request::builder().uri(target).header("host", host).body(()).expect("a request");
        location(&request, port).map(|value| value.to_str().expect("text").to_owned())
    }

    #[test]
    fn the_same_url_over_https() {
        assert_eq!(to("Example.com:8080", "/a%20b?c=d&e", 443).as_deref(), Some("https://example.com/a%20b?c=d&e"));
        assert_eq!(to("example.com", "/", 8443).as_deref(), Some("https://example.com:8443/"));
        assert_eq!(to("[::1]:80", "/a", 443).as_deref(), Some("https://[::1]/a"));
        // An absolute target names its own host; the field decides.
        assert_eq!(to("a.example", "http://b.example/x", 443).as_deref(), Some("https://a.example/x"));
    }

    #[test]
    fn nobody_is_sent_to_what_is_no_host() {
        for host in ["", "a b", "user@example.com", "example.com/evil", "example.com#", "a,b"] {
            assert_eq!(to(host, "/", 443), None, "{host}");
        }
        // Two leading slashes are a path here, behind the host.
        assert_eq!(to("a.example", "//evil.example", 443).as_deref(), Some("https://a.example//evil.example"));
    }
}
