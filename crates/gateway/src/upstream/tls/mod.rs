//! TLS towards targets: whom to believe, and who we are.
//!
//! Without settings the public certificate authorities are believed and nothing weaker than TLS 1.2 is
//! spoken. With files, they are looked at every few seconds; what has changed holds for new connections,
//! and files that cannot be used change nothing, which the log says.
//!
//! Verification is never weakened in silence: whatever is less than full is said in the log whenever it is
//! put in force.

mod verify;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::{
    ClientConfig, RootCertStore,
    client::WebPkiServerVerifier,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
};
use tokio_rustls::TlsConnector;

use self::verify::{AnyName, Anyone};
use crate::{
    certificate::{PemError, files},
    config::{UpstreamTlsConfig, Verify},
};

/// Why an upstream's TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error(transparent)]
    File(#[from] PemError),
    #[error("`{0}` is no host name or address")]
    Name(String),
    #[error("the authorities cannot be used: {0}")]
    Authorities(rustls::server::VerifierBuilderError),
    #[error("the certificate and the key cannot be used together: {0}")]
    Pair(rustls::Error),
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// How connections to the targets of one upstream are secured.
pub(super) struct Tls {
    /// Asked for and verified in place of the target's own host.
    name: Option<ServerName<'static>>,
    current: ArcSwap<ClientConfig>,
    /// Absent where nothing comes from files.
    source: Option<Source>,
}

/// Where the settings come from.
struct Source {
    upstream: Arc<str>,
    config: UpstreamTlsConfig,
    http2: bool,
    seen: Mutex<Result<Files, String>>,
}

/// The content of the files.
#[derive(PartialEq, Eq)]
struct Files {
    ca: Option<Vec<u8>>,
    pair: Option<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// Reads the files, if there are any.
    pub(super) fn new(upstream: &str, config: Option<&UpstreamTlsConfig>, http2: bool) -> Result<Self, TlsError> {
        let Some(config) = config else {
            return Ok(Self { name: None, current: ArcSwap::new(public(http2)?), source: None });
        };
        let name = config.server_name.as_ref().map(|name| {
            ServerName::try_from(name.clone()).map_err(|_| TlsError::Name(name.chars().take(80).collect()))
        });
        let files = Files::read(config)?;
        let current = ArcSwap::from_pointee(build(config, &files, http2)?);
        match config.verify {
            Verify::Full => {}
            Verify::Authority => tracing::warn!(upstream, "the host name of targets is not verified (verify)"),
            Verify::Insecure => tracing::warn!(upstream, "targets are not verified at all (verify = \"insecure\")"),
        }
        let source = Source { upstream: upstream.into(), config: config.clone(), http2, seen: Mutex::new(Ok(files)) };
        Ok(Self { name: name.transpose()?, current, source: Some(source) })
    }

    /// What to connect with now.
    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(self.current.load_full())
    }

    /// Whom to ask for at a target.
    pub(super) fn name(&self, host: &str) -> std::io::Result<ServerName<'static>> {
        match &self.name {
            Some(name) => Ok(name.clone()),
            None => ServerName::try_from(host.to_owned()).map_err(std::io::Error::other),
        }
    }

    /// Whether there are files to look at.
    pub(super) const fn has_files(&self) -> bool {
        self.source.is_some()
    }

    /// Looks at the files, and puts in force what has changed. Blocks.
    pub(super) fn refresh(&self) {
        let Some(Source { upstream, config, http2, seen }) = &self.source else { return };
        let mut seen = seen.lock();
        let read = Files::read(config).map_err(|error| error.to_string());
        if read == *seen {
            return;
        }
        let built = match &read {
            Ok(files) => build(config, files, *http2).map_err(|error| error.to_string()),
            Err(error) => Err(error.clone()),
        };
        match built {
            Ok(new) => {
                self.current.store(Arc::new(new));
                tracing::info!(%upstream, "new certificates are in force towards targets");
            }
            Err(error) => tracing::error!(%upstream, %error, "new files cannot be used; the old ones stay in force"),
        }
        *seen = read;
    }
}

impl Files {
    fn read(config: &UpstreamTlsConfig) -> Result<Self, PemError> {
        let pair = config.certificate.as_deref().zip(config.key.as_deref());
        Ok(Self {
            ca: config.ca.as_deref().map(files::read).transpose()?,
            pair: pair.map(|(c, k)| Ok::<_, PemError>((files::read(c)?, files::read(k)?))).transpose()?,
        })
    }
}

/// The one configuration for each protocol where an upstream has no settings.
fn public(http2: bool) -> Result<Arc<ClientConfig>, rustls::Error> {
    static CONFIGS: [OnceLock<Arc<ClientConfig>>; 2] = [OnceLock::new(), OnceLock::new()];
    let slot = &CONFIGS[usize::from(http2)];
    if let Some(config) = slot.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(public_authorities())
        .with_no_client_auth();
    Ok(slot.get_or_init(|| Arc::new(speaking(config, http2))).clone())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn public_authorities() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn speaking(mut config: ClientConfig, http2: bool) -> ClientConfig {
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    config
}

fn build(config: &UpstreamTlsConfig, files: &Files, http2: bool) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let roots = match (&config.ca, &files.ca) {
        (Some(path), Some(bytes)) => files::authorities(path, bytes)?,
        _ => public_authorities(),
    };
    let builder = match config.verify {
        Verify::Full => builder.with_root_certificates(roots),
        Verify::Authority => {
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
            let inner = inner.build().map_err(TlsError::Authorities)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName(inner)))
        }
        Verify::Insecure => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))),
    };
    let settings = match (&config.certificate, &config.key, &files.pair) {
        (Some(certificate), Some(key), Some((chain, secret))) => builder
            .with_client_auth_cert(files::chain(certificate, chain)?, files::key(key, secret)?)
            .map_err(TlsError::Pair)?,
        _ => builder.with_no_client_auth(),
    };
    Ok(speaking(settings, http2))
}
