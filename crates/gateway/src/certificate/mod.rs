//! What an X.509 certificate says: whom it names, and its fingerprint.
//!
//! Read once, when a file is loaded or a connection made; requests only compare and copy. Deliberately
//! absent: judging. Chains, times and signatures are verified by the TLS library before anything here is
//! asked, so a [`ClientCertificate`] is always one that has been verified.

mod facts;
pub(crate) mod files;
mod pattern;

pub use facts::ClientCertificate;
pub(crate) use facts::{San, names};
pub use files::PemError;
pub use pattern::{InvalidSanPattern, SanPattern};

#[cfg(test)]
mod tests;
