//! One question to one service that the operator chose: all of HTTP that identity needs as a client.
//!
//! Where it goes is never a caller's to say. No redirect is followed, and what is read is bounded. How long it
//! may take is the caller's to decide.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::Url;

/// Any failure on the way, for administrators.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Asks, over TLS where the URL says so.
pub struct Client {
    tls: TlsConnector,
}

impl Client {
    /// Believes the public authorities.
    pub fn new() -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Asks the host of the URL, and reads the status and a body of `most` bytes.
    pub async fn exchange(
        &self,
        url: &Url,
        mut request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<(u16, Bytes), Failed> {
        let host = url.host_str().ok_or("the URL has no host")?;
        let port = url.port_or_known_default().ok_or("the URL has no port")?;
        let named = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        request.headers_mut().insert(header::HOST, HeaderValue::try_from(named)?);
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        if url.scheme() == "https" {
            let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
            exchange(self.tls.connect(name, stream).await?, request, most).await
        } else {
            exchange(stream, request, most).await
        }
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>, most: usize) -> Result<(u16, Bytes), Failed>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asking = async move {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        // The connection ends once nobody can ask it anything more.
        drop(sender);
        let body = Limited::new(response.into_body(), most).collect().await?.to_bytes();
        Ok((status, body))
    };
    let (answer, _) = tokio::join!(asking, connection);
    answer
}

/// A URL that what is sent to it, secrets included, is safe on the way to: HTTPS, or HTTP to this machine.
pub fn trusted_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(v4) => v4.is_loopback(),
        url::Host::Ipv6(v6) => v6.is_loopback(),
    };
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
    (bare && safe && url.fragment().is_none()).then_some(url)
}
