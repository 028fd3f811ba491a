//! Which certificates a route takes: `client_sans`.

use std::{fmt, str::FromStr};

use super::{ClientCertificate, San};

/// A name that a certificate must have: `dns:api.example.com`, `dns:*.example.com` (any depth below),
/// `uri:spiffe://corp/orders`, `uri:spiffe://corp/*` (everything that begins so), `email:ops@example.com`
/// or `ip:10.0.0.7`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SanPattern {
    exact: San,
    /// The name stands for all that end (DNS) or begin (URI) with it.
    open: bool,
}

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` names no certificate: write dns:NAME, dns:*.NAME, uri:URI, uri:PREFIX/*, email:ADDRESS or ip:ADDRESS")]
pub struct InvalidSanPattern(String);

impl FromStr for SanPattern {
    type Err = InvalidSanPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidSanPattern(text.chars().take(80).collect());
        let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
        let visible = |name: &str| !name.is_empty() && name.len() <= 1024 && name.bytes().all(|b| b.is_ascii_graphic());
        if !visible(name) {
            return Err(wrong());
        }
        let (exact, open) = match kind {
            "dns" => match name.strip_prefix('*') {
                Some(below) => (San::Dns(below.to_ascii_lowercase()), true),
                None => (San::Dns(name.to_ascii_lowercase()), false),
            },
            "uri" => match name.strip_suffix('*') {
                // Only whole steps of the path: `…/orders*` would let `…/orders-of-others` in.
                Some(begin) if begin.ends_with('/') => (San::Uri(begin.to_owned()), true),
                Some(_) => return Err(wrong()),
                None => (San::Uri(name.to_owned()), false),
            },
            "email" if name.contains('@') => (San::Email(name.to_owned()), false),
            "ip" => (San::Ip(name.parse().map_err(|_| wrong())?), false),
            _ => return Err(wrong()),
        };
        let plain = match &exact {
            San::Dns(name) if open => name.len() > 1 && name.starts_with('.') && !name.contains('*'),
            San::Uri(begin) if open => begin.split("://").nth(1).is_some_and(|rest| rest.len() > 1),
            San::Dns(name) | San::Uri(name) | San::Email(name) => !name.contains('*'),
            San::Ip(_) => true,
        };
        if plain { Ok(Self { exact, open }) } else { Err(wrong()) }
    }
}

impl fmt::Display for SanPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.exact, self.open) {
            (San::Dns(below), true) => write!(f, "dns:*{below}"),
            (San::Uri(begin), true) => write!(f, "uri:{begin}*"),
            (exact, _) => exact.fmt(f),
        }
    }
}

impl SanPattern {
    /// Whether the certificate has such a name.
    pub fn fits(&self, certificate: &ClientCertificate) -> bool {
        certificate.names.iter().any(|name| match (&self.exact, name, self.open) {
            // A certificate for `*.example.com` is not one for a name below it.
            (San::Dns(below), San::Dns(name), true) => {
                name.len() > below.len() && name.ends_with(below.as_str()) && !name.starts_with('*')
            }
            (San::Uri(begin), San::Uri(uri), true) => uri.len() > begin.len() && uri.starts_with(begin.as_str()),
            (exact, name, _) => exact == name,
        })
    }
}
