//! What may be wrong with a request head, and how large it may be. HTTP/1 heads are judged as bytes by
//! [`crate::http1`], those of HTTP/2 by its frames and [`super::admit`].

use kernel::Problem;

use super::problems;

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

/// Whether the target has nothing that the URI parser would cut off or refuse later.
pub(crate) fn is_plain_target(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    target.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'"' | b'<' | b'>')) && !path.contains('`')
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
