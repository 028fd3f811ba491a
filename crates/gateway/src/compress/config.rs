//! `[routes.compress]`, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Size;

/// Responses are compressed for clients that accept it. Left as they are: what is encoded already, partial
/// content, server-sent events, `Cache-Control: no-transform`, small bodies, and other types than those listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompressConfig {
    /// What may be used; the first wins among those that a client likes equally.
    #[schemars(length(min = 1))]
    pub algorithms: Vec<Algorithm>,
    /// Smallest body that is compressed. One of unknown length always is.
    pub min_size: Size,
    /// Media types, or whole kinds such as `text/*`.
    #[schemars(length(min = 1))]
    pub types: Vec<String>,
    /// Whether answers to known callers are compressed too. The length of a compressed answer tells something
    /// about its content: where a page repeats what a request says beside a secret, such as a token against
    /// forgery, an observer can guess the secret letter by letter (BREACH).
    pub authenticated: bool,
}

/// A way to compress.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Zstandard (RFC 8878).
    Zstd,
    /// Brotli (RFC 7932).
    Br,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Default for CompressConfig {
    fn default() -> Self {
        let types = [
            "text/*",
            "application/json",
            "application/problem+json",
            "application/javascript",
            "application/xml",
            "application/manifest+json",
            "image/svg+xml",
        ];
        Self {
            algorithms: vec![Algorithm::Zstd, Algorithm::Br, Algorithm::Gzip],
            min_size: Size::from_kib(1),
            types: types.map(str::to_owned).into(),
            authenticated: false,
        }
    }
}
