//! What happens to a connection before its first request: PROXY header, TLS handshake.
//!
//! A gate with neither pays nothing: [`Door::receive`] then returns at once, without a box or a timer.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use kernel::principal::Network;
use tokio::{io::AsyncReadExt, net::TcpStream};

use super::{
    proxy_protocol::{self, MAX_HEADER, Parsed, Source},
    tls::Tls,
};
use crate::{config::ProxyProtocolConfig, stream::Stream, transform::Peer};

/// The way in.
#[derive(Default)]
pub(super) struct Door {
    pub(super) proxy: Option<ProxyProtocolConfig>,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Door {
    /// The connection, and who is at its other end. `None`: it has been closed, and the log says why.
    pub(super) async fn receive(
        &self,
        tcp: TcpStream,
        address: SocketAddr,
        proxies: &Arc<[Network]>,
    ) -> Option<(Stream, Peer)> {
        if self.proxy.is_none() && self.tls.is_none() {
            return Some((Stream::Tcp(tcp), Peer::new(address.ip(), proxies)));
        }
        // Boxed: plain connections do not carry the handshake's state.
        match Box::pin(self.admit(tcp, address.ip(), proxies)).await {
            Ok(arrived) => Some(arrived),
            Err(error) => {
                tracing::debug!(peer = %address.ip(), %error, "a connection was closed before its first request");
                None
            }
        }
    }

    async fn admit(&self, mut tcp: TcpStream, ip: IpAddr, proxies: &Arc<[Network]>) -> io::Result<(Stream, Peer)> {
        let ip = match &self.proxy {
            Some(proxy) => origin(proxy, &mut tcp, ip).await?,
            None => ip,
        };
        let peer = Peer::new(ip, proxies);
        let Some(tls) = &self.tls else { return Ok((Stream::Tcp(tcp), peer)) };
        let secured = tls.handshake(tcp).await?;
        Ok((Stream::Tls(secured.stream), peer.secured(secured.certificate, tls.hsts().cloned())))
    }
}

/// Whose connection it is, by the PROXY header that it must begin with if it comes from a load balancer.
async fn origin(config: &ProxyProtocolConfig, tcp: &mut TcpStream, ip: IpAddr) -> io::Result<IpAddr> {
    let canonical = ip.to_canonical();
    if !config.trusted.iter().any(|network| network.contains(canonical)) {
        return if config.required { Err(io::Error::other("it comes from no load balancer")) } else { Ok(ip) };
    }
    let source = tokio::time::timeout(config.timeout.get(), read_header(tcp))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no PROXY header in time"))??;
    Ok(match source {
        Source::Client(client) => client,
        Source::Itself => ip,
    })
}

/// Reads the header and not a byte of what follows it.
async fn read_header(tcp: &mut TcpStream) -> io::Result<Source> {
    let mut buffer = vec![0; MAX_HEADER];
    let mut taken = 0;
    loop {
        let seen = tcp.peek(&mut buffer[taken..]).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (take, source) = match proxy_protocol::parse(&buffer[..taken + seen]) {
            Parsed::Header { source, length } => (length - taken, Some(source)),
            // All of it belongs to the header: taken, so that the next look waits for more.
            Parsed::Incomplete => (seen, None),
            Parsed::Bad(why) => return Err(io::Error::new(io::ErrorKind::InvalidData, why)),
        };
        tcp.read_exact(&mut buffer[taken..taken + take]).await?;
        taken += take;
        if let Some(source) = source {
            return Ok(source);
        }
    }
}
