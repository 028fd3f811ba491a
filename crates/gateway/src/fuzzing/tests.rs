//! The checks over bytes that are likely to matter. `make fuzz` goes on where this ends.

use proptest::prelude::*;

use super::{answers, forwarded, host, path, proxy_protocol, questions, requests, rewritten};

/// Streams out of these fragments, now and then with a byte of chance between two.
fn stream(fragments: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(fragments).prop_map(|text| text.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    (any::<[u8; 2]>(), prop::collection::vec(piece, 0..20)).prop_map(|(cuts, pieces)| {
        let mut all = cuts.to_vec();
        all.extend(pieces.concat());
        all
    })
}

const HEADS: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "POST /x?y=%20 HTTP/1.1\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "GET http://a/ HTTP/1.1\r\n",
    "Host: a\r\n",
    "\r\n",
    "Content-Length: 4\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: +4\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Upgrade: x\r\n",
    "Connection: close\r\n",
    "Connection: upgrade, x\r\n",
    "4\r\n",
    "abcd",
    "4;x=y\r\nabcd\r\n",
    "0\r\n",
    "0\r\nT: x\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "X: y\r\n",
    "X:\r\n",
    "X: \u{e9}\r\n",
    ":",
    "\0",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.0\r\n",
    "Expect: 100-continue\r\n",
];

const ANSWERS: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 304 \r\n",
    "HTTP/1.1 101 X\r\n",
    "Content-Length: 4\r\n",
    "Content-Length: 4, 4\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "X: y\r\n",
    "\r\n",
    "\n",
    "abcd",
    "4\r\nabcd\r\n",
    "4 \r\n",
    "0\r\n\r\n",
    "0\r\nT: x\r\n\r\n",
    " ",
    "\0",
];

const PATHS: &[&str] = &[
    "/", "//", "a", ".", "..", "%2e", "%2E", "%2f", "%5c", "\\", "%00", "%", "%c3%a9", "%c3", ";", "..;x", "~", "%7e",
    "%41", "*",
];

const HOSTS: &[&str] =
    &["a", "A", ".", "..", ":", "80", "65536", "[", "]", "::1", "@", "/", ",", "-", "_", "%41", "\u{e9}"];

const FORWARDED: &[&str] = &[
    "203.0.113.9",
    "10.0.0.1",
    "::ffff:10.0.0.1",
    "[2001:db8::1]:443",
    ",",
    " ",
    "\n",
    "https",
    "http",
    "unknown",
    "for=",
    "\"",
    ";",
];

const PROXIES: &[&str] = &[
    "PROXY ",
    "TCP4 ",
    "TCP6 ",
    "UNKNOWN",
    "203.0.113.9 ",
    "::1 ",
    "443 ",
    "443",
    "65536",
    "\r\n",
    "\r",
    "\n",
    " ",
    "0",
    "\r\n\r\n\0\r\nQUIT\n",
    "\u{21}",
    "\u{20}",
    "\u{11}",
    "\0",
    "\0\u{c}",
    "\u{7f}\0\0\u{1}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn connections_mean_the_same_however_they_are_cut(data in stream(HEADS)) {
        requests(&data);
    }
    #[test]
    fn what_is_let_in_goes_out_as_the_same_request(data in stream(HEADS)) {
        rewritten(&data[2..]);
        let whole = [b"GET /a HTTP/1.1\r\nHost: a\r\n".as_slice(), &data[2..], b"\r\n\r\n"].concat();
        rewritten(&whole);
    }
    #[test]
    fn answers_mean_the_same_however_they_are_cut(data in stream(ANSWERS)) {
        answers(&data);
    }
    #[test]
    fn paths_have_one_spelling(data in stream(PATHS)) {
        path(&data[2..]);
        path(&[b"/", &data[2..]].concat());
    }
    #[test]
    fn hosts_have_one_name(data in stream(HOSTS)) {
        host(&data[2..]);
    }
    #[test]
    fn strangers_say_nothing_about_where_they_come_from(data in stream(FORWARDED)) {
        forwarded(&data[2..]);
    }
    #[test]
    fn proxy_headers_end_in_one_place(data in stream(PROXIES)) {
        proxy_protocol(&data[2..]);
    }
    #[test]
    fn no_bytes_break_anything(data in prop::collection::vec(any::<u8>(), 0..200)) {
        for check in [requests, rewritten, answers, path, host, forwarded, proxy_protocol, questions] {
            check(&data);
        }
    }
}
