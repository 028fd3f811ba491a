//! Reading a certificate.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderValue;
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer as _, X509Certificate},
};

/// Most names of a certificate that are looked at. A certificate with more is refused: whoever reads a
/// part of them would read another part than the next program.
const MAX_NAMES: usize = 256;

/// One subject alternative name (RFC 5280 §4.2.1.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum San {
    /// In lower case.
    Dns(String),
    Uri(String),
    Email(String),
    Ip(std::net::IpAddr),
}

/// All alternative names that are read here, in their order. `None` when it is no certificate, or has too
/// many. The common name is not a name (RFC 9525 §2).
pub(crate) fn names(der: &[u8]) -> Option<Vec<San>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    san(&certificate)
}

fn san(certificate: &X509Certificate<'_>) -> Option<Vec<San>> {
    let Some(extension) = certificate.subject_alternative_name().ok()? else { return Some(Vec::new()) };
    let all = &extension.value.general_names;
    if all.len() > MAX_NAMES {
        return None;
    }
    Some(all.iter().filter_map(read).collect())
}

fn read(name: &GeneralName<'_>) -> Option<San> {
    Some(match name {
        GeneralName::DNSName(name) => San::Dns(name.to_ascii_lowercase()),
        GeneralName::URI(uri) => San::Uri((*uri).to_owned()),
        GeneralName::RFC822Name(email) => San::Email((*email).to_owned()),
        GeneralName::IPAddress(bytes) => San::Ip(match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok()?.into(),
            16 => <[u8; 16]>::try_from(*bytes).ok()?.into(),
            _ => return None,
        }),
        _ => return None,
    })
}

impl std::fmt::Display for San {
    /// As it is written in a configuration and told to upstreams: `dns:a.example`, `uri:spiffe://…`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::Email(email) => write!(f, "email:{email}"),
            Self::Ip(ip) => write!(f, "ip:{ip}"),
        }
    }
}

/// The certificate by which a client has proven itself in the TLS handshake.
#[derive(Debug)]
pub struct ClientCertificate {
    pub(super) names: Box<[San]>,
    /// What upstreams are told, ready to be sent.
    pub(crate) subject_field: HeaderValue,
    pub(crate) names_field: HeaderValue,
    pub(crate) fingerprint_field: HeaderValue,
}

impl ClientCertificate {
    /// Reads a verified certificate. `None` for one that the TLS library takes and this reader does not:
    /// nobody can then say whom it names.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = san(&certificate)?;
        let list = names.iter().map(|name| quote(&name.to_string())).collect::<Vec<_>>().join(", ");
        let fingerprint = digest(&SHA256, der).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Some(Self {
            subject_field: field(&certificate.subject().to_string()),
            names_field: field(&list),
            fingerprint_field: field(&fingerprint),
            names: names.into(),
        })
    }
}

/// One name in quotes, so that a comma within it separates nothing (RFC 9110 §5.6.4).
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Printable ASCII as it is; every other byte as `\HH` (RFC 4514 §2.4).
fn field(text: &str) -> HeaderValue {
    let mut plain = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' => plain.push(char::from(byte)),
            _ => {
                let _ = write!(plain, "\\{byte:02X}");
            }
        }
    }
    HeaderValue::try_from(plain).unwrap_or_else(|_| HeaderValue::from_static(""))
}
