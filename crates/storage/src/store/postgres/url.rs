//! What the URL says: libpq's connection URI, with `sslmode` taken at its word.
//!
//! | `sslmode` | what happens |
//! |---|---|
//! | `disable` | no TLS |
//! | `prefer` (default), `allow` | TLS when the server offers it; its certificate is verified only when `sslrootcert` is given |
//! | `require`, `verify-ca`, `verify-full` | TLS, the certificate and the host name verified |
//!
//! So `require` is stricter than libpq's, which verifies nothing. `sslrootcert` is a PEM file with the
//! only authorities to trust; without it those that browsers trust are.

use std::{path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::config::SslMode;

use crate::store::OpenError;

/// A connection that no answer arrives on for this long is given up by the operating system.
const SILENCE: Duration = Duration::from_secs(15);

/// A URL, understood.
#[derive(Debug)]
pub(super) struct Target {
    /// For `tokio-postgres`. Its `Debug` hides the password.
    pub(super) config: tokio_postgres::Config,
    /// Whether the server's certificate must be good.
    pub(super) verify: bool,
    /// The only authorities to trust.
    pub(super) authorities: Option<PathBuf>,
}

/// Understands the URL, or says what is wrong with it without repeating it: it holds a password.
pub(super) fn parse(url: &str) -> Result<Target, OpenError> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut mode = SslMode::Prefer;
    let mut authorities = None;
    let mut rest = Vec::new();
    for parameter in query.split('&').filter(|p| !p.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslmode", value)) => mode = ssl_mode(value)?,
            Some(("sslrootcert", value)) => authorities = Some(path(value)?),
            _ => rest.push(parameter),
        }
    }
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    let mut config: tokio_postgres::Config =
        url.parse().map_err(|e| OpenError::Url(super::convert::sentence(&e).into()))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(OpenError::Url("name the host: postgres://USER:PASSWORD@HOST/DATABASE".into()));
    }
    config.ssl_mode(mode);
    if config.get_application_name().is_none() {
        config.application_name("portcullis");
    }
    // A machine that vanished says nothing: the system has to find out.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if !query.contains("keepalives") {
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 3).keepalives_retries(3);
    }
    let verify = mode == SslMode::Require || authorities.is_some();
    Ok(Target { config, verify, authorities })
}

fn ssl_mode(value: &str) -> Result<SslMode, OpenError> {
    match value {
        "disable" => Ok(SslMode::Disable),
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(OpenError::Url("sslmode is disable, prefer or require".into())),
    }
}

/// `system` means the authorities that browsers trust, as in libpq.
fn path(value: &str) -> Result<PathBuf, OpenError> {
    let text = percent_decode_str(value).decode_utf8();
    text.map(|t| PathBuf::from(t.into_owned())).map_err(|_| OpenError::Url("sslrootcert is not UTF-8".into()))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    #[test]
    fn tls_is_asked_for_by_default_and_verified_when_required() {
        for (query, mode, verify) in [
            ("", SslMode::Prefer, false),
            ("?sslmode=disable", SslMode::Disable, false),
            ("?sslmode=prefer", SslMode::Prefer, false),
            ("?sslmode=prefer&sslrootcert=/ca.pem", SslMode::Prefer, true),
            ("?sslmode=require", SslMode::Require, true),
            ("?sslmode=verify-full", SslMode::Require, true),
        ] {
            let target = parse(&format!("postgres://ada:secret@db.example/gate{query}")).expect(query);
            assert_eq!((target.config.get_ssl_mode(), target.verify), (mode, verify), "{query}");
        }
    }

    #[test]
    fn what_is_not_ours_reaches_the_driver() {
        let url =
            "postgresql://ada:s%40crt@a:1,b:2/gate?connect_timeout=3&sslrootcert=%2Fmy%20ca.pem&application_name=x";
        let target = parse(url).expect("a good URL");
        assert_eq!(target.authorities, Some(PathBuf::from("/my ca.pem")));
        assert_eq!(target.config.get_password(), Some(&b"s@crt"[..]));
        assert_eq!(target.config.get_hosts(), [Host::Tcp("a".into()), Host::Tcp("b".into())]);
        assert_eq!(target.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(target.config.get_application_name(), Some("x"));
    }

    #[test]
    fn a_wrong_url_is_refused_without_repeating_the_password() {
        for url in [
            "postgres://ada:secret@db.example/gate?sslmode=on",
            "postgres://ada:secret@db.example/gate?no_such_option=1",
            "postgres://ada:secret@db.example:port/gate",
            "postgres:///gate",
        ] {
            let error = parse(url).expect_err(url).to_string();
            assert!(error.starts_with("storage.url cannot be used: ") && !error.contains("secret"), "{error}");
        }
    }
}
