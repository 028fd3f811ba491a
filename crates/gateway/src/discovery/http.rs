//! Asking an HTTP API, one connection a question: questions are rare, and most of them wait for an answer.

use std::{io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// How long a connection may take, and an answer that has nothing to wait for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer, in bytes.
const MAX_ANSWER: usize = 8 << 20;

/// An API.
#[derive(Debug)]
pub(super) struct Api {
    url: Uri,
    token_file: Option<String>,
    ca_file: Option<String>,
    /// How the token is sent: the header's name, and what goes before it.
    credential: (&'static str, &'static str),
}

impl Api {
    pub(super) fn new(
        url: &str,
        token_file: Option<String>,
        ca_file: Option<String>,
        credential: (&'static str, &'static str),
    ) -> Result<Self, String> {
        let url: Uri = url.parse().map_err(|_| format!("{url} is no URL"))?;
        Ok(Self { url, token_file, ca_file, credential })
    }

    /// The answer to a question that may be waited for so long: its head, and its body as JSON.
    pub(super) async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        target: &str,
        wait: Duration,
    ) -> Result<(Response<()>, T), String> {
        let asked = async {
            let (head, body) = self.send(target).await.map_err(|error| format!("{}: {error}", self.url))?.into_parts();
            if head.status != StatusCode::OK {
                return Err(format!("{}: the answer is {}", self.url, head.status));
            }
            let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| error.to_string())?.to_bytes();
            let parsed = serde_json::from_slice(&body).map_err(|error| format!("{}: {error}", self.url))?;
            Ok((Response::from_parts(head, ()), parsed))
        };
        let ended = tokio::time::timeout(wait + PATIENCE, asked).await;
        ended.unwrap_or_else(|_| Err(format!("{}: no answer in time", self.url)))
    }

    /// Waits until an answer that is sent bit by bit says anything, or ends.
    pub(super) async fn first_word(&self, target: &str, wait: Duration) -> Result<(), String> {
        let asked = async {
            let mut answer = self.send(target).await.map_err(|error| format!("{}: {error}", self.url))?;
            if answer.status() != StatusCode::OK {
                return Err(format!("{}: the answer is {}", self.url, answer.status()));
            }
            match answer.frame().await {
                Some(Err(error)) => Err(error.to_string()),
                Some(Ok(_)) | None => Ok(()),
            }
        };
        // Silence for so long is what was asked for.
        tokio::time::timeout(wait + PATIENCE, asked).await.unwrap_or(Ok(()))
    }

    async fn send(&self, target: &str) -> io::Result<Response<Incoming>> {
        let host = self.url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let tls = self.url.scheme_str() == Some("https");
        let port = self.url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let mut request = Request::get(target)
            .header(header::HOST, self.url.authority().map_or("", http::uri::Authority::as_str))
            .header(header::ACCEPT, "application/json");
        if let Some(file) = &self.token_file {
            let token = tokio::fs::read_to_string(file).await?;
            let (name, before) = self.credential;
            let mut value =
                http::HeaderValue::try_from(format!("{before}{}", token.trim())).map_err(io::Error::other)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(io::Error::other)?;
        let connecting = async {
            let tcp = TcpStream::connect((host.as_str(), port)).await?;
            if !tls {
                return speak(tcp, request).await;
            }
            let config = self.tls().await?;
            let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            speak(TlsConnector::from(config).connect(name, tcp).await?, request).await
        };
        connecting.await
    }

    async fn tls(&self) -> io::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        match &self.ca_file {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let pem = tokio::fs::read(Path::new(file)).await?;
                for certificate in CertificateDer::pem_slice_iter(&pem) {
                    roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
                }
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// One exchange; the connection ends with the answer.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Empty<Bytes>>,
) -> io::Result<Response<Incoming>> {
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(driver);
    sender.send_request(request).await.map_err(io::Error::other)
}
