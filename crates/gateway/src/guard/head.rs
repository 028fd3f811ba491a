//! Judges one complete HTTP/1 request head, as bytes.
//!
//! A pure function of the head, so that it cannot depend on how the bytes arrived. Everything the HTTP
//! library would forgive or repair is refused here: both lengths at once, repeated or odd lengths,
//! other transfer codings, no host or two, a host that contradicts the target.

use std::mem::MaybeUninit;

use kernel::Problem;

use super::{host, problems};

/// Most header fields that can be configured; bounds the parser's array.
pub(crate) const MAX_HEADERS: usize = 256;

/// What a head may measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    /// Bytes of the head, empty line included.
    pub head: usize,
    /// Header fields; at most [`MAX_HEADERS`].
    pub headers: usize,
    /// Bytes of the request target.
    pub target: usize,
}

/// Why a head is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadHead {
    /// A line that is not ended by CR LF.
    LineEnding,
    /// The request line is not one.
    RequestLine,
    /// A field is not one; folded lines and spaces before the colon included.
    Field,
    /// The target is none of the forms of RFC 9112 §3.2.
    Target,
    /// Not HTTP/1.0 or HTTP/1.1.
    Version,
    /// CONNECT or TRACE.
    Method,
    /// `Content-Length` and `Transfer-Encoding`.
    TwoLengths,
    /// More than one `Content-Length`, or one that is not plain digits.
    Length,
    /// `Transfer-Encoding` that is not exactly `chunked`, repeated, or in HTTP/1.0.
    TransferCoding,
    /// No `Host`, several, or one that is not a host.
    Host,
    /// An absolute target that names another host than `Host`.
    HostMismatch,
    /// Too many bytes or fields.
    TooLarge,
    /// Too long a target.
    TargetTooLong,
    /// It did not arrive in time.
    Timeout,
}

impl BadHead {
    /// The refusal to answer with.
    pub(crate) fn problem(self) -> Problem {
        let (kind, detail) = match self {
            Self::LineEnding => (problems::HEAD, "A line of the head is not ended by CR LF."),
            Self::RequestLine => (problems::HEAD, "The request line is malformed."),
            Self::Field => (problems::HEAD, "A header field is malformed."),
            Self::Target => (problems::HEAD, "The request target is malformed."),
            Self::Version => return problems::VERSION.into(),
            Self::Method => return problems::METHOD.into(),
            Self::TwoLengths => (problems::FRAMING, "Content-Length and Transfer-Encoding were both sent."),
            Self::Length => (problems::FRAMING, "Content-Length is repeated or not a plain number."),
            Self::TransferCoding => (problems::FRAMING, "Transfer-Encoding is not exactly `chunked`."),
            Self::Host => (problems::HOST, "Host is missing, repeated or not a host."),
            Self::HostMismatch => (problems::HOST, "The request target names another host than Host."),
            Self::TooLarge => return problems::HEAD_TOO_LARGE.into(),
            Self::TargetTooLong => return problems::TARGET_TOO_LONG.into(),
            Self::Timeout => return problems::TIMEOUT.into(),
        };
        Problem::new(kind).detail(detail)
    }
}

/// Where the body of an accepted head ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// After so many bytes; none when no length was given.
    Length(u64),
    /// After the last chunk.
    Chunked,
}

/// What the scanner needs to know about an accepted head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Accepted {
    pub(super) framing: Framing,
    /// What follows may not be HTTP/1 any more, if the answer says so.
    pub(super) upgrade: bool,
}

/// Judges a head that ends with its empty line, every line of which ends in CR LF.
pub(super) fn check(head: &[u8], limits: &HeadLimits) -> Result<Accepted, BadHead> {
    let mut fields = [MaybeUninit::uninit(); MAX_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut fields) {
        // A complete head that ends earlier than its empty line would mean that two parsers disagree.
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(_) => return Err(BadHead::RequestLine),
        Err(httparse::Error::TooManyHeaders) => return Err(BadHead::TooLarge),
        Err(httparse::Error::HeaderName | httparse::Error::HeaderValue | httparse::Error::NewLine) => {
            return Err(BadHead::Field);
        }
        Err(httparse::Error::Version) => return Err(BadHead::Version),
        Err(_) => return Err(BadHead::RequestLine),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(BadHead::RequestLine);
    };
    if request.headers.len() > limits.headers {
        return Err(BadHead::TooLarge);
    }
    if target.len() > limits.target {
        return Err(BadHead::TargetTooLong);
    }
    if matches!(method, "CONNECT" | "TRACE") {
        return Err(BadHead::Method);
    }
    let fields = Fields::collect(request.headers)?;
    check_target(method, target, fields.host.ok_or(BadHead::Host)?)?;
    let framing = match (fields.length, fields.chunked) {
        (Some(_), true) => return Err(BadHead::TwoLengths),
        (_, true) if version == 0 => return Err(BadHead::TransferCoding),
        (_, true) => Framing::Chunked,
        (length, false) => Framing::Length(length.unwrap_or(0)),
    };
    Ok(Accepted { framing, upgrade: fields.upgrade && version == 1 && framing == Framing::Length(0) })
}

/// The fields that decide about framing and host.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a str>,
    length: Option<u64>,
    chunked: bool,
    upgrade: bool,
}

impl<'a> Fields<'a> {
    fn collect(headers: &[httparse::Header<'a>]) -> Result<Self, BadHead> {
        let mut fields = Self::default();
        let (mut lengths, mut codings) = (0, 0);
        let mut bad_length = false;
        for header in headers {
            // By length first: most fields are told apart without looking at a letter.
            match header.name.len() {
                4 if header.name.eq_ignore_ascii_case("host") => {
                    let text = std::str::from_utf8(header.value).map_err(|_| BadHead::Host)?;
                    if fields.host.replace(text).is_some() || host::parse(text).is_none() {
                        return Err(BadHead::Host);
                    }
                }
                7 if header.name.eq_ignore_ascii_case("upgrade") => fields.upgrade = true,
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    lengths += 1;
                    fields.length = parse_length(header.value);
                    bad_length |= fields.length.is_none();
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    codings += 1;
                    fields.chunked |= header.value.eq_ignore_ascii_case(b"chunked");
                }
                _ => {}
            }
        }
        // Both at once is named first: it is the one that is an attack for certain.
        if lengths > 0 && codings > 0 {
            return Err(BadHead::TwoLengths);
        }
        if lengths > 1 || bad_length {
            return Err(BadHead::Length);
        }
        if codings > 1 || (codings == 1 && !fields.chunked) {
            return Err(BadHead::TransferCoding);
        }
        Ok(fields)
    }
}

/// `1*DIGIT` (RFC 9110 §8.6), without leading zeros, which some read as octal.
fn parse_length(value: &[u8]) -> Option<u64> {
    let plain = !value.is_empty()
        && value.len() <= 19
        && value.iter().all(u8::is_ascii_digit)
        && (value.len() == 1 || value[0] != b'0');
    let length = std::str::from_utf8(value).ok().filter(|_| plain)?.parse().ok()?;
    // Leaves room for sums.
    (length <= 1 << 60).then_some(length)
}

fn check_target(method: &str, target: &str, host: &str) -> Result<(), BadHead> {
    // What the URI parser would cut off or refuse later.
    let path = target.split('?').next().unwrap_or_default();
    if target.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b'#' | b'"' | b'<' | b'>')) || path.contains('`') {
        return Err(BadHead::Target);
    }
    if target.starts_with('/') || (target == "*" && method == "OPTIONS") {
        return Ok(());
    }
    let (scheme, rest) = target.split_once("://").ok_or(BadHead::Target)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(BadHead::Target);
    }
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    if !authority.eq_ignore_ascii_case(host) {
        return Err(BadHead::HostMismatch);
    }
    Ok(())
}
