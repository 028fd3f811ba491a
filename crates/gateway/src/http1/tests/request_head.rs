use bytes::Bytes;

use crate::{
    fuzzing::LIMITS,
    guard::{
        self,
        BadHead::{self, *},
    },
    http1::HeadReader,
};

/// The verdict about one request that arrives whole.
fn verdict(head: &str) -> Option<BadHead> {
    match HeadReader::default().take(&mut Bytes::copy_from_slice(head.as_bytes()), &LIMITS) {
        Err(bad) => Some(bad),
        Ok(taken) => {
            assert!(taken.is_some(), "it is complete: {head:?}");
            None
        }
    }
}

#[test]
fn ordinary_requests_pass() {
    for head in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /?q=%7B|{}^` HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test:80/x HTTP/1.1\r\nHost: A.test:80\r\n\r\n",
        "GET https://a.test?x HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: caf\u{e9}\t!\r\n\r\n",
    ] {
        assert_eq!(verdict(head), None, "{head:?}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let with = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
    let table: &[(String, BadHead)] = &[
        // Two ways to find the end of the body.
        (with("Content-Length: 5\r\nTransfer-Encoding: chunked"), TwoLengths),
        (with("Transfer-Encoding: chunked\r\ncontent-length: 0"), TwoLengths),
        (with("Transfer-Encoding: identity\r\nContent-Length: 3"), TwoLengths),
        (with("Content-Length: 5\r\nContent-Length: 6"), Length),
        (with("Content-Length: 5\r\nContent-Length: 5"), Length),
        (with("Content-Length: 5, 5"), Length),
        (with("Content-Length: +5"), Length),
        (with("Content-Length: -5"), Length),
        (with("Content-Length: 0x5"), Length),
        (with("Content-Length: 05"), Length),
        (with("Content-Length: 5 5"), Length),
        (with("Content-Length: "), Length),
        (with("Content-Length: 5a"), Length),
        (with("Content-Length: 99999999999999999999"), Length),
        (with("Transfer-Encoding: gzip, chunked"), TransferCoding),
        (with("Transfer-Encoding: chunked, chunked"), TransferCoding),
        (with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), TransferCoding),
        (with("Transfer-Encoding: xchunked"), TransferCoding),
        (with("Transfer-Encoding: \"chunked\""), TransferCoding),
        (with("Transfer-Encoding:\u{b}chunked"), Field),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".into(), TransferCoding),
        // Lines that are not lines.
        (with("X: a\r\n folded"), Field),
        (with("X: a\r\n\tContent-Length: 5"), Field),
        (with("Content-Length : 5"), Field),
        (with(" X: a"), Field),
        (with("X: a\rY: b"), Field),
        (with("X: a\0b"), Field),
        (with("X\0: b"), Field),
        (with("X"), Field),
        (with(": x"), Field),
        (with("X: a\nY: b"), LineEnding),
        ("GET / HTTP/1.1\nHost: a\n\n".into(), LineEnding),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n".into(), LineEnding),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), RequestLine),
        ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), LineEnding),
        // Hosts.
        ("GET / HTTP/1.1\r\n\r\n".into(), Host),
        ("GET / HTTP/1.0\r\n\r\n".into(), Host),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".into(), Host),
        ("GET / HTTP/1.1\r\nHost: \r\n\r\n".into(), Host),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n".into(), Host),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(), Host),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n".into(), HostMismatch),
        ("GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n".into(), HostMismatch),
        // Request lines.
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n".into(), RequestLine),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".into(), Version),
        ("GET /\r\nHost: a\r\n\r\n".into(), RequestLine),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n".into(), RequestLine),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n".into(), Target),
        ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n".into(), Target),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n".into(), Target),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n".into(), Target),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(), Target),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".into(), Method),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".into(), Method),
        // Bounds.
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(256)), TargetTooLong),
        (format!("GET /{}", "x".repeat(5_000)), TargetTooLong),
        (with(&format!("X: {}", "x".repeat(1_024))), TooLarge),
        (with(&"X: y\r\n".repeat(20)[..118]), TooLarge),
    ];
    for (head, expected) in table {
        assert_eq!(verdict(head), Some(*expected), "{head:?}");
    }
}

#[test]
fn every_refusal_is_the_clients_to_mend() {
    for bad in [
        LineEnding,
        RequestLine,
        Field,
        Target,
        Version,
        Method,
        TwoLengths,
        Length,
        TransferCoding,
        Host,
        HostMismatch,
        TooLarge,
        TargetTooLong,
        Timeout,
    ] {
        let problem = bad.problem();
        assert!(matches!(problem.status(), 400..=499 | 501 | 505), "{bad:?}");
        assert!(guard::PROBLEMS.contains(&problem.kind), "{bad:?} is in the catalogue");
    }
}
