//! Making a connection to a target.

use std::{io, time::Duration};

use tokio::net::TcpStream;

use super::{target::Target, tls::Tls};
use crate::stream::Stream;

/// Connects to targets: TCP, and TLS where the target's URL says https.
pub(super) struct Connector {
    timeout: Duration,
    pub(super) tls: Tls,
    http2: bool,
}

impl Connector {
    pub(super) const fn new(timeout: Duration, tls: Tls, http2: bool) -> Self {
        Self { timeout, tls, http2 }
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
        let tls = self.tls.connector().connect(self.tls.name(&target.host)?, tcp).await?;
        if self.http2 && tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the target does not speak HTTP/2"));
        }
        Ok(Stream::Tls(Box::new(tls.into())))
    }
}
