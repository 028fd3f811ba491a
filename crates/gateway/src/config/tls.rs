//! `[server.tls]` and `[server.proxy_protocol]`: how connections reach the gate. `[upstreams.NAME.tls]`: how
//! it reaches others.

use std::{net::SocketAddr, path::PathBuf};

use kernel::principal::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duration;
use crate::acme::{self, AcmeConfig};

/// TLS on the public port. The files are looked at every second; new certificates are used for new
/// connections, and running ones stay. Files that cannot be used are reported in the log, and the
/// certificates before them serve on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificates with their keys. A connection gets the one whose names fit what the client asks for,
    /// exactly or by wildcard; a client that asks for none of them, or says nothing, gets the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateFiles>,
    /// A certificate that is ordered, beside those in files or instead of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acme: Option<AcmeConfig>,
    /// The oldest version that is spoken.
    #[serde(default)]
    pub min_version: TlsVersion,
    /// A PEM file of authorities. With it clients are asked for a certificate, which routes can require with
    /// `auth = ["mtls"]` and `client_sans`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub client_ca: Option<PathBuf>,
    /// Whether every connection needs a client certificate, or only the routes that ask for one. Of no
    /// effect without `client_ca`.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// How long a client may take for the handshake before the connection is closed.
    #[serde(default = "default_handshake_timeout")]
    pub handshake_timeout: Duration,
    /// A second address, usually port 80, where every request is answered with a redirect (308) to the same
    /// URL over https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "socket-address"))]
    pub redirect_listen: Option<SocketAddr>,
    /// The port that redirects lead to, where it is not the one of `server.listen`, as in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub redirect_port: Option<u16>,
    /// For how long browsers are told to use nothing but https for this host: `Strict-Transport-Security`
    /// (RFC 6797). Unless set, they are told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hsts: Option<Duration>,
    /// Whether that holds for all hosts below this one too.
    #[serde(default)]
    pub hsts_subdomains: bool,
}

impl TlsConfig {
    /// Every pair of files: those that are written here, then the one that is ordered.
    pub(crate) fn pairs(&self) -> Vec<CertificateFiles> {
        let ordered = self.acme.as_ref().map(|acme| acme::certificate(&acme.dir));
        let ordered = ordered.map(|file| CertificateFiles { certificate: file.clone(), key: file });
        self.certificates.iter().cloned().chain(ordered).collect()
    }

    /// TLS with these certificates and every default.
    pub fn new(certificates: Vec<CertificateFiles>) -> Self {
        Self {
            certificates,
            acme: None,
            min_version: TlsVersion::default(),
            client_ca: None,
            client_auth: ClientAuth::default(),
            handshake_timeout: default_handshake_timeout(),
            redirect_listen: None,
            redirect_port: None,
            hsts: None,
            hsts_subdomains: false,
        }
    }
}

fn default_handshake_timeout() -> Duration {
    Duration::from_secs(10)
}

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// A PEM file: the certificate first, then those that lead to its authority.
    #[schemars(with = "String")]
    pub certificate: PathBuf,
    /// A PEM file with the private key: PKCS#8, PKCS#1 or SEC1.
    #[schemars(with = "String")]
    pub key: PathBuf,
}

/// A version of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum TlsVersion {
    /// TLS 1.2, with forward secrecy and authenticated encryption only.
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3.
    #[default]
    #[serde(rename = "1.3")]
    V1_3,
}

/// Whether clients need a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClientAuth {
    /// A connection without a certificate is taken; routes decide. One with a certificate that does not
    /// verify is not.
    Optional,
    /// A connection without a certificate is refused in the handshake.
    #[default]
    Required,
}

/// The PROXY protocol (versions 1 and 2): a load balancer that passes bytes tells whose they are. Its word
/// is then the client's address everywhere: in limits, rules, logs and `X-Forwarded-For`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyProtocolConfig {
    /// Address ranges of the load balancers. Each of their connections must begin with a PROXY header, and
    /// nobody else's header is believed.
    #[schemars(with = "Vec<String>")]
    pub trusted: Vec<Network>,
    /// Whether connections from anywhere else are refused. When `false` they are served as what they are.
    #[serde(default = "yes")]
    pub required: bool,
    /// How long the header may take before the connection is closed.
    #[serde(default = "default_header_timeout")]
    pub timeout: Duration,
}

fn yes() -> bool {
    true
}

fn default_header_timeout() -> Duration {
    Duration::from_secs(5)
}

/// TLS towards the targets of an upstream, for those whose URL says https. The files are looked at every
/// few seconds; new ones are used for new connections.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamTlsConfig {
    /// A PEM file of authorities that are believed instead of the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ca: Option<PathBuf>,
    /// A PEM file with the certificate that the gate shows, and those that lead to its authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub certificate: Option<PathBuf>,
    /// A PEM file with its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub key: Option<PathBuf>,
    /// The name that is asked for and verified, where it is not the host of the target's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// How much of a target's certificate is verified. Anything less than `full` is said in the log.
    pub verify: Verify,
}

/// How much of a target's certificate is verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Verify {
    /// Its authority, its time and its name.
    #[default]
    Full,
    /// Its authority and its time, whatever its name.
    Authority,
    /// Nothing: whoever answers is believed. For experiments only.
    Insecure,
}
