//! From files to a configuration of the TLS library.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use super::names::Names;
use crate::{
    certificate::{self, PemError, files},
    config::{ClientAuth, TlsConfig, TlsVersion},
};

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be used.
    #[error("server.tls: {0}")]
    File(#[from] PemError),
    /// A certificate and a key do not make a pair that can be used.
    #[error("server.tls: {} and {} cannot be used together: {}", .0.display(), .1.display(), .2)]
    Pair(PathBuf, PathBuf, rustls::Error),
    /// A certificate names nobody.
    #[error("server.tls: the names in {} cannot be read", .0.display())]
    Names(PathBuf),
    /// The authorities of clients cannot be used.
    #[error("server.tls.client_ca cannot be used: {0}")]
    ClientCa(rustls::server::VerifierBuilderError),
    /// The cryptographic library failed.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// The content of all files.
#[derive(PartialEq, Eq)]
pub(super) struct Files {
    /// Certificate and key of each pair.
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    client_ca: Option<Vec<u8>>,
    /// Whether the operator has been told that a file could not be read since.
    pub(super) unreadable: bool,
}

impl Files {
    pub(super) fn read(config: &TlsConfig) -> Result<Self, PemError> {
        let pair =
            |pair: &crate::config::CertificateFiles| Ok((files::read(&pair.certificate)?, files::read(&pair.key)?));
        Ok(Self {
            pairs: config.pairs().iter().map(pair).collect::<Result<_, PemError>>()?,
            client_ca: config.client_ca.as_deref().map(files::read).transpose()?,
            unreadable: false,
        })
    }
}

/// What a connection is taken with.
pub(super) fn build(config: &TlsConfig, files: &Files) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions: &[_] = match config.min_version {
        TlsVersion::V1_2 => &[&TLS13, &TLS12],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let names = certificates(config, files, &provider)?;
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions)?;
    let mut settings = match verifier(config, files, &provider)? {
        Some(verifier) => {
            let mut settings = builder.with_client_cert_verifier(verifier).with_cert_resolver(Arc::new(names));
            settings.session_storage = Arc::new(NoServerSessionStorage {});
            settings.send_tls13_tickets = 0;
            settings
        }
        None => {
            let mut settings = builder.with_no_client_auth().with_cert_resolver(Arc::new(names));
            settings.ticketer = aws_lc_rs::Ticketer::new()?;
            settings
        }
    };
    settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(settings)
}

fn certificates(config: &TlsConfig, files: &Files, provider: &CryptoProvider) -> Result<Names, TlsError> {
    let mut names = Names::default();
    for (paths, (certificate, key)) in config.pairs().iter().zip(&files.pairs) {
        let chain = files::chain(&paths.certificate, certificate)?;
        let key = files::key(&paths.key, key)?;
        let says = certificate::names(chain.first().map_or(&[], |leaf| leaf.as_ref()))
            .ok_or_else(|| TlsError::Names(paths.certificate.clone()))?;
        let pair = CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| TlsError::Pair(paths.certificate.clone(), paths.key.clone(), error))?;
        names.add(&says, Arc::new(pair));
    }
    Ok(names)
}

/// Who verifies certificates of clients, where they are asked for any.
fn verifier(
    config: &TlsConfig,
    files: &Files,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
    let (Some(path), Some(bytes)) = (&config.client_ca, &files.client_ca) else { return Ok(None) };
    let roots = Arc::new(files::authorities(path, bytes)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
    let builder = match config.client_auth {
        ClientAuth::Optional => builder.allow_unauthenticated(),
        ClientAuth::Required => builder,
    };
    builder.build().map(Some).map_err(TlsError::ClientCa)
}
