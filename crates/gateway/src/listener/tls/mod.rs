//! TLS towards clients.
//!
//! Certificates come from files. They are read again every second, and compared by their content, because
//! links that are swapped and clocks of network shares tell nothing. What has changed is judged whole:
//! either all of it is put in force for new connections, or none, and the log says why. Running connections
//! keep what they were made with.
//!
//! Rules: early data is never taken (it can be replayed). Where clients prove themselves with certificates,
//! sessions are not resumed: each connection is judged by the authorities of the moment.
//!
//! Deliberately absent: revocation lists. Certificates of clients should be short-lived, or their names be
//! taken out of `client_sans`.

mod names;
mod settings;

use std::{io, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use http::HeaderValue;
use parking_lot::Mutex;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};
use tokio_util::sync::CancellationToken;

pub use self::settings::TlsError;
use self::settings::{Files, build};
use crate::{certificate::ClientCertificate, config::TlsConfig};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Takes TLS handshakes.
pub(super) struct Tls {
    config: TlsConfig,
    current: ArcSwap<ServerConfig>,
    /// What was last read, whether it could be used or not.
    files: Mutex<Files>,
    hsts: Option<HeaderValue>,
}

/// A connection whose handshake is done.
pub(super) struct Secured {
    pub(super) stream: Box<TlsStream<TcpStream>>,
    pub(super) certificate: Option<Arc<ClientCertificate>>,
}

impl Tls {
    /// Reads the files.
    pub(super) fn new(config: TlsConfig) -> Result<Self, TlsError> {
        let files = Files::read(&config)?;
        let current = build(&config, &files)?;
        let hsts = config.hsts.and_then(|age| {
            let below = if config.hsts_subdomains { "; includeSubDomains" } else { "" };
            HeaderValue::try_from(format!("max-age={}{below}", age.get().as_secs())).ok()
        });
        Ok(Self { current: ArcSwap::from_pointee(current), files: Mutex::new(files), hsts, config })
    }

    /// `Strict-Transport-Security`, if it is to be sent.
    pub(super) const fn hsts(&self) -> Option<&HeaderValue> {
        self.hsts.as_ref()
    }

    /// Takes one handshake, within the time it may take.
    pub(super) async fn handshake(&self, tcp: TcpStream) -> io::Result<Secured> {
        let accepting = TlsAcceptor::from(self.current.load_full()).accept(tcp);
        let stream = tokio::time::timeout(self.config.handshake_timeout.get(), accepting)
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no TLS handshake in time"))??;
        let presented = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let certificate = presented
            .map(|der| ClientCertificate::read(der).ok_or_else(|| io::Error::other("an unreadable certificate")))
            .transpose()?;
        Ok(Secured { stream: Box::new(stream.into()), certificate: certificate.map(Arc::new) })
    }

    /// Looks at the files, and puts in force what has changed. Blocks.
    fn refresh(&self) {
        let mut seen = self.files.lock();
        let read = match Files::read(&self.config) {
            Ok(files) if files == *seen => return,
            Ok(files) => files,
            // A file that is gone is being replaced, or stays away: said once.
            Err(error) => {
                if !std::mem::replace(&mut seen.unreadable, true) {
                    tracing::error!(%error, "a certificate cannot be read; the old ones serve on");
                }
                return;
            }
        };
        match build(&self.config, &read) {
            Ok(config) => {
                self.current.store(Arc::new(config));
                tracing::info!("new certificates are in force");
            }
            Err(error) => tracing::error!(%error, "the new certificates cannot be used; the old ones serve on"),
        }
        *seen = read;
    }

    /// Looks at the files until told to stop.
    pub(super) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let watching = async {
            loop {
                tokio::time::sleep(LOOK).await;
                let this = self.clone();
                // Reading a file blocks, which a data-plane thread must not. A panic in there changes nothing.
                let _ = tokio::task::spawn_blocking(move || this.refresh()).await;
            }
        };
        stop.run_until_cancelled(watching).await;
    }
}

#[cfg(test)]
mod tests;
