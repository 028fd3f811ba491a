//! TLS to the server, by rustls on aws-lc. The provider is named here and not installed for the whole
//! process: what the rest of the program uses is its own choice.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::Target;
use crate::store::OpenError;

/// How connections to this target are encrypted, should it come to that.
pub(super) fn connector(target: &Target) -> Result<MakeRustlsConnect, OpenError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| OpenError::Connect(e.to_string()))?;
    let config = if target.verify {
        config.with_root_certificates(authorities(target)?)
    } else {
        config.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

fn authorities(target: &Target) -> Result<RootCertStore, OpenError> {
    let mut store = RootCertStore::empty();
    match &target.authorities {
        Some(path) if path.as_os_str() != "system" => {
            let unusable = |reason: String| OpenError::Authorities { path: path.display().to_string(), reason };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unusable(e.to_string()))? {
                let added =
                    certificate.map_err(|e| e.to_string()).and_then(|c| store.add(c).map_err(|e| e.to_string()));
                added.map_err(unusable)?;
            }
            if store.is_empty() {
                return Err(unusable("there is no certificate in it".into()));
            }
        }
        _ => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(store)
}

/// For `sslmode=prefer` without an authority: keeps out who only listens, as libpq does. The handshake's
/// signature is still checked, so that the session belongs to the certificate that was shown, which
/// SCRAM's channel binding then vouches for.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
