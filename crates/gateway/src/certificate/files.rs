//! Certificates and keys in PEM files.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
};

/// Largest file that is read. Chains have a few KiB, bundles of authorities some hundred.
const MAX_FILE: u64 = 4 << 20;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It cannot be read.
    #[error("{} cannot be read: {}", .0.display(), .1)]
    Read(PathBuf, io::Error),
    /// It is too large to be one.
    #[error("{} is larger than 4MiB: it is no PEM file of certificates", .0.display())]
    TooLarge(PathBuf),
    /// It is not PEM.
    #[error("{} is not PEM: {}", .0.display(), .1)]
    Pem(PathBuf, pem::Error),
    /// There is no certificate in it.
    #[error("{} has no certificate (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
    /// A certificate in it cannot be used.
    #[error("{} has a certificate that cannot be used: {}", .0.display(), .1)]
    Certificate(PathBuf, rustls::Error),
}

/// The bytes of a file, bounded.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    use io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| PemError::Read(path.to_owned(), e))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| PemError::Read(path.to_owned(), e))?;
    if bytes.len() as u64 > MAX_FILE { Err(PemError::TooLarge(path.to_owned())) } else { Ok(bytes) }
}

/// All certificates of a file, in their order. At least one.
pub(crate) fn chain(path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let chain = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    match chain.map_err(|e| PemError::Pem(path.to_owned(), e))? {
        none if none.is_empty() => Err(PemError::NoCertificate(path.to_owned())),
        chain => Ok(chain),
    }
}

/// The first private key of a file: PKCS#8, PKCS#1 or SEC1.
pub(crate) fn key(path: &Path, bytes: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(bytes).map_err(|e| PemError::Pem(path.to_owned(), e))
}

/// The authorities of a file. Every certificate in it must be usable: one that is left out would be missed
/// only when somebody is refused for it.
pub(crate) fn authorities(path: &Path, bytes: &[u8]) -> Result<RootCertStore, PemError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path, bytes)? {
        roots.add(certificate).map_err(|e| PemError::Certificate(path.to_owned(), e))?;
    }
    Ok(roots)
}
