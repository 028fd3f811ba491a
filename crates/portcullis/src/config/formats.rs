//! The formats of texts: addresses, rates, URLs.
//!
//! Each is a string in the configuration, parsed once. [`FORMATS`] names them for the JSON Schema, so
//! that every malformed value of a file is reported at once with the words of its own parser.

use std::{fmt, net::SocketAddr, str::FromStr};

use identity::{outbox::senders, outgoing};

/// A format of the schema and the parser that decides about it. The error says what to write instead;
/// where the value might be a secret (a URL with credentials) it does not repeat it.
pub(super) struct Format {
    /// As in the schema's `format`.
    pub name: &'static str,
    /// Whether the text is acceptable, and if not, why.
    pub check: fn(&str) -> Result<(), String>,
}

fn parses<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|e| e.to_string())
}

/// Every format that the configuration uses.
pub(super) const FORMATS: &[Format] = &[
    Format { name: "socket-address", check: socket_address },
    Format { name: "address-range", check: parses::<kernel::principal::Network> },
    Format { name: "rate", check: parses::<kernel::Rate> },
    Format { name: "http-url", check: http_url },
    Format { name: "storage-url", check: |t| one_of_schemes(t, &["sqlite", "postgres", "postgresql"]) },
    Format { name: "kv-url", check: |t| plain_or_scheme(t, "memory", &["redis", "rediss"]) },
    Format { name: "mail-url", check: |t| senders::check_url(t).map_err(|e| e.to_string()) },
    Format { name: "mail-sender", check: |t| senders::check_from(t).map_err(|e| e.to_string()) },
    Format { name: "mail-link", check: mail_link },
    Format { name: "sms-url", check: |t| senders::Twilio::check_url(t).map(drop).map_err(|e| e.to_string()) },
    Format { name: "service-url", check: service_url },
    Format { name: "bus-url", check: |t| plain_or_scheme(t, "local", &["redis", "rediss"]) },
];

fn socket_address(text: &str) -> Result<(), String> {
    match text.parse::<SocketAddr>() {
        Ok(_) => Ok(()),
        Err(_) => Err("not an address and port: write 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080".to_owned()),
    }
}

fn mail_link(text: &str) -> Result<(), String> {
    let hint =
        "write a URL with {token}, such as https://app.example.com/verify?token={token} or {url}/verify?token={token}";
    let filled = text.replacen("{url}", "https://x", 1).replace("{token}", "x");
    let url = url::Url::parse(&filled).map_err(|_| hint.to_owned())?;
    let ok = text.contains("{token}")
        && matches!(url.scheme(), "http" | "https")
        && !filled.contains(['{', '}', '"', '<', '>', ' ']);
    if ok { Ok(()) } else { Err(hint.to_owned()) }
}

fn http_url(text: &str) -> Result<(), String> {
    let hint = "not an absolute URL: write http://host:port or https://host";
    let url = url::Url::parse(text).map_err(|_| hint.to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(hint.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("must not carry credentials, a query or a fragment".to_owned());
    }
    Ok(())
}

fn service_url(text: &str) -> Result<(), String> {
    let hint = "write https://HOST/PATH without credentials and query; http:// only for a service on this machine";
    outgoing::trusted_url(text).map(drop).ok_or_else(|| hint.to_owned())
}

fn one_of_schemes(text: &str, schemes: &[&str]) -> Result<(), String> {
    let written = || schemes.iter().map(|s| format!("{s}://…")).collect::<Vec<_>>().join(", ");
    match text.split_once("://") {
        Some((scheme, rest)) if schemes.contains(&scheme) && !rest.is_empty() => Ok(()),
        _ => Err(format!("write a URL that starts with one of {}", written())),
    }
}

fn plain_or_scheme(text: &str, plain: &str, schemes: &[&str]) -> Result<(), String> {
    if text == plain {
        return Ok(());
    }
    one_of_schemes(text, schemes).map_err(|e| format!("write \"{plain}\", or {}", e.trim_start_matches("write ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_absolute_and_bare() {
        assert!(http_url("https://id.example.com").is_ok() && http_url("http://127.0.0.1:8080").is_ok());
        for text in ["id.example.com", "ftp://x", "http://u:p@x", "http://x?y", "http://x#y", "http://"] {
            assert!(http_url(text).is_err(), "{text}");
        }
    }
}
