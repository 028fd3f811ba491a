//! An authority of the test's own, and what it signs.

use std::{path::PathBuf, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair, PublicKeyData, SanType,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use time::OffsetDateTime;

/// Signs certificates, and writes them to a directory that is removed with it.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

/// A certificate and its key, as files and in memory.
pub(crate) struct Signed {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key_der: PrivateKeyDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).expect("a file");
        Self { issuer, directory }
    }

    /// Its own certificate.
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// The file with its own certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A certificate for these names (DNS names, addresses and URIs), in files called so.
    pub(crate) fn sign(&self, file: &str, names: &[&str]) -> Signed {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse::<std::net::IpAddr>() {
                Ok(ip) => SanType::IpAddress(ip),
                Err(_) if name.contains("://") => SanType::URI((*name).try_into().expect("ASCII")),
                Err(_) => SanType::DnsName((*name).try_into().expect("ASCII")),
            })
            .collect();
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        let (certificate, key_file) = (self.path(&format!("{file}.pem")), self.path(&format!("{file}.key")));
        std::fs::write(&certificate, signed.pem()).expect("a file");
        std::fs::write(&key_file, key.serialize_pem()).expect("a file");
        Signed {
            certificate,
            key: key_file,
            der: signed.der().clone(),
            key_der: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        }
    }

    /// A certificate for somebody else's key, valid within these times.
    pub(crate) fn sign_key(
        &self,
        key: &impl PublicKeyData,
        names: &[String],
        (from, until): (OffsetDateTime, OffsetDateTime),
    ) -> String {
        let mut params = CertificateParams::new(names.to_vec()).expect("names");
        params.distinguished_name = DistinguishedName::new();
        (params.not_before, params.not_after) = (from, until);
        params.signed_by(key, &self.issuer).expect("a certificate").pem() + &self.issuer.pem()
    }

    /// A client that believes this authority, and shows a certificate if it has one.
    pub(crate) fn client(&self, own: Option<&Signed>, alpn: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let mut config = match own {
            Some(own) => builder
                .with_client_auth_cert(vec![own.der.clone()], own.key_der.clone_key())
                .expect("a client certificate"),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

impl Signed {
    /// As an entry of `tls.certificates`.
    pub(crate) fn entry(&self) -> String {
        format!("{{ certificate = {:?}, key = {:?} }}", self.certificate, self.key)
    }
}
