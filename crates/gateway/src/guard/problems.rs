//! How the guard refuses.

kernel::problems! {
    /// The request line or a field is not HTTP (RFC 9112 §3, §5).
    pub HEAD = 400 "request.head" "The request head is malformed" "Send a request line and header fields as in RFC 9112, each line ended by CR LF.";
    /// More than one way to tell where the body ends (RFC 9112 §6).
    pub FRAMING = 400 "request.framing" "The length of the body is ambiguous" "Send one Content-Length in decimal digits, or Transfer-Encoding: chunked, not both.";
    /// Missing, repeated or contradicting host (RFC 9112 §3.2).
    pub HOST = 400 "request.host" "The host is missing or ambiguous" "Send exactly one Host field that names the host of the request.";
    /// The path cannot be brought to one spelling.
    pub PATH = 400 "request.path" "The path is not acceptable" "Send an absolute path without encoded slashes, backslashes, control characters or broken escapes.";
    /// A body that breaks its own framing, or breaks off.
    pub BODY = 400 "request.body" "The body could not be read" "Send the whole body, as its length or chunks announce it.";
    /// A method the gate never forwards.
    pub METHOD = 501 "request.method" "The method is not supported" "CONNECT and TRACE are not available here.";
    /// Not HTTP/1.0, 1.1 or 2.
    pub VERSION = 505 "request.version" "The HTTP version is not supported" "Use HTTP/1.1 or HTTP/2.";
    /// The head is larger than `server.http.max_head` or has too many fields.
    pub HEAD_TOO_LARGE = 431 "request.head_too_large" "The request head is too large" "Send fewer or smaller header fields and cookies.";
    /// The target is longer than `server.http.max_target`.
    pub TARGET_TOO_LONG = 414 "request.target_too_long" "The request target is too long" "Send a shorter path or query.";
    /// The client paused for too long.
    pub TIMEOUT = 408 "request.timeout" "The request took too long to arrive" "Send the request without long pauses.";
}
