//! Which certificate a client gets.

use std::{collections::HashMap, sync::Arc};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::certificate::San;

/// Certificates by the names they are for. The first certificate with a name keeps it.
#[derive(Debug, Default)]
pub(super) struct Names {
    first: Option<Arc<CertifiedKey>>,
    exact: HashMap<Box<str>, Arc<CertifiedKey>>,
    /// By what follows the first label, with its dot: `.example.com`.
    wildcard: HashMap<Box<str>, Arc<CertifiedKey>>,
}

impl Names {
    /// A certificate and the names in it.
    pub(super) fn add(&mut self, names: &[San], pair: Arc<CertifiedKey>) {
        self.first.get_or_insert_with(|| pair.clone());
        for name in names {
            let San::Dns(name) = name else { continue };
            let (map, name) = match name.strip_prefix('*') {
                Some(below) => (&mut self.wildcard, below),
                None => (&mut self.exact, name.as_str()),
            };
            map.entry(name.into()).or_insert_with(|| pair.clone());
        }
    }

    /// The certificate for this name: its own, that of a wildcard one label above (RFC 9525 §6.3), or the
    /// first.
    pub(super) fn find(&self, name: Option<&str>) -> Option<&Arc<CertifiedKey>> {
        let Some(name) = name else { return self.first.as_ref() };
        let lower = name.to_ascii_lowercase();
        let name = lower.strip_suffix('.').unwrap_or(&lower);
        self.exact
            .get(name)
            .or_else(|| self.wildcard.get(&name[name.find('.').unwrap_or(name.len())..]))
            .or(self.first.as_ref())
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name()).cloned()
    }
}
