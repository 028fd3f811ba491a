//! Values as people write them: lengths of time (`15m`), sizes (`64MiB`), addresses, URLs.
//!
//! Each is a string in the configuration, parsed once. [`FORMATS`] names them for the JSON Schema, so
//! that every malformed value of a file is reported at once with the words of its own parser.

use std::{borrow::Cow, fmt, net::SocketAddr, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
    Format { name: Span::FORMAT, check: parses::<Span> },
    Format { name: ByteSize::FORMAT, check: parses::<ByteSize> },
    Format { name: "socket-address", check: socket_address },
    Format { name: "address-range", check: parses::<kernel::principal::Network> },
    Format { name: "rate", check: parses::<kernel::Rate> },
    Format { name: "permission", check: parses::<kernel::Permission> },
    Format { name: "http-url", check: http_url },
    Format { name: "storage-url", check: |t| one_of_schemes(t, &["sqlite", "postgres", "postgresql"]) },
    Format { name: "kv-url", check: |t| plain_or_scheme(t, "memory", &["redis", "rediss"]) },
    Format { name: "bus-url", check: |t| plain_or_scheme(t, "local", &["redis", "rediss"]) },
];

fn socket_address(text: &str) -> Result<(), String> {
    match text.parse::<SocketAddr>() {
        Ok(_) => Ok(()),
        Err(_) => Err("not an address and port: write 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080".to_owned()),
    }
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

macro_rules! text_value {
    ($name:ident, $schema:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(d)?.parse().map_err(de::Error::custom)
            }
        }
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $schema })
            }
        }
    };
}

/// A length of time: `200ms`, `30s`, `15m`, `12h`, `30d`, or parts of descending size together: `1h30m`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span(Duration);

/// Why a text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a length of time: write a number and a unit, such as 200ms, 30s, 15m, 12h or 30d (at most 3650d)")]
pub struct InvalidSpan;

impl Span {
    const FORMAT: &'static str = "length-of-time";
    /// Milliseconds of each unit, largest first.
    const UNITS: [(&'static str, u64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    const MAX_MILLIS: u64 = 3_650 * 86_400_000;

    /// So many seconds.
    pub const fn secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
    /// For the standard library.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut rest, mut millis, mut below) = (text, 0_u64, u64::MAX);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let count = rest[..digits].parse::<u64>().map_err(|_| InvalidSpan)?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
            let unit = Self::UNITS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or(InvalidSpan)?.1;
            rest = &rest[letters..];
            if unit >= below {
                return Err(InvalidSpan);
            }
            below = unit;
            millis = count.checked_mul(unit).and_then(|m| m.checked_add(millis)).ok_or(InvalidSpan)?;
        }
        if below == u64::MAX || millis > Self::MAX_MILLIS {
            return Err(InvalidSpan);
        }
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for Span {
    /// In the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) = Self::UNITS
            .into_iter()
            .find(|(_, size)| millis >= *size && millis.is_multiple_of(*size))
            .unwrap_or(("s", 1));
        write!(f, "{}{unit}", millis / size)
    }
}

text_value!(Span, "length-of-time");

/// An amount of memory: `64MiB`, `512KiB`, `1GiB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ByteSize(u64);

/// Why a text is not an amount of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a size: write a number and a unit, such as 512KiB, 64MiB or 1GiB")]
pub struct InvalidByteSize;

impl ByteSize {
    const FORMAT: &'static str = "byte-size";
    const UNITS: [(&'static str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

    /// So many mebibytes.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }
    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = InvalidByteSize;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let (_, size) = Self::UNITS.into_iter().find(|(name, _)| *name == unit.trim_start()).ok_or(InvalidByteSize)?;
        count.parse::<u64>().ok().and_then(|c| c.checked_mul(size)).map(Self).ok_or(InvalidByteSize)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = Self::UNITS
            .into_iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

text_value!(ByteSize, "byte-size");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_written() {
        for (text, millis) in [("200ms", 200), ("30s", 30_000), ("15m", 900_000), ("30d", 2_592_000_000), ("0s", 0)] {
            let span: Span = text.parse().expect(text);
            assert_eq!(span.duration().as_millis(), millis);
            assert_eq!(span.to_string(), text);
        }
        assert_eq!("1h30m".parse::<Span>().expect("compound").to_string(), "90m");
        for text in ["", "5", "m", "1.5h", "-1s", "1m1h", "1s1s", "5 s", "4000d", "99999999999999999999s", "1w"] {
            assert_eq!(text.parse::<Span>(), Err(InvalidSpan), "{text}");
        }
    }

    #[test]
    fn sizes_read_as_written() {
        for (text, bytes) in [("64MiB", 64 << 20), ("512KiB", 512 << 10), ("1GiB", 1 << 30), ("1000B", 1_000)] {
            let size: ByteSize = text.parse().expect(text);
            assert_eq!(size.bytes(), bytes);
            assert_eq!(size.to_string(), text);
        }
        for text in ["", "64", "64MB", "MiB", "1.5GiB", "99999999999999999999GiB"] {
            assert_eq!(text.parse::<ByteSize>(), Err(InvalidByteSize), "{text}");
        }
    }

    #[test]
    fn urls_are_absolute_and_bare() {
        assert!(http_url("https://id.example.com").is_ok() && http_url("http://127.0.0.1:8080").is_ok());
        for text in ["id.example.com", "ftp://x", "http://u:p@x", "http://x?y", "http://x#y", "http://"] {
            assert!(http_url(text).is_err(), "{text}");
        }
    }
}
