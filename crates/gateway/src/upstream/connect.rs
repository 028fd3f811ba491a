//! Making a connection to a target.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::target::Target;
use crate::stream::Stream;

/// Connects to targets: TCP, and TLS where the target's URL says https.
pub(super) struct Connector {
    timeout: Duration,
    tls: TlsConnector,
    http2: bool,
}

/// The one TLS configuration for each protocol: the public certificate authorities, nothing weaker than
/// TLS 1.2.
fn tls_config(http2: bool) -> Arc<ClientConfig> {
    static CONFIGS: [OnceLock<Arc<ClientConfig>>; 2] = [OnceLock::new(), OnceLock::new()];
    CONFIGS[usize::from(http2)]
        .get_or_init(|| {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            Arc::new(with_roots(roots, http2))
        })
        .clone()
}

#[expect(
    clippy::expect_used,
    reason = "the provider is compiled in and supports the protocol versions it is built with"
)]
fn with_roots(roots: RootCertStore, http2: bool) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3 are supported")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    config
}

impl Connector {
    pub(super) fn new(timeout: Duration, http2: bool) -> Self {
        Self { timeout, tls: TlsConnector::from(tls_config(http2)), http2 }
    }

    /// Connects within the time-out.
    pub(super) async fn connect(&self, target: &Target) -> io::Result<Stream> {
        let connecting = self.establish(target);
        tokio::time::timeout(self.timeout, connecting)
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no connection in time")))
    }

    async fn establish(&self, target: &Target) -> io::Result<Stream> {
        let tcp = TcpStream::connect((target.host.as_str(), target.port)).await?;
        tcp.set_nodelay(true)?;
        if !target.tls {
            return Ok(Stream::Tcp(tcp));
        }
        let name = ServerName::try_from(target.host.clone()).map_err(io::Error::other)?;
        let tls = self.tls.connect(name, tcp).await?;
        if self.http2 && tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the target does not speak HTTP/2"));
        }
        Ok(Stream::Tls(Box::new(tls.into())))
    }
}
