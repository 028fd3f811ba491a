//! How the authority is asked: one connection a question, which are few.

use std::{io, path::Path, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::certificate::files;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest answer, in bytes.
const MAX_ANSWER: usize = 1 << 20;

type Asked = Request<BodyWrapper<Bytes>>;

/// Asks.
pub(super) struct Http(Arc<ClientConfig>);

impl Http {
    /// `ca`: who vouches for the authority's host, where it is not the public ones.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let roots = match ca {
            Some(file) => files::authorities(file, &files::read(file)?)?,
            None => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

impl HttpClient for Http {
    fn request(&self, request: Asked) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let tls = self.0.clone();
        Box::pin(async move {
            let sent = tokio::time::timeout(PATIENCE, send(tls, request)).await;
            match sent.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))) {
                Ok(response) => Ok(response.into()),
                Err(error) => Err(Error::Other(Box::new(error))),
            }
        })
    }
}

async fn send(tls: Arc<ClientConfig>, mut request: Asked) -> io::Result<Response<Full<Bytes>>> {
    let url = request.uri().clone();
    let authority = url.authority().ok_or_else(|| io::Error::other("the URL names no host"))?.clone();
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let secure = url.scheme_str() == Some("https");
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let target = url.path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse::<Uri>().map_err(io::Error::other)?;
    let value = HeaderValue::from_str(authority.as_str()).map_err(io::Error::other)?;
    request.headers_mut().insert(header::HOST, value);
    let tcp = TcpStream::connect((host.as_str(), port)).await?;
    if !secure {
        return speak(tcp, request).await;
    }
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    speak(TlsConnector::from(tls).connect(name, tcp).await?, request).await
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Asked,
) -> io::Result<Response<Full<Bytes>>> {
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(driver);
    let (head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Response::from_parts(head, Full::new(body)))
}
