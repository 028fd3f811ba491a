//! `[server.tls.acme]`, as it is written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Certificates from an authority that speaks ACME (RFC 8555), such as Let's Encrypt: ordered when there is none,
/// and again when two thirds of its time are over. The authority is shown that the hosts are ours over plain HTTP
/// (`http-01`), which `redirect_listen` answers. If an order fails, the certificate before it serves on,
/// `/health` says so, and another one is tried later and later.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcmeConfig {
    /// The authority's directory.
    #[serde(default = "lets_encrypt")]
    pub directory: String,
    /// Whom the authority may write to: `mailto:ops@example.com`.
    #[serde(default)]
    pub contact: Vec<String>,
    /// Whether you agree to the authority's terms of service. Nothing is ordered without.
    #[serde(default)]
    pub terms_agreed: bool,
    /// The hosts that one certificate is for; 1 to 100, without wildcards.
    #[schemars(length(min = 1, max = 100))]
    pub hosts: Vec<String>,
    /// The directory in which the account, the certificate with its key, and answers to the authority are kept, in
    /// files that nobody else can read. Nodes that share it have one certificate, and only one orders at a time.
    #[serde(default = "data")]
    #[schemars(with = "String")]
    pub dir: PathBuf,
    /// A PEM file of authorities that vouch for the directory's own host, instead of the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ca: Option<PathBuf>,
}

fn lets_encrypt() -> String {
    "https://acme-v02.api.letsencrypt.org/directory".to_owned()
}

fn data() -> PathBuf {
    "data/acme".into()
}
